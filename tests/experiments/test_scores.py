"""Mirrors experiments/scores.py."""

import numpy as np
import pytest
import torch
from sklearn import metrics

from experiments.scores import confusion, score
from lightning_modules.metrics import classification_metrics

FUNCTIONS = {"precision": metrics.precision_score, "recall": metrics.recall_score, "f1": metrics.f1_score}


@pytest.mark.parametrize("metric", ["precision", "recall", "f1"])
@pytest.mark.parametrize("averaging", ["weighted", "macro"])
def test_scores_are_those_of_scikit_learn(metric: str, averaging: str) -> None:
    random = np.random.default_rng(0)
    gold, predicted = random.integers(0, 4, 200), random.integers(0, 3, 200)  # class 3 is never predicted
    expected = FUNCTIONS[metric](gold, predicted, average=averaging, zero_division=0)
    assert score(confusion(gold, predicted, 4), metric, averaging) == pytest.approx(expected)


def test_macro_and_micro_f1_do_not_depend_on_the_averaging_and_micro_f1_is_accuracy() -> None:
    random = np.random.default_rng(3)
    gold, predicted = random.integers(0, 4, 200), random.integers(0, 4, 200)
    counts = confusion(gold, predicted, 4)
    for name in ("macro", "micro"):
        expected = metrics.f1_score(gold, predicted, average=name)
        assert score(counts, f"{name}_f1", "weighted") == pytest.approx(expected)
    assert score(counts, "micro_f1", "macro") == pytest.approx(metrics.accuracy_score(gold, predicted))


def test_binary_scores_class_1_alone() -> None:
    gold, predicted = [1, 1, 1, 0, 0], [1, 1, 0, 1, 0]
    counts = confusion(gold, predicted, 2)
    assert score(counts, "precision", "binary") == pytest.approx(2 / 3)
    assert score(counts, "accuracy", "binary") == pytest.approx(3 / 5)


@pytest.mark.parametrize(("averaging", "classes"), [("weighted", 3), ("macro", 3), ("binary", 2)])
def test_scores_are_those_that_the_stages_write(averaging: str, classes: int) -> None:
    random = np.random.default_rng(2)
    gold, predicted = random.integers(0, classes, 60), random.integers(0, classes, 60)
    gold[:3] = -100
    written = classification_metrics(classes, averaging, "")
    written.update(torch.from_numpy(predicted), torch.from_numpy(gold))
    for name, value in written.compute().items():
        assert score(confusion(gold, predicted, classes), name, averaging) == pytest.approx(float(value), abs=1e-6)


def test_many_counts_are_scored_at_once() -> None:
    counts = np.random.default_rng(1).integers(0, 9, (5, 2, 3, 3)).astype(float)
    at_once = score(counts, "f1", "macro")
    assert at_once.shape == (5, 2)
    assert at_once[3, 1] == pytest.approx(score(counts[3, 1], "f1", "macro"))
