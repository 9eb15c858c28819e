"""Stage of late fusion: the product of separately trained classifiers (Emotion, Eq. 2). Imports no torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datamodules.missing import Missing, lost
from experiments.stage import Job
from experiments.steps.evaluation import Predicted, Scored, read_predicted, views, write_results
from experiments.wiring import filled

PARTS: tuple[Scored, ...] = ("validation", "test")


def late(job: Job) -> None:
    """Multiply what the modalities' classifiers say, under the roles of their modalities; metrics and predictions."""
    settings = filled(job.settings, job.folders)
    found: dict[str, Predicted] = {part: classify(job, part, {part: {}})[part] for part in PARTS}
    found |= classify(job, "test", views("test", settings["modalities"]))
    write_results(job.folder, found, settings["average"], Path(settings["benchmark"]), settings["task"])


def classify(job: Job, part: Scored, asked: Mapping[str, Missing]) -> dict[str, Predicted]:
    """Eq. 2 for each named choice of modalities taken away."""
    modalities, seed = job.settings["modalities"], job.settings["seed"]
    single = [read_predicted(job.inputs[name], part, [name]) for name in modalities]
    return {name: _product(single, lost(single[0].ids, modalities, missing, seed)) for name, missing in asked.items()}


def _product(single: Sequence[Predicted], gone: NDArray[np.bool_]) -> Predicted:
    """Eq. 2 over the modalities that a post has; where it has none, over all classifiers."""
    present = np.concatenate([found.present for found in single], axis=1) & ~gone  # (P, M)
    counted = present | ~present.any(1, keepdims=True)
    logs = np.stack([np.log(np.maximum(found.probabilities, 1e-12)) for found in single], axis=1)  # (P, M, C)
    product = np.exp((logs * counted[:, :, None]).sum(1))  # (P, C)
    probabilities = (product / product.sum(1, keepdims=True)).astype(np.float32)
    modalities = [name for found in single for name in found.modalities]
    return Predicted(single[0].ids, single[0].gold, probabilities, modalities, present)
