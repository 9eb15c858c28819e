"""Sentences that share most of their words (Pins, Section 3.1: "overlapping word unigrams"; DU2MCE, section 4.1).

Sets of words A and B are near-duplicates where |A and B| / |A or B| >= most. Only those that have one of their rarest
words in common are compared: of n words, any ceil(most n) hold one of the n - ceil(most n) + 1 rarest, and so two sets
that share as many share a word that is among the rarest of both.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, combinations, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

AT_ONCE = 500_000  # sentences whose words are sorted at one time where all are only looked at one by one
_Member = tuple[int, set[int]]  # a sentence and its words


class _Sets(NamedTuple):
    """Distinct words of S sentences, and which of these need be compared."""

    words: NDArray[np.int64]  # (W,) sentence by sentence, its rarest first, equally rare ones by number
    ends: NDArray[np.int64]  # (S,)
    sizes: NDArray[np.int64]  # (S,)
    rare: NDArray[np.int64]  # (S,) how many of each one's words count as its rarest
    doubtful: NDArray[np.int64]  # sentences of which enough words are in others too

    def of(self, row: int) -> list[int]:
        """Words of a sentence."""
        return self.words[self.ends[row] - self.sizes[row] : self.ends[row]].tolist()


def near_duplicates(
    tokens: NDArray[np.int32], lengths: NDArray[np.int32], picture: NDArray[np.int32], most: float
) -> NDArray[np.bool_]:
    """Which of S sentences are near-duplicates of an earlier kept one of their picture.

    Args:
        tokens: (T,) numbers of words.
        lengths: (S,) words of each sentence.
        picture: (S,) what sentences are compared within.
        most: share from which on a sentence is one, above 0; above 1 none is.
    """
    sets = _sets(tokens, lengths, picture, most)
    found = np.zeros(len(lengths), bool)
    kept: defaultdict[int, list[set[int]]] = defaultdict(list)  # by each of their rarest words
    for row in sets.doubtful.tolist():
        words = sets.of(row)
        mine, rarest = set(words), words[: sets.rare[row]]
        if any(_jaccard(mine, other) >= most for name in rarest for other in kept[name]):
            found[row] = True
        else:
            for name in rarest:
                kept[name].append(mine)
    return found


def near_duplicate_groups(tokens: NDArray[np.int32], lengths: NDArray[np.int32], most: float) -> NDArray[np.int64]:
    """The first sentence of each one's group, (S,).

    Any two near-duplicates are in one group, and so are two that a chain of near-duplicates joins. Equal sets are known
    by a sum of 64 bits over their words: two different ones of ten million are taken for equal once in 10^5 corpora.

    Args:
        tokens: (T,) numbers of words.
        lengths: (S,) words of each sentence; one without words is like no other.
        most: share from which on two are near-duplicates, above 0; above 1 none are, not even equal ones.
    """
    if most > 1:
        return np.arange(len(lengths))
    sums, sizes = _sums(tokens, lengths)
    _, begin, equal = np.unique(sums, return_index=True, return_inverse=True)
    first = np.where(sizes > 0, begin[equal], np.arange(len(sizes)))
    # n words and one more have n / (n + 1) in common: short texts have no near-duplicates but equal ones
    distinct = np.flatnonzero((first == np.arange(len(first))) & (sizes >= most * (sizes + 1) * (1 - 1e-9)))
    chosen = np.zeros(len(first), bool)
    chosen[distinct] = True
    similar = distinct[_similar(tokens[np.repeat(chosen, lengths)], lengths[chosen], most)]
    other = np.flatnonzero(first < np.arange(len(first)))
    return joined(np.concatenate([similar, np.stack([other, first[other]], axis=1)]), len(first))


def joined(pairs: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """The first member of each one's group, (count,), where pairs (n, 2) and chains of pairs make the groups."""
    from scipy.sparse import coo_array  # takes half a second, which processes that cut sentences need not wait
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, group = connected_components(graph, directed=False)
    _, first = np.unique(group, return_index=True)
    return first[group]


def _sets(tokens: NDArray[np.int32], lengths: NDArray[np.int32], picture: NDArray[np.integer], most: float) -> _Sets:
    count = len(lengths)
    sentence, word = _distinct(tokens, lengths)
    sizes = np.bincount(sentence, minlength=count)
    own = picture[sentence] * (np.int64(tokens.max(initial=0)) + 1) + word  # a picture's word
    times = _times(own)  # sentences of the picture that have it
    shared = np.bincount(sentence[times > 1], minlength=count)
    least = most * sizes * (1 - 1e-9)  # words that A and B share: |A and B| >= most |A|; rounding must not decide
    words = own[np.lexsort((times, sentence))]  # stable: equals stay by number
    rare = sizes - np.ceil(least).astype(np.int64) + 1
    return _Sets(words, np.cumsum(sizes), sizes, rare, np.flatnonzero(shared >= least))


