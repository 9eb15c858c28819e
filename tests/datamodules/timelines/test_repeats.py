"""Mirrors datamodules/timelines/repeats.py."""

import numpy as np

from datamodules.timelines.repeats import repeats, text_groups


def test_a_post_goes_that_adds_nothing_to_an_earlier_one_of_its_user() -> None:
    posts = [
        (0, 5, -1), (0, 5, -1),  # the same text
        (0, 5, 7), (0, 5, 7), (0, 5, 8),  # with a picture; the same once more; with another picture
        (0, 5, -1),
        (1, 5, 7), (1, 5, -1),  # of another user; without the picture
        (0, -1, 7), (0, -1, 7),  # the picture alone
        (-1, 5, -1), (-1, 5, -1),  # of nobody
    ]  # fmt: skip
    user, text, picture = np.array(posts).T
    assert np.flatnonzero(repeats(user, text, picture)).tolist() == [1, 3, 5, 7, 9]
    assert repeats(user[:0], text[:0], picture[:0]).tolist() == []


def test_a_text_is_in_the_group_of_its_first_post_and_no_text_in_none() -> None:
    tokens, lengths = np.array([1, 2, 2, 1, 3], np.int32), np.array([0, 2, 2, 0, 1], np.int32)
    assert text_groups(tokens, lengths, 0.9).tolist() == [-1, 1, 1, -1, 4]
    assert text_groups(tokens, lengths, 1.1).tolist() == [-1, 1, 2, -1, 4]
