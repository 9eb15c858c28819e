"""Mirrors experiments/steps/rank_scores.py: chance against all orders of a small gallery, the files by hand."""

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from datamodules.retrieval_tasks import RetrievalTask
from experiments.steps.rank_scores import (
    STATISTICS,
    Metrics,
    Ranked,
    by_chance,
    joint,
    metrics_of,
    summed_up,
    write_ranks,
)

SIZE = 6
TRUE = [[0], [1, 4], [0, 2, 5], [1, 2, 3, 4]]  # true items of four queries


def task(name: str = "image_user", true: list[list[int]] = TRUE, size: int = SIZE) -> RetrievalTask:
    offsets = np.cumsum([0, *map(len, true)])
    return RetrievalTask(name, np.arange(len(true)), np.concatenate([*true, []]).astype(np.int64), offsets, size)


def test_chance_is_the_mean_over_all_orders_of_the_gallery() -> None:
    orders = np.array(list(permutations(range(1, SIZE + 1))))  # (720, 6) ranks by item
    ranks = [orders[:, items] for items in TRUE]
    found = by_chance(task())
    for query, own in enumerate(ranks):
        assert found.median[query] == pytest.approx(np.median(own, axis=1).mean())
        assert found.best[query] == pytest.approx(own.min(1).mean())
    for depth in (1, 5, 10):
        share = np.mean([(own.min(1) <= depth).mean() for own in ranks])
        assert found.statistics[f"recall@{depth}"] == pytest.approx(share), depth
    assert found.statistics["mean_median_rank"] == 3.5


def test_the_joint_score_adds_ranks_as_shares_of_their_galleries() -> None:
    def of(rank: float | None, size: int) -> Metrics:
        return {"mean_median_rank": rank, "gallery": size}

    # Section 4.6: the printed ranks of the best model and of Bridging-Modality
    assert joint([of(551, 39808), of(127, 5000), of(785, 39808)]) == pytest.approx(0.059, abs=5e-4)
    assert joint([of(372, 39808), of(238, 5000), of(2083, 39808)]) == pytest.approx(0.109, abs=5e-4)
    assert joint([of(551, 39808), of(None, 5000)]) is None


def test_the_gain_is_0_by_chance_and_1_less_the_share_of_chances_rank() -> None:
    asked = [task(), task("text_user", [[0]], 9)]
    found = summed_up({each.name: metrics_of(each, by_chance(each)) for each in asked})
    assert found["test"] == pytest.approx({"image_user": 3.5, "text_user": 5.0, "joint": 3.5 / 6 + 5 / 9})
    assert found["gain"] == pytest.approx({"image_user": 0, "text_user": 0, "joint": 0})


def test_what_does_not_apply_is_null_but_has_its_size_and_chance() -> None:
    found = metrics_of(task(), None)
    assert [found[name] for name in STATISTICS] == [None] * 6
    assert (found["queries"], found["gallery"], found["pairs"], found["chance"]) == (4, 6, 10, 3.5)
    assert found["chance_recall@1"] == pytest.approx(10 / 24)
    nothing = metrics_of(task(true=[]), None)
    assert (nothing["queries"], nothing["chance_recall@1"]) == (0, None)


def test_the_files_have_each_task_as_a_part_and_all_of_them_as_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    statistics: Metrics = dict.fromkeys(STATISTICS, 2.0)
    ranked = Ranked(statistics, np.array([1.0, 2, 2, 3]), np.array([1.0, 1, 1, 1]))
    asked = [task(), task("text_user", [[0]])]
    write_ranks(tmp_path, asked, {"image_user": ranked}, ["a", "b", "c", "ö"], {"kind": "ranks"})
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["test"] == {"image_user": 2.0, "text_user": None, "joint": None}
    assert metrics["gain"] == {"image_user": 1 - 2 / 3.5, "text_user": None, "joint": None}
    assert metrics["image_user"]["mean_median_rank"] == 2.0
    rows = pq.read_table(tmp_path / "predictions.parquet").to_pylist()
    assert [row["id"] for row in rows] == ["a", "b", "c", "ö"]
    assert rows[2] == {"part": "image_user", "id": "c", "median_rank": 2.0, "best_rank": 1.0, "true": 3}
    assert json.loads((tmp_path / "dataset.json").read_text()) == {"kind": "ranks"}
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "image_user: 4 queries, 6 items, mean median rank 2.0, median rank 2.0, by chance 3.5"
    assert lines[1] == "text_user: 1 queries, 6 items, n/a"
