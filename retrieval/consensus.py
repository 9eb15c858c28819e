"""The comments on which a pool agrees (CAST, Section 3.2, Eq. 5)."""

import unicodedata
from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.index import prepared

MIN_WORDS = 3  # official code: shorter comments are dropped


def normalised(comment: str) -> str:
    """Return the form in which two comments count as the same: NFKC, case folded, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", comment).casefold().split())


def clean_comments(
    comments: Iterable[str], min_words: int = MIN_WORDS, giveaway_words: Collection[str] = ()
) -> list[str]:
    """Return the comments of at least `min_words` words, the first of each set of duplicates, in their order.

    Words are what white space parts, as in the official code. Comments that hold one of `giveaway_words`
    (case folded, without the punctuation around a word) are dropped too; the paper drops none.
    """
    kept: dict[str, str] = {}
    banned = {normalised(word) for word in giveaway_words}
    for comment in comments:
        words = normalised(comment).split()
        if len(words) >= min_words and banned.isdisjoint(word.strip(".,;:!?\"'()") for word in words):
            kept.setdefault(" ".join(words), comment)
    return list(kept.values())


def consensus(
    vectors: NDArray, sizes: Sequence[int], top_n: int = 5
) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Rank each pool's comments by consensus (Eq. 5): q_i = (1/|P|) sum over p' in P of cos(p_i, p').

    The cosine is the inner product of unit vectors, so the sum moves inside: q_i = p_i . (1/|P|) sum of p'. One
    product of P x D with the pool's mean unit vector replaces the P x P cosines, and the result is the same. The
    comment itself is in the sum, as in the paper; that adds 1/|P| to each score and moves no rank.

    Args:
        vectors: (P, D) sentence vectors of the pools, one pool after the other.
        sizes: comments in each pool; they add up to P and may be 0.
        top_n: N, comments kept a pool (Section 4.2: 5).

    Returns:
        For each pool the positions in it, (min(N, size),), best first (of equal ones the first), and scores in
        [-1, 1].

    Raises:
        ValueError: the sizes do not add up to P.
    """
    if sum(sizes) != len(vectors):
        raise ValueError(f"pools of {sum(sizes)} comments for {len(vectors)} vectors")
    unit = prepared(vectors, "cosine")
    ranked, start = [], 0
    for size in sizes:
        pool = unit[start : start + size]  # (P_i, D)
        scores = pool @ pool.mean(0) if size else np.zeros(0, np.float32)  # Eq. 5
        order = np.argsort(-scores, kind="stable")[:top_n]
        ranked.append((order, scores[order]))
        start += size
    return ranked
