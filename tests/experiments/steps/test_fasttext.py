"""Mirrors experiments/steps/fasttext.py."""

import json
from typing import Any

import numpy as np
import pytest

from experiments.stage import job_of
from experiments.steps.fasttext import classify


def test_the_best_pair_of_settings_on_validation_posts_is_kept(late: Any) -> None:
    fit = json.loads((late.folder("fasttext") / "fit.json").read_text())
    assert fit["epochs"] == 5
    assert fit["lr"] in (0.1, 0.5)
    assert fit["accuracy"] == pytest.approx(late.scores("fasttext")["validation"]["accuracy"])


def test_a_post_without_text_gets_the_shares_of_the_training_classes(late: Any) -> None:
    folder = late.folder("fasttext")
    job = job_of(folder, json.loads((folder / "stage.json").read_text()))
    found = classify(job, "test", {"none": {"text": 1.0}, "all": {}})
    assert not found["none"].applies
    assert found["all"].applies
    shares = found["none"].probabilities
    assert np.ptp(shares, axis=0).max() == 0
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-5)
    known = [late.predictions("fasttext")[post]["probabilities"] for post in found["all"].ids]
    np.testing.assert_allclose(found["all"].probabilities, known, rtol=1e-6)
