"""Mirrors retrieval/controls.py."""

import numpy as np
import pytest

from retrieval.controls import random_rows, shuffled_donors


def test_shuffling_is_a_derangement_within_each_part() -> None:
    parts = ["train"] * 30 + ["test"] * 2 + ["validation"] * 9 + ["train"] * 5
    for seed in range(5):
        donors = shuffled_donors(parts, seed)
        assert sorted(donors) == list(range(46))
        assert (donors != np.arange(46)).all()
        assert [parts[donor] for donor in donors] == parts
    assert (shuffled_donors(parts, 0) == shuffled_donors(parts, 0)).all()
    assert (shuffled_donors(parts, 0) != shuffled_donors(parts, 1)).any()


def test_a_part_of_one_post_cannot_be_shuffled() -> None:
    with pytest.raises(ValueError, match="'test' has one post"):
        shuffled_donors(["train", "train", "test"], 0)


def test_random_rows_are_distinct_allowed_and_drawn_by_seed_and_post() -> None:
    eligible, banned = np.arange(0, 40, 2), np.array([4, 5, 99])
    drawn = random_rows("a", 0, eligible, banned, 8)
    assert len(set(drawn.tolist())) == 8
    assert set(drawn.tolist()) <= set(eligible.tolist()) - {4}
    np.testing.assert_array_equal(drawn, random_rows("a", 0, eligible, banned, 8))
    assert drawn.tolist() != random_rows("b", 0, eligible, banned, 8).tolist()
    assert drawn.tolist() != random_rows("a", 1, eligible, banned, 8).tolist()


def test_random_rows_are_uniform() -> None:
    drawn = np.concatenate([random_rows(str(post), 0, np.arange(10), np.array([3]), 2) for post in range(3000)])
    counts = np.bincount(drawn, minlength=10)
    assert counts[3] == 0
    assert abs(np.delete(counts, 3) - 6000 / 9).max() < 5 * np.sqrt(6000 / 9)


def test_random_rows_run_out_quietly() -> None:
    none = np.zeros(0, np.int64)
    assert sorted(random_rows("a", 0, np.arange(3), np.array([1]), 9)) == [0, 2]
    assert len(random_rows("a", 0, none, np.array([1]), 9)) == 0
    assert len(random_rows("a", 0, np.arange(3), none, 0)) == 0
