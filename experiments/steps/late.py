"""Stage of late fusion: the product of separately trained classifiers (Emotion, Eq. 2). Imports no torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datamodules.benchmark import Benchmark
from datamodules.missing import Missing, lost
from experiments.stage import Job
from experiments.steps.evaluation import PARTS, Predicted, Scored, read_predicted, views, write_results
from experiments.wiring import filled


def late(job: Job) -> None:
    """Multiply what the modalities' classifiers say, under the roles of their modalities; metrics and predictions."""
    settings = filled(job.settings, job.folders)
    found: dict[str, Predicted] = {part: classify(job, part, {part: {}})[part] for part in PARTS}
    found |= classify(job, "test", views("test", settings["modalities"]))
    write_results(job.folder, found, settings["average"], Path(settings["benchmark"]), settings["task"])


def classify(job: Job, part: Scored, asked: Mapping[str, Missing]) -> dict[str, Predicted]:
    """Eq. 2 for each named choice of modalities taken away."""
    settings = filled(job.settings, job.folders)
    modalities = settings["modalities"]
    single = [read_predicted(job.inputs[name], part, [name]) for name in modalities]
    shares = Benchmark(settings["benchmark"], settings["task"], settings["protocol"]).shares()  # (C,)
    gone = {name: lost(single[0].ids, modalities, missing, settings["seed"]) for name, missing in asked.items()}
    return {name: _product(single, taken, shares) for name, taken in gone.items()}


def _product(single: Sequence[Predicted], gone: NDArray[np.bool_], shares: NDArray[np.float32]) -> Predicted:
    """Eq. 2 over the modalities that a post has; where it has none, the shares of the training classes."""
    present = np.concatenate([found.present for found in single], axis=1) & ~gone  # (P, M)
    logs = np.stack([np.log(np.maximum(found.probabilities, 1e-12)) for found in single], axis=1)  # (P, M, C)
    product = np.exp((logs * present[:, :, None]).sum(1))  # (P, C)
    product = np.where(present.any(1, keepdims=True), product / product.sum(1, keepdims=True), shares)
    modalities = [name for found in single for name in found.modalities]
    return Predicted(single[0].ids, single[0].gold, product.astype(np.float32), modalities, present)