def _distinct(tokens: NDArray[np.int32], lengths: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Words of each sentence once, in rising order: (W,) sentences and (W,) words."""
    width = int(tokens.max(initial=0)) + 1
    distinct = np.repeat(np.arange(len(lengths)), lengths) * width + tokens
    distinct.sort()  # np.unique has a hash table, which is ten times slower here
    distinct = distinct[np.diff(distinct, prepend=-1) > 0]
    sentence, word = np.divmod(distinct, width)
    return sentence, word


def _times(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each of some values occurs among them."""
    order = values.argsort()
    begins = np.flatnonzero(np.diff(values[order], prepend=-1))  # none is below 0
    counts = np.diff(begins, append=len(values))
    times = np.empty(len(values), np.int64)
    times[order] = np.repeat(counts, counts)
    return times


def _sums(tokens: NDArray[np.int32], lengths: NDArray[np.int32]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Sum over a random number for each of a sentence's distinct words, (S,), and how many these are, (S,)."""
    numbers = np.random.default_rng(0).integers(0, 2**64, int(tokens.max(initial=0)) + 1, np.uint64)
    sums, sizes = np.zeros(len(lengths), np.uint64), np.zeros(len(lengths), np.int64)
    begin = 0
    for row in range(0, len(lengths), AT_ONCE):
        rows = slice(row, row + AT_ONCE)
        end = begin + int(lengths[rows].sum())
        sentence, word = _distinct(tokens[begin:end], lengths[rows])
        sizes[rows] = np.bincount(sentence, minlength=len(lengths[rows]))
        running = np.concatenate([np.zeros(1, np.uint64), np.cumsum(numbers[word], dtype=np.uint64)])
        ends = np.cumsum(sizes[rows])
        sums[rows] = running[ends] - running[ends - sizes[rows]]
        begin = end
    return sums, sizes


def _similar(tokens: NDArray[np.int32], lengths: NDArray[np.int32], most: float) -> NDArray[np.int64]:
    """Pairs of sentences (n, 2) whose chains join all near-duplicates; no two sentences have the same words."""
    sets = _sets(tokens, lengths, np.zeros(len(lengths), np.int64), most)
    sizes, rare = sets.sizes[sets.doubtful], sets.rare[sets.doubtful]
    row = np.repeat(sets.doubtful, rare)
    place = np.arange(rare.sum()) - np.repeat(np.cumsum(rare) - rare, rare)
    word = sets.words[np.repeat(sets.ends[sets.doubtful] - sizes, rare) + place]
    order = word.argsort(kind="stable")
    begins = np.flatnonzero(np.diff(word[order], prepend=-1))
    counts = np.diff(begins, append=len(word))
    several = counts > 1
    spans = [order[begin : begin + count] for begin, count in zip(begins[several], counts[several], strict=True)]
    found = (_sharing(row[span].tolist(), place[span].tolist(), sets, most) for span in spans)
    return np.fromiter(chain.from_iterable(found), np.dtype((np.int64, 2)))


def _sharing(rows: list[int], places: list[int], sets: _Sets, most: float) -> Iterator[tuple[int, int]]:
    """Pairs that join the near-duplicates among sentences that share a word, which is at these places of theirs.

    Where it is the rarest that two share, they share at most what follows it, too: sentences of one template that
    differ in several words need not be compared.
    """
    kinds: defaultdict[tuple[int, int], list[_Member]] = defaultdict(list)  # by size, and words from the shared one on
    for row, place in zip(rows, places, strict=True):
        words = sets.of(row)
        kinds[len(words), len(words) - place].append((row, set(words)))
    clusters = {}
    for kind, members in kinds.items():
        clusters[kind] = _clusters(members, most) if _may_be(kind, kind, most) else [[member] for member in members]
        yield from ((row, cluster[0][0]) for cluster in clusters[kind] for row, _ in cluster[1:])
    for one, other in combinations(kinds, 2):
        if _may_be(one, other, most):
            for here, there in product(clusters[one], clusters[other]):
                if _near(here, there, most):
                    yield here[0][0], there[0][0]


def _may_be(one: tuple[int, int], other: tuple[int, int], most: float) -> bool:
    shared = min(one[1], other[1])
    return shared / (one[0] + other[0] - shared) >= most


def _clusters(members: list[_Member], most: float) -> list[list[_Member]]:
    found: list[list[_Member]] = []
    for member in members:
        near, apart = list[list[_Member]](), list[list[_Member]]()
        for cluster in found:
            (near if _near([member], cluster, most) else apart).append(cluster)
        found = [*apart, [*chain.from_iterable(near), member]]
    return found


def _near(some: list[_Member], others: list[_Member], most: float) -> bool:
    return any(_jaccard(one, other) >= most for _, one in some for _, other in others)


def _jaccard(one: set[int], other: set[int]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both)
