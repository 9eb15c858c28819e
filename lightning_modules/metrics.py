"""Metrics of a classifier, by the names that tables and checkpoints ask for."""

from typing import Literal

from torchmetrics import MetricCollection
from torchmetrics.classification import (
    BinaryAccuracy,
    BinaryF1Score,
    BinaryPrecision,
    BinaryRecall,
    MulticlassAccuracy,
    MulticlassF1Score,
    MulticlassPrecision,
    MulticlassRecall,
)

from encoders.batches import UNLABELLED

Average = Literal["weighted", "macro", "binary"]


def classification_metrics(num_classes: int, average: Average, prefix: str) -> MetricCollection:
    """Return accuracy, precision, recall and F1, all in [0, 1], on predicted classes (B,) and labels (B,).

    Posts labelled `UNLABELLED` are left out. Accuracy is the share of right posts whatever the average; the others are
    means over classes, equal (`macro`) or by support (`weighted`), or those of class 1 (`binary`, two classes only).

    Raises:
        ValueError: `binary` with other than two classes.
    """
    if average == "binary":
        if num_classes != 2:
            raise ValueError(f"average=binary is for 2 classes, the data has {num_classes}; use weighted or macro")
        return MetricCollection(
            {
                "accuracy": BinaryAccuracy(ignore_index=UNLABELLED),
                "precision": BinaryPrecision(ignore_index=UNLABELLED),
                "recall": BinaryRecall(ignore_index=UNLABELLED),
                "f1": BinaryF1Score(ignore_index=UNLABELLED),
            },
            prefix=prefix,
        )
    return MetricCollection(
        {
            "accuracy": MulticlassAccuracy(num_classes, average="micro", ignore_index=UNLABELLED),
            "precision": MulticlassPrecision(num_classes, average=average, ignore_index=UNLABELLED),
            "recall": MulticlassRecall(num_classes, average=average, ignore_index=UNLABELLED),
            "f1": MulticlassF1Score(num_classes, average=average, ignore_index=UNLABELLED),
        },
        prefix=prefix,
    )
