"""Pools of the comments under similar posts, cleaned and ranked (CAST, Section 3.2)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.consensus import clean_comments, consensus
from retrieval.corpus import Corpus
from retrieval.settings import RetrievalSettings


class Comment(NamedTuple):
    """A consensus comment."""

    text: str
    score: float  # Eq. 5
    post: int  # corpus row of the nearest post that it stands under


class Pool(NamedTuple):
    """The best comments of one pool, best first, of `size` that were ranked."""

    comments: list[Comment]
    size: int


def rank_pools(corpus: Corpus, posts: Sequence[NDArray[np.int64]], settings: RetrievalSettings) -> list[Pool]:
    """Return for each set of posts (corpus rows, nearest first) its consensus comments (Eq. 5)."""
    cleaned = [_clean(corpus, rows, settings) for rows in posts]
    rows = np.array([row for pool in cleaned for row, _ in pool], np.int64)  # (P,) over all pools
    ranked = consensus(corpus.comment_vectors[rows], [len(pool) for pool in cleaned], settings.num_comments)
    pools = []
    for pool, (order, scores) in zip(cleaned, ranked, strict=True):
        texts = corpus.comment_texts([pool[at][0] for at in order])
        comments = [
            Comment(text, float(score), pool[at][1]) for text, at, score in zip(texts, order, scores, strict=True)
        ]
        pools.append(Pool(comments, len(pool)))
    return pools


def _clean(corpus: Corpus, posts: NDArray[np.int64], settings: RetrievalSettings) -> list[tuple[int, int]]:
    """Return (comment row, corpus row of its nearest post) of the comments that pass the cleaning."""
    first: dict[str, tuple[int, int]] = {}
    for post in posts.tolist():
        rows = corpus.comment_rows(post)[: settings.comments_per_post]
        for row, text in zip(rows.tolist(), corpus.comment_texts(rows), strict=True):
            first.setdefault(text, (row, post))
    return [first[text] for text in clean_comments(first, settings.min_words, settings.giveaway_words)]
