"""Mirrors datamodules/triplets/stems.py."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules.triplets.stems import Stems, stemmed

PHRASES = ["cake", "cakes", "hair styles", "hair tutorial", "styling tips", "ponytail", "hairy tale", "2 cakes"]


@pytest.mark.parametrize(
    ("left", "right", "shared"),
    [
        ("cake", "cakes", True),
        ("cake", "2 cakes", True),
        ("hair styles", "hair tutorial", True),
        ("hair styles", "styling tips", True),
        ("hair styles", "ponytail", False),
        ("hair styles", "hairy tale", False),
    ],
)
def test_forms_of_one_word_are_one_stem(left: str, right: str, shared: bool) -> None:
    pair = np.array([PHRASES.index(left)]), np.array([PHRASES.index(right)])
    assert Stems(PHRASES).share(*pair).tolist() == [shared]


@given(st.lists(st.lists(st.sampled_from(["cake", "cakes", "run", "running", "go", "2"]), min_size=1), min_size=1))
def test_all_pairs_at_once_say_what_sets_of_stems_say(phrases: list[list[str]]) -> None:
    left, right = np.indices((len(phrases), len(phrases))).reshape(2, -1)
    found = Stems([" ".join(words) for words in phrases]).share(left, right)
    sets = [set(stemmed(words)) for words in phrases]
    assert found.tolist() == [bool(sets[i] & sets[j]) for i, j in zip(left, right, strict=True)]


def test_no_pairs_share_nothing() -> None:
    assert Stems(PHRASES).share(np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == []
