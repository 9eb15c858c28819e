"""Mirrors lightning_modules/rank_metrics.py."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, distributed, multiprocessing

from lightning_modules.rank_metrics import RankMetrics

nan = math.nan
RANKS = torch.tensor([[4.0, 1.0, 10.0], [2.0, nan, 8.0], [nan, 30.0, nan], [nan, 6.5, 6.5]])


def computed(*parts: Tensor) -> dict[str, float]:
    metric = RankMetrics()
    for part in parts:
        metric.update(part)
    return {name: value.item() for name, value in metric.compute().items()}


def test_the_six_by_hand() -> None:
    """Medians 4, 5, 30, 6.5; best 1, 2, 30, 6.5."""
    assert computed(RANKS[:1], RANKS[1:]) == {
        "mean_median_rank": (4 + 5 + 30 + 6.5) / 4,
        "median_rank": (5 + 6.5) / 2,
        "median_best_rank": (2 + 6.5) / 2,
        "recall@1": 1 / 4,
        "recall@5": 2 / 4,
        "recall@10": 3 / 4,
    }


def test_medians_are_numpys() -> None:
    generator = np.random.default_rng(0)
    ranks = generator.integers(1, 200, (51, 9)).astype(float)
    ranks[:, 1:][generator.random((51, 8)) < 0.5] = np.nan
    found = computed(torch.from_numpy(ranks))
    assert found["mean_median_rank"] == pytest.approx(np.nanmedian(ranks, axis=1).mean(), rel=1e-12)
    assert found["median_rank"] == np.median(np.nanmedian(ranks, axis=1))
    assert found["median_best_rank"] == np.median(np.nanmin(ranks, axis=1))


def test_with_one_true_item_a_query_the_papers_metric_is_the_mean_rank() -> None:
    found = computed(torch.tensor([[1.0], [2.0], [900.0]]))
    assert (found["mean_median_rank"], found["median_rank"]) == (301, 2)


@pytest.mark.filterwarnings("ignore:The ``compute`` method")
def test_of_no_query_all_are_nan() -> None:
    assert all(map(math.isnan, computed().values()))
    assert all(map(math.isnan, computed(torch.zeros(0, 3)).values()))


def test_a_query_without_true_items_is_refused() -> None:
    with pytest.raises(ValueError, match=r"query 1 of 2 has no true item"):
        RankMetrics().update(torch.tensor([[1.0, nan], [nan, nan]]))


@pytest.mark.parametrize("first", [0, 1, 3, 4])
def test_two_devices_compute_what_one_does(first: int, tmp_path: Path) -> None:
    """Also where one of them has no query."""

    def device(rank: int) -> None:
        torch.set_num_threads(1)
        distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=rank, world_size=2)
        torch.save(computed((RANKS[:first], RANKS[first:])[rank]), tmp_path / f"{rank}.pt")
        distributed.destroy_process_group()

    multiprocessing.start_processes(device, nprocs=2, start_method="fork")
    for rank in range(2):
        assert torch.load(tmp_path / f"{rank}.pt", weights_only=True) == pytest.approx(computed(RANKS), rel=1e-12)
