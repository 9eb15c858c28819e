"""`python -m experiments.missing FOLDER...`: any trained classifier on posts that lack a modality."""

import json
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from datamodules.missing import only
from experiments.arguments import Arguments, plain_errors
from experiments.documents import Block, Document, deliver
from experiments.results import read_facts
from experiments.stage import job_of

RATES = (0.25, 0.5, 0.75)
COLUMNS = {"accuracy": "Acc", "macro_f1": "F-Macro", "micro_f1": "F-Micro"}


def main(argv: Sequence[str] | None = None) -> int:
    """Evaluate finished classifiers with all modalities, each one alone, and each one missing at some rates.

    Returns the exit status; 2 where a folder is no finished classifier's.
    """
    parser = Arguments("missing", "Evaluate finished classifiers, of any experiment, on posts that lack a modality.")
    parser.add_argument(
        "folders", nargs="+", type=Path, help="folders of finished stages: teacher, student, classifier, ..."
    )
    parser.add_argument("--rates", nargs="+", type=_share, default=list(RATES), help="shares of posts that lose it")
    parser.add_argument("--part", choices=["test", "validation"], default="test")
    parser.add_argument("--format", choices=["markdown", "latex", "html"], default="markdown")
    parser.add_argument("--out", type=Path, help="write to this file instead of printing")
    options, settings = parser.parse(argv)
    if settings:
        parser.error(f"unknown argument {settings[0]}: this evaluates stages as they were trained")
    with plain_errors():
        blocks = [_block(folder, options.part, options.rates) for folder in options.folders]
    intro = (
        f"On {options.part} posts, in percent. Who loses a modality is drawn from (seed of the stage, modality, post); "
        "at a higher rate the same posts lose it, and more. n/a: no post has what the classifier reads. Comments that "
        "were retrieved for the whole post stay."
    )
    deliver(Document("With a modality missing", [intro], blocks), options.format, options.out)
    return 0


def conditions(modalities: Sequence[str], rates: Sequence[float]) -> dict[str, dict[str, float]]:
    """Name -> what is missing: nothing, all but one modality, and each modality at each rate."""
    asked: dict[str, dict[str, float]] = {"all modalities": {}}
    if len(modalities) > 1:
        asked |= {f"{name} only": only(name, modalities) for name in modalities}
    return asked | {f"{name} missing in {100 * rate:g} %": {name: rate} for name in modalities for rate in rates}


def _block(folder: Path, part: str, rates: Sequence[float]) -> Block:
    from experiments.steps.evaluation import Predicted, measure

    path = folder / "stage.json"
    if not path.is_file() or not (folder / "metrics.json").is_file():
        raise FileNotFoundError(f"{path}: no finished classifier's folder; `experiments.run` prints where a run's lies")
    plan, facts = json.loads(path.read_text("utf-8")), read_facts(folder)
    if facts.kind != "posts":
        ranks = "; a query of ranks has one, and a space is trained without some by --model.pairs"
        reason = f"was scored on {facts.kind}, only classifiers of posts have modalities to take away"
        raise ValueError(f"{folder}: {reason}{ranks * (facts.kind == 'ranks')}")
    module: Any = import_module(plan["function"].split(":")[0])
    job = job_of(folder, plan)
    found: Mapping[str, Predicted] = module.classify(job, part, conditions(facts.modalities, rates))
    lines = []
    for name, answers in found.items():
        scores = {metric: measure(answers, facts.averaging)[metric] for metric in COLUMNS}
        shown = ["n/a" if value is None else f"{100 * value:.2f}" for value in scores.values()]
        lines.append([folder.name, name, *shown, str(int(answers.present.any(1).sum()))])
    header = ["Classifier", "Given", *COLUMNS.values(), "Posts with something"]
    zero = "An absent modality is a zero vector to Concatenation (not in the paper)."
    notes = [zero] * ("Concatenation" in described(plan) and len(facts.modalities) > 1)
    return Block(f"{described(plan)}: {folder.name}, {facts.label}", header, lines, notes)


def described(plan: Mapping[str, Any]) -> str:
    """What a stage trains, in words: its name, or the classes of the model and of what it is made of."""
    if "model" not in plan["settings"]:
        return str(plan["name"])
    model = plan["settings"]["model"]
    parts = [model["init_args"].get(name) for name in ("base", "fusion", "auxiliary")]
    paths = [model["class_path"], *(part["class_path"] for part in parts if part)]
    modalities = plan["settings"]["data"]["init_args"].get("modalities") or []
    return " + ".join(path.rsplit(".", 1)[-1] for path in paths) + f" ({', '.join(modalities)})" * bool(modalities)


def _share(word: str) -> float:
    share = float(word)
    if not 0 <= share <= 1:
        raise ValueError(f"{word} is no share in [0, 1]")
    return share


if __name__ == "__main__":
    sys.exit(main())
