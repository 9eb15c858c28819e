"""How metrics, their spread over seeds and p values are printed."""

from collections.abc import Sequence
from math import isnan
from statistics import fmean, stdev

from experiments.tables import LOWER_IS_BETTER, Metric

NAMES = {
    "accuracy": "Acc",
    "precision": "Pre",
    "recall": "Rec",
    "f1": "F1",
    "macro_f1": "F-Macro",
    "micro_f1": "F-Micro",
    "text_user": "Text-User",
    "image_text": "Image-Text",
    "image_user": "Image-User",
    "text_image": "Text-Image",
    "joint": "Joint",
    "recall@1": "R@1",
    "recall@5": "R@5",
    "recall@10": "R@10",
    "median_best_rank": "Median rank",
    "ami": "AMI of clusters",
    "early": "Steps left at the level",
}


def decimals(metric: Metric) -> int:
    """Of a metric as it is printed."""
    return 4 if metric == "joint" else 1 if metric in LOWER_IS_BETTER else 2


def p_text(p: float) -> str:
    """A p value as it is printed: four decimals, or '<0.001'."""
    return "–" if isnan(p) else "<0.001" if p < 0.001 else f"{p:.4f}"


def spread(values: Sequence[float], decimals: int = 2) -> str:
    """Mean ± standard deviation; "n/a" where one of them does not apply."""
    if not values or any(map(isnan, values)):
        return "n/a" if values else "–"
    return f"{fmean(values):.{decimals}f}" + (f" ± {stdev(values):.{decimals}f}" if len(values) > 1 else "")
