"""Mirrors datamodules/timelines/vocabulary.py."""

import numpy as np
import pyarrow as pa
import pytest

from datamodules.timelines.reading import Entries
from datamodules.timelines.vocabulary import known_words


def entries(*texts: str) -> Entries:
    words = sorted({word for text in texts for word in text.split()})
    lengths = np.array([len(text.split()) for text in texts], np.int32)
    tokens = np.array([words.index(word) for text in texts for word in text.split()], np.int32)
    none = np.full(len(texts), -1, np.int32)
    return Entries(np.arange(len(texts)), none, none, lengths, tokens, [], pa.array([], pa.string()), pa.array(words))


def test_words_of_training_texts_are_counted_and_equal_counts_are_by_word() -> None:
    given = entries("b a c", "c a", "c b", "d d d")
    found = known_words(given, np.array([True, True, True, False]), 2)
    assert (found.words, found.counts) == (["c", "a", "b"], [3, 2, 2])
    assert found.number.tolist() == [2, 3, 1, -1]  # of a, b, c, d


def test_too_rare_words_are_told_with_the_most_frequent_one() -> None:
    with pytest.raises(ValueError, match=r"no word occurs 5 times .*'c' is the most frequent, 2 times"):
        known_words(entries("b c", "c"), np.array([True, True]), 5)


def test_where_nobody_says_anything_there_are_no_words() -> None:
    assert known_words(entries("", ""), np.array([True, True]), 5).words == []
