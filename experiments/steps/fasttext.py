"""Stage of the text baseline: fastText's own classifier (Emotion, section 5.3). Imports no torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import floret  # fastText by a well-kept fork; the package of that name clashes with the language filter's
import numpy as np
from numpy.typing import NDArray

from datamodules.benchmark import Benchmark
from datamodules.missing import Missing, lost
from encoders.atomic import replacing, write_json, write_text
from encoders.vocabulary import words_of
from experiments.stage import Job
from experiments.steps.evaluation import PARTS, Predicted, Scored, write_results
from experiments.wiring import filled

LABEL = "__label__"


def fasttext(job: Job) -> None:
    """Train on the training texts, choose on the validation ones; leaves `model.bin`, metrics and predictions."""
    settings = filled(job.settings, job.folders)
    write_json(job.folder / "fit.json", _best(job.folder, _benchmark(settings), settings))
    found: dict[str, Predicted] = {part: classify(job, part, {part: {}})[part] for part in PARTS}
    write_results(job.folder, found, settings["average"], Path(settings["benchmark"]), settings["task"])


def classify(job: Job, part: Scored, asked: Mapping[str, Missing]) -> dict[str, Predicted]:
    """What the finished classifier says of a part, for each named choice of modalities taken away.

    A post without text gets the shares of the training classes.
    """
    settings = filled(job.settings, job.folders)
    posts = _benchmark(settings)
    ids = posts.ids(part)
    texts = posts.posts.texts(ids)
    has = np.array([bool(words_of(text)) for text in texts])[:, None]  # (P, 1)
    said = _probabilities(floret.load_model(str(job.folder / "model.bin")), texts, len(posts.classes))  # (P, C)
    gold, shares = posts.gold(ids), posts.shares()  # (P,), (C,)
    found = {}
    for name, missing in asked.items():
        present = has & ~lost(ids, ("text",), missing, settings["seed"])  # (P, 1)
        found[name] = Predicted(ids, gold, np.where(present, said, shares), ("text",), present)
    return found


def _benchmark(settings: dict[str, Any]) -> Benchmark:
    return Benchmark(settings["benchmark"], settings["task"], settings["protocol"])


def _best(folder: Path, posts: Benchmark, settings: dict[str, Any]) -> dict[str, Any]:
    """Train every pair of settings; keep the first of the most accurate on validation posts."""
    _write_training(folder / "training.txt", posts)
    ids = posts.ids("validation")
    texts, gold = posts.posts.texts(ids), posts.gold(ids)
    best: dict[str, Any] = {"accuracy": -1.0}
    for lr in settings["lr"]:
        for epochs in settings["epochs"]:
            model = floret.train_supervised(
                str(folder / "training.txt"),
                lr=lr,
                epoch=epochs,
                dim=settings["size"],
                wordNgrams=settings["ngrams"],
                thread=1,  # more would make the result depend on chance
                seed=settings["seed"],
                verbose=0,
            )
            accuracy = float((_probabilities(model, texts, len(posts.classes)).argmax(1) == gold)[gold >= 0].mean())
            print(f"lr {lr:g}, {epochs} epochs: validation accuracy {accuracy:.4f}", flush=True)
            if accuracy > best["accuracy"]:
                best = {"lr": lr, "epochs": epochs, "accuracy": accuracy}
                with replacing(folder / "model.bin") as path:
                    model.save_model(str(path))
    return best


def _write_training(path: Path, posts: Benchmark) -> None:
    ids = posts.ids("train")
    labelled = zip(map(words_of, posts.posts.texts(ids)), posts.gold(ids).tolist(), strict=True)
    lines = [f"{LABEL}{label} {' '.join(words)}\n" for words, label in labelled if words]
    if not lines:
        raise ValueError(f"{posts.folder}: no training post has both a text and a label of task {posts.task!r}")
    write_text(path, "".join(lines))


def _probabilities(model: Any, texts: list[str], classes: int) -> NDArray[np.float32]:
    """(P, C); fastText's own numbers, which add up to a little more than 1."""
    table = np.zeros((len(texts), classes), dtype=np.float32)
    for row, text in enumerate(texts):
        # what `model.predict` calls; around it that makes arrays in a way that numpy 2 refuses
        for value, label in model.f.predict(" ".join(words_of(text)) + "\n", classes, 0.0, "strict"):
            table[row, int(label.removeprefix(LABEL))] = value
    return table / table.sum(1, keepdims=True)
