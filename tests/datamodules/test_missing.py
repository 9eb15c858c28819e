"""Mirrors datamodules/missing.py."""

import numpy as np
import pytest

from datamodules.missing import lost

POSTS = [f"e/{number}" for number in range(2_000)]
BOTH = ("image", "text")


def test_a_share_of_the_posts_loses_a_modality() -> None:
    for share in (0.1, 0.5, 0.9):
        gone = lost(POSTS, BOTH, {"image": share}, 0)
        assert abs(gone[:, 0].mean() - share) < 4 * np.sqrt(share * (1 - share) / len(POSTS))
        assert not gone[:, 1].any()
    assert lost(POSTS, BOTH, {"text": 1}, 0).all(0).tolist() == [False, True]
    assert not lost(POSTS, BOTH, {"text": 0}, 0).any()
    assert lost([], BOTH, {"text": 1}, 0).shape == (0, 2)


def test_who_loses_at_a_rate_loses_at_every_higher_one() -> None:
    before = np.zeros((len(POSTS), 2), dtype=bool)
    for share in (0.0, 0.01, 0.2, 0.5, 0.51, 0.99, 1.0):
        gone = lost(POSTS, BOTH, {"image": share, "text": share}, 3)
        assert not (before & ~gone).any()
        before = gone


def test_modalities_and_seeds_are_drawn_apart() -> None:
    half = lost(POSTS, BOTH, {"image": 0.5, "text": 0.5}, 0)
    assert abs(half.all(1).mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / len(POSTS))
    assert (half != lost(POSTS, BOTH, {"image": 0.5, "text": 0.5}, 1)).any()


def test_a_loss_is_decided_by_seed_modality_and_post_alone() -> None:
    asked = {"image": 0.4, "text": 0.7}
    gone = lost(POSTS, BOTH, asked, 5)
    np.testing.assert_array_equal(lost(POSTS[::-1], BOTH[::-1], asked, 5), gone[::-1, ::-1])
    np.testing.assert_array_equal(lost(POSTS[7:8], ("text",), {"text": 0.7}, 5), gone[7:8, 1:])
    drawn = lost(["e/0", "e/1", "e/2", "e/3"], ("text",), {"text": 0.5}, 0)[:, 0]
    assert drawn.tolist() == [False, False, True, True]  # in every process and on every machine


def test_a_modality_that_is_not_read_is_passed_over() -> None:
    both = lost(POSTS, BOTH, {"image": 0.5, "text": 0.5}, 0)
    np.testing.assert_array_equal(lost(POSTS, ("text",), {"image": 0.5, "text": 0.5}, 0), both[:, 1:])
    assert not lost(POSTS, ("text",), {"image": 1.0}, 0).any()


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_what_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=rf"image: {share} is no share of posts in \[0, 1\]"):
        lost(POSTS, ("text",), {"image": share}, 0)
