"""Mirrors experiments/steps/word2vec.py; what is learned is tested with the stages that learn it."""

from itertools import pairwise

import numpy as np
import pytest

from experiments.steps import word2vec
from experiments.steps.word2vec import NumberedSentences

WORDS = [f"w{number}" for number in range(9)]
TOKENS = np.array([1, 2, 3, 4, 4, 5, 6, 7, 8, 0])
OFFSETS = np.array([0, 3, 3, 5, 9, 10])  # sentence 1 is empty


@pytest.mark.parametrize("at_once", [1, 2, 100])
@pytest.mark.parametrize("rows", [None, [0, 3], [1, 2, 4], []])
def test_the_chosen_sentences_come_in_order_as_often_as_they_are_asked_for(
    rows: list[int] | None, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word2vec, "AT_ONCE", at_once)
    every = [[WORDS[number] for number in TOKENS[start:end]] for start, end in pairwise(OFFSETS)]
    wanted = every if rows is None else [every[row] for row in rows]
    made = NumberedSentences(WORDS, TOKENS, OFFSETS, None if rows is None else np.array(rows, np.int64))
    assert list(made) == wanted == list(made)
