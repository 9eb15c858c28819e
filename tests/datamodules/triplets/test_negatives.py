"""Mirrors datamodules/triplets/negatives.py."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from datamodules.triplets.negatives import Pool, draw_negatives
from datamodules.triplets.stems import Stems


def words(count: int, prefix: str = "q") -> list[str]:
    return [f"{prefix}{number}x" for number in range(count)]


def drawn(texts: list[str], pairs: int, weights: NDArray[np.int64], seed: int = 0) -> NDArray[np.int64]:
    """Negatives of `pairs` pairs of one base and ever new positives, which stand after the pool's phrases."""
    pool = Pool(np.arange(len(weights)), weights)
    texts = [*texts, "base", *words(pairs, "p")]
    positive = np.arange(pairs) + len(weights) + 1
    return draw_negatives(Stems(texts), texts, (np.full(pairs, len(weights)), positive), pool, seed)


@pytest.mark.parametrize("weights", [[1] * 6, [1, 2, 3, 4, 5, 6]])
def test_each_phrase_of_the_pool_comes_by_its_weight(weights: list[int]) -> None:
    found = drawn(words(6), 6000, np.array(weights))
    expected = 6000 * np.array(weights) / sum(weights)
    assert stats.chisquare(np.bincount(found, minlength=6), expected).pvalue > 0.001


def test_a_pair_has_its_own_draws_whatever_pairs_stand_beside_it() -> None:
    texts = [*words(50), "base", "other base", *words(20, "p")]
    pool, stems = Pool(np.arange(50), np.ones(50, np.int64)), Stems(texts)
    base, positive = np.array([50] * 20), np.arange(52, 72)
    whole = draw_negatives(stems, texts, (base, positive), pool, 0)
    part = draw_negatives(stems, texts, (base[3:9], positive[3:9]), pool, 0)
    assert whole[3:9].tolist() == part.tolist()
    assert (whole != draw_negatives(stems, texts, (base, positive), pool, 1)).any()
    assert (whole != draw_negatives(stems, texts, (base + 1, positive), pool, 0)).any()


def test_one_more_phrase_in_the_pool_changes_few_triplets() -> None:
    before, after = (drawn(words(count), 2000, np.ones(count, np.int64)) for count in (100, 101))
    changed = before != after
    assert (after[changed] == 100).all(), "only to the new phrase"
    assert 0 < changed.mean() < 0.03


def test_only_the_phrases_of_pairs_are_hashed() -> None:
    texts = [*words(50), "base", "positive"]
    seen: list[int] = []

    class Watched(list[str]):
        def __getitem__(self, number: Any) -> Any:
            seen.append(int(number))
            return super().__getitem__(number)

        def __iter__(self) -> Iterator[str]:
            raise AssertionError("a pool of a million would be hashed")

    pairs = np.array([50, 50]), np.array([51, 51])
    draw_negatives(Stems(texts), Watched(texts), pairs, Pool(np.arange(50), np.ones(50, np.int64)), 0)
    assert sorted(seen) == [50, 51]


def test_the_order_of_the_pool_decides_too() -> None:
    texts = [*words(50), "base", *words(40, "p")]
    pairs = np.full(40, 50), np.arange(51, 91)
    one, other = (
        draw_negatives(Stems(texts), texts, pairs, Pool(order, np.ones(50, np.int64)), 0)
        for order in (np.arange(50), np.arange(50)[::-1])
    )
    assert (one == 49 - other).all()


def test_what_fits_is_found_among_few_and_nothing_where_nothing_fits() -> None:
    texts = ["red cake", "cakes", "pies", "baking pie", "blue sky"]
    base, positive = np.array([0]), np.array([2])
    chance = np.ones(5, np.int64)
    assert draw_negatives(Stems(texts), texts, (base, positive), Pool(np.arange(5), chance), 0).tolist() == [4]
    assert draw_negatives(Stems(texts), texts, (base, positive), Pool(np.arange(4), chance[:4]), 0).tolist() == [-1]
    assert draw_negatives(Stems(texts), texts, (base, positive), Pool(np.arange(1), chance[:1]), 0).tolist() == [-1]
    assert draw_negatives(Stems(texts), texts, (base[:0], base[:0]), Pool(np.arange(5), chance), 0).tolist() == []
