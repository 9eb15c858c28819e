"""Mirrors experiments/steps/learning.py."""

from pathlib import Path

import pytest

from experiments.steps.learning import learning_speed


def log(folder: Path, *values: tuple[int, float | None]) -> Path:
    rows = [f"{step},{'' if value is None else value}" for step, value in values]
    (folder / "metrics.csv").write_text("\n".join(["step,val/joint", *rows]) + "\n")
    return folder / "metrics.csv"


def test_a_level_is_reached_where_the_line_between_two_validations_crosses_it(tmp_path: Path) -> None:
    found = learning_speed(log(tmp_path, (10, 1.4), (10, None), (20, 1.0), (30, 0.8), (40, 0.9)), "val/joint", 1.1)
    assert found == {"steps": pytest.approx(17.5), "early": pytest.approx(1 - 17.5 / 40), "level": 1.1}


def test_the_first_validation_may_be_there_already_and_the_last_may_not(tmp_path: Path) -> None:
    values = log(tmp_path, (10, 1.0), (20, 0.8))
    assert learning_speed(values, "val/joint", 1.2)["steps"] == 10
    assert learning_speed(values, "val/joint", 0.5) == {"steps": None, "early": 0.0, "level": 0.5}


def test_an_epoch_that_was_measured_again_after_a_kill_counts_once(tmp_path: Path) -> None:
    found = learning_speed(log(tmp_path, (10, 1.4), (20, 1.2), (10, 1.4), (20, 1.0), (30, 0.6)), "val/joint", 0.8)
    assert found["steps"] == pytest.approx(25)


def test_a_log_without_validations_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"metrics\.csv: no values of val/joint"):
        learning_speed(log(tmp_path, (10, None)), "val/joint", 1.0)
