"""Stages that train word embeddings, and choose among candidates (Pins, section 5.1)."""

import json
import math
from pathlib import Path

from datamodules.pins import PinsData
from datamodules.sentences.corpus import SPECIAL
from datamodules.triplets import read_triplets
from encoders.atomic import replacing, write_json
from encoders.embeddings import Embeddings
from experiments.checkpoints import load_weights
from experiments.cli import ExperimentCLI
from experiments.stage import Job
from experiments.steps.scoring import judge
from experiments.steps.train import build, keep_best, link
from experiments.wiring import filled


def embed(job: Job) -> None:
    """Train on next words; leaves `best.ckpt` and the table of words as `words.parquet` and `vectors.npy`."""
    cli = build(job)
    _refuse_other_pictures(cli)
    keep_best(job, cli)
    if cli.trainer.is_global_zero:
        embeddings_of(cli).save(job.folder)


def _refuse_other_pictures(cli: ExperimentCLI) -> None:
    """Bits of another width than the model's, or none for a model that asks for them; ValueError says what to use."""
    there, asked = cli.datamodule.picture_size, cli.model.hparams["picture_size"]
    if cli.model.visual is not None and there != asked:
        if there is None:
            raise ValueError("model.visual asks for pictures: give data.pictures, or --model.visual=null for text only")
        raise ValueError(f"pictures have {there:,} bits, the model expects {asked:,}: use --model.picture_size={there}")


def embeddings_of(cli: ExperimentCLI) -> Embeddings:
    """The model's table as it is, without the words that stand for no word."""
    data: PinsData = cli.datamodule
    words = data.corpus.words
    kept = [row for row, word in enumerate(words) if word not in SPECIAL]
    return Embeddings([words[row] for row in kept], cli.model.table.weight.detach().float().cpu().numpy()[kept])


def choose(job: Job) -> None:
    """Of candidates that differ in lambda, keep the one that knows most triplets of held-out descriptions.

    Leaves its embeddings and checkpoint, and `choice.json` with the accuracy of each.
    """
    settings = filled(job.settings, job.folders)
    triplets, scores = read_triplets(Path(settings["triplets"])), dict[str, float]()
    for weight, folder in settings["candidates"].items():
        judged = judge(Embeddings.load(Path(folder)), triplets, settings["separator"])
        scores[weight] = float(judged.right.mean())
        print(f"lambda {weight}: {scores[weight]:.4f} of {triplets.size:,} held-out triplets", flush=True)
    chosen = max(scores, key=scores.__getitem__)  # of equals the first
    for name in ("words.parquet", "vectors.npy", "best.ckpt"):
        with replacing(job.folder / name) as part:
            link(Path(settings["candidates"][chosen]) / name, part)
    write_json(job.folder / "choice.json", {"weight": float(chosen), "accuracy": scores})
    print(f"lambda {chosen} is taken")


def measure_checkpoint(job: Job, action: str, checkpoint: Path) -> None:
    """`validate` or `test` of the command line: nats a word by the exact soft-max, and perplexity.

    Raises:
        ValueError: `predict`, which these models have no use for.
    """
    if action == "predict":
        raise ValueError("word embeddings predict nothing; `python -m experiments.embeddings FOLDER` exports them")
    job.folder.mkdir(parents=True, exist_ok=True)
    cli = build(job)
    load_weights(cli.model, checkpoint)
    data: PinsData = cli.datamodule
    loader = data.val_dataloader() if action == "validate" else data.test_dataloader()
    (found,) = cli.trainer.validate(cli.model, loader, verbose=False)
    if cli.trainer.is_global_zero:
        print(json.dumps({"nll": found["val/nll"], "perplexity": math.exp(found["val/nll"])}, indent=1))
