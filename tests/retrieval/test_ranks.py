"""Mirrors retrieval/ranks.py."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import rankdata
from torch import Tensor

from retrieval.ranks import true_ranks


def whole(queries: Tensor, gallery: Tensor, true: Tensor) -> Tensor:
    """By SciPy, from the whole matrix."""
    ranks = np.stack([rankdata(-row) for row in (queries @ gallery.T).numpy()])
    rows = np.arange(len(true))[:, None]
    return torch.from_numpy(np.where(true >= 0, ranks[rows, true.clamp(min=0)], np.nan))


def small_numbers(*shape: int) -> Tensor:
    """Sums of products of these are exact, and many are equal."""
    return torch.randint(-2, 3, shape, generator=torch.Generator().manual_seed(len(shape) + shape[0])).float()


@pytest.mark.parametrize("block", [1, 100, 2**24])
def test_ranks_are_scipys_with_ties_several_true_items_and_padding(block: int) -> None:
    queries, gallery = small_numbers(23, 4), small_numbers(50, 4)
    true = torch.from_numpy(np.stack([np.random.default_rng(row).permutation(50)[:7] for row in range(23)]))
    true[torch.rand(23, 7, generator=torch.Generator().manual_seed(0)) < 0.4] = -1
    found = true_ranks(queries, gallery, true, block)
    torch.testing.assert_close(found, whole(queries, gallery, true), rtol=0, atol=0, equal_nan=True)
    assert (found.frac() == 0.5).any()
    assert found.isnan().any()


def test_ties_share_the_mean_of_their_ranks() -> None:
    """Similarities 3, 2, 2, 2, 1."""
    gallery = torch.tensor([[2.0], [3.0], [2.0], [1.0], [2.0]])
    found = true_ranks(torch.ones(3, 1), gallery, torch.tensor([[1, -1], [0, 4], [3, 3]]))
    assert found.tolist()[1:] == [[3.0, 3.0], [5.0, 5.0]]
    assert found[0, 0] == 1
    assert math.isnan(found[0, 1])


@pytest.mark.parametrize("count", [1, 2, 3, 7, 33])
@pytest.mark.parametrize("width", [64, 1024])
def test_equal_rows_of_the_gallery_tie_for_any_number_of_queries(count: int, width: int) -> None:
    generator = torch.Generator().manual_seed(count)
    queries = torch.nn.functional.normalize(torch.randn(count, width, generator=generator))
    row = torch.nn.functional.normalize(torch.randn(1, width, generator=generator))
    found = true_ranks(queries, row.repeat(5001, 1), torch.tensor([[0, 5000]]).repeat(count, 1))
    assert (found == 2501).all()


def test_the_block_changes_nothing_of_cosines() -> None:
    generator = torch.Generator().manual_seed(0)
    queries, gallery = (torch.nn.functional.normalize(torch.randn(n, 64, generator=generator)) for n in (40, 300))
    true = torch.randint(0, 300, (40, 1), generator=generator)
    found = true_ranks(queries, gallery, true)
    torch.testing.assert_close(true_ranks(queries, gallery, true, 900), found)
    torch.testing.assert_close(found, whole(queries, gallery, true))


def test_the_memory_is_that_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    product = Tensor.__matmul__

    def watched(one: Tensor, other: Tensor) -> Tensor:
        found = product(one, other)
        sizes.append(found.numel())
        return found

    monkeypatch.setattr(Tensor, "__matmul__", watched)
    true_ranks(torch.randn(1000, 8), torch.randn(40, 8), torch.zeros(1000, 1, dtype=torch.int64), block=4000)
    assert 4000 in sizes
    assert max(sizes) == 4000
    assert sum(sizes) >= 1000 * 40


def test_half_precision_and_autocast_make_no_ties() -> None:
    generator = torch.Generator().manual_seed(0)
    gallery, true = torch.randn(2000, 16, generator=generator), torch.arange(10).unsqueeze(1)
    expected = whole(gallery[:10] + 1, gallery, true)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(true_ranks(gallery[:10] + 1, gallery, true), expected)
    half = gallery.half()
    torch.testing.assert_close(true_ranks(half[:10], half, true), whole(half[:10].float(), half.float(), true))


def test_nothing_asked_and_nothing_offered() -> None:
    none = torch.zeros(0, 3)
    assert true_ranks(none, torch.randn(4, 3), torch.zeros(0, 2, dtype=torch.int64)).shape == (0, 2)
    assert true_ranks(torch.randn(2, 3), none, torch.full((2, 1), -1)).isnan().all()


def test_what_is_not_in_the_gallery_or_not_finite_is_refused() -> None:
    queries, gallery, true = torch.ones(2, 3), torch.ones(4, 3), torch.tensor([[0], [4]])
    with pytest.raises(ValueError, match=r"query 1: true items \[4\], but the gallery has 4 rows"):
        true_ranks(queries, gallery, true)
    gallery[2, 1] = torch.nan
    with pytest.raises(ValueError, match=r"gallery row 2: its vector has numbers that are not finite"):
        true_ranks(queries, gallery, true - 1)
