"""Mirrors lightning_modules/metrics.py."""

import pytest
import torch
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from encoders.batches import UNLABELLED
from lightning_modules.metrics import Average, classification_metrics


@pytest.mark.parametrize(("average", "classes"), [("weighted", 4), ("macro", 4), ("binary", 2)])
def test_metrics_are_scikit_learns_over_uneven_batches(average: Average, classes: int) -> None:
    torch.manual_seed(0)
    predicted, label = torch.randint(classes, (50,)), torch.randint(classes, (50,))
    metrics = classification_metrics(classes, average, "val/")
    for share in (slice(0, 7), slice(7, 8), slice(8, 50)):
        metrics.update(predicted[share], label[share])
    precision, recall, f1, _ = precision_recall_fscore_support(label, predicted, average=average, zero_division=0)
    expected = {"accuracy": accuracy_score(label, predicted), "precision": precision, "recall": recall, "f1": f1}
    got = {name: value.item() for name, value in metrics.compute().items()}
    assert got == pytest.approx({f"val/{name}": value for name, value in expected.items()}, abs=1e-6)


@pytest.mark.parametrize(("average", "classes"), [("weighted", 3), ("binary", 2)])
def test_posts_without_label_are_not_scored(average: Average, classes: int) -> None:
    predicted = torch.tensor([0, 1, 1, 0])
    label = torch.tensor([UNLABELLED, 1, 0, UNLABELLED])
    all_posts, scored = (classification_metrics(classes, average, "") for _ in range(2))
    all_posts.update(predicted, label)
    scored.update(predicted[1:3], label[1:3])
    assert all_posts.compute() == scored.compute()


def test_binary_needs_two_classes() -> None:
    with pytest.raises(ValueError, match="4"):
        classification_metrics(4, "binary", "val/")
