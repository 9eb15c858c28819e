"""Sentences of one picture that share most of their words (Pins, Section 3.1: "overlapping word unigrams")."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray


def near_duplicates(
    tokens: NDArray[np.int32], lengths: NDArray[np.int32], picture: NDArray[np.int32], most: float
) -> NDArray[np.bool_]:
    """Which of S sentences have a set of words A and an earlier kept B of their picture: |A and B| / |A or B| >= most.

    Only sentences most of whose words other sentences of their picture have too are compared, each with those that have
    one of its rarest words: of n words, any ceil(most n) hold one of the n - ceil(most n) + 1 rarest, and so two sets
    that share as many share a word that is among the rarest of both.

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
    own = picture[sentence] * np.int64(width) + word  # a picture's word
    times = _times(own)  # sentences of the picture that have it
    shared = np.bincount(sentence[times > 1], minlength=count)
    least = most * sizes * (1 - 1e-9)  # words that A and B share: |A and B| >= most |A|; rounding must not decide
    doubtful = np.flatnonzero(shared >= least)
    ends, rare = np.cumsum(sizes), sizes - np.ceil(least).astype(np.int64) + 1
    found = np.zeros(count, bool)
    kept: defaultdict[int, list[set[int]]] = defaultdict(list)  # by each of their rarest words
    for row in doubtful.tolist():
        span = slice(ends[row] - sizes[row], ends[row])
        words = own[span][times[span].argsort(kind="stable")].tolist()  # rarest first, equals by number
        mine, rarest = set(words), words[: rare[row]]
        if any(_jaccard(mine, other) >= most for name in rarest for other in kept[name]):
            found[row] = True
        else:
            for name in rarest:
                kept[name].append(mine)
    return found


def _times(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each of some values occurs among them."""
    order = values.argsort()
    begins = np.flatnonzero(np.diff(values[order], prepend=-1))  # none is below 0
    counts = np.diff(begins, append=len(values))
    times = np.empty(len(values), np.int64)
    times[order] = np.repeat(counts, counts)
    return times


def _jaccard(one: set[int], other: set[int]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both)
