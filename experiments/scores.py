"""Accuracy, precision, recall and F1 from counts of (gold, predicted), for any number of counts at once.

The bootstrap scores thousands of resampled test sets; torchmetrics takes one at a time.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.tables import Averaging, Metric

Floats = NDArray[np.float64]


def confusion(gold: ArrayLike, predicted: ArrayLike, num_classes: int) -> Floats:
    """Counts (C, C), rows gold, columns predicted; posts without a gold class (below 0) are left out."""
    gold, predicted = np.asarray(gold), np.asarray(predicted)
    cell = (gold * num_classes + predicted)[gold >= 0]
    return np.bincount(cell, minlength=num_classes**2).reshape(num_classes, num_classes).astype(float)


def score(counts: Floats, metric: Metric, averaging: Averaging) -> Floats:
    """Score counts (..., C, C), rows gold, columns predicted; returns (...) in [0, 1].

    A class that nobody predicted has precision 0, one that never occurs recall 0, and macro means skip a class that is
    in neither (as torchmetrics does). Macro and micro F1 don't depend on the averaging; micro F1 is accuracy, since a
    post has one class and gets one.
    """
    hits, golds, guesses = np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(-1), counts.sum(-2)  # (..., C)
    if metric == "accuracy":
        return _ratio(hits.sum(-1), golds.sum(-1))
    if metric == "micro_f1":
        return _ratio(2 * hits.sum(-1), golds.sum(-1) + guesses.sum(-1))
    if metric == "macro_f1":
        return score(counts, "f1", "macro")
    parts = {"precision": (hits, guesses), "recall": (hits, golds), "f1": (2 * hits, golds + guesses)}
    per_class = _ratio(*parts[metric])  # (..., C)
    if averaging == "binary":
        return per_class[..., 1]
    weight = golds if averaging == "weighted" else (golds + guesses > 0).astype(float)
    return _ratio((per_class * weight).sum(-1), weight.sum(-1))


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros(np.shape(part)), where=whole > 0)
