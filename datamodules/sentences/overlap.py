"""Sentences of one picture that share most of their words (Pins, Section 3.1: "overlapping word unigrams")."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray


def near_duplicates(
    tokens: NDArray[np.int32], lengths: NDArray[np.int32], picture: NDArray[np.int32], most: float
) -> NDArray[np.bool_]:
    """Which of S sentences have a set of words A and an earlier kept B of their picture: |A and B| / |A or B| >= most.

    Only sentences most of whose words other sentences of their picture have too are compared one by one.

    Args:
        tokens: (T,) numbers of words.
        lengths: (S,) words of each sentence.
        picture: (S,) what sentences are compared within.
        most: share from which on a sentence is one, above 0.
    """
    count, width = len(lengths), int(tokens.max(initial=0)) + 1
    distinct = np.repeat(np.arange(count), lengths) * width + tokens
    distinct.sort()  # np.unique has a hash table, which is ten times slower here
    distinct = distinct[np.diff(distinct, prepend=-1) > 0]  # words of each sentence, once
    sentence, word = np.divmod(distinct, width)
    sizes = np.bincount(sentence, minlength=count)
    heard = _repeated(picture[sentence] * np.int64(width) + word)
    shared = np.bincount(sentence[heard], minlength=count)
    doubtful = np.flatnonzero(shared >= most * sizes * (1 - 1e-9))  # |A and B| >= most |A|; rounding must not decide
    ends = np.cumsum(sizes)
    found = np.zeros(count, bool)
    seen: defaultdict[int, list[set[int]]] = defaultdict(list)
    for row in doubtful.tolist():
        words = set(word[ends[row] - sizes[row] : ends[row]].tolist())
        earlier = seen[int(picture[row])]
        if any(_jaccard(words, other) >= most for other in earlier):
            found[row] = True
        else:
            earlier.append(words)
    return found


def _repeated(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of some values occur more than once."""
    order = values.argsort()
    same = np.diff(values[order]) == 0
    found = np.zeros(len(values), bool)
    found[order[1:][same]] = found[order[:-1][same]] = True
    return found


def _jaccard(one: set[int], other: set[int]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both)
