"""What users posted on average: their words' vectors, their pictures' features (DU2MCE, sections 4.3, 4.4.2, 4.6).

Imports no torch.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from datamodules.timelines import Timelines

POSTS = 200_000  # whose words are counted at one time
ROWS = 20_000  # vectors that are there at one time

Take = Callable[[NDArray[np.int64]], NDArray[np.float32]]  # numbers of words or pictures (n,) -> their vectors (n, d)


class UserMeans(NamedTuple):
    """K users' means over their training posts."""

    vectors: NDArray[np.float32]  # (K, d); zero where there is nothing to take a mean of
    known: NDArray[np.bool_]  # (K,) where there is something


def word_means(corpus: Timelines, vectors: NDArray[np.float32]) -> UserMeans:
    """Means of the vectors of all words of each user's training texts; `vectors` is (V, d) by word number."""
    posts = _posts_of_users(corpus)
    counts = sparse.csr_array((len(corpus.users), len(vectors)), dtype=np.float64)
    for start in range(0, len(posts), POSTS):
        part = posts[start : start + POSTS]
        starts, lengths = corpus.offsets[part], corpus.offsets[part + 1] - corpus.offsets[part]
        before = np.cumsum(lengths) - lengths
        places = np.repeat(starts - before, lengths) + np.arange(lengths.sum())
        counts = counts + _counted(np.repeat(corpus.user[part], lengths), corpus.tokens[places], counts.shape)
    return _means(counts, lambda numbers: vectors[numbers], vectors.shape[1])


def picture_means(corpus: Timelines, known: NDArray[np.bool_], take: Take, size: int) -> UserMeans:
    """Means of the features of each user's training pictures, as often as they posted them.

    Args:
        corpus: timelines.
        known: (I,) which pictures have features.
        take: features by numbers of pictures.
        size: d of a picture's features.
    """
    posts = _posts_of_users(corpus)
    posts = posts[np.append(known, False)[corpus.picture[posts]]]  # -1, no picture, finds the last one
    shape = len(corpus.users), len(known)
    return _means(_counted(corpus.user[posts], corpus.picture[posts], shape), take, size)


def at_random(means: UserMeans, seed: int) -> NDArray[np.float32]:
    """The means; users without one get a vector of random direction, as long as the others are in the mean (4.6).

    Where nobody has one, random vectors have length 1.
    """
    return np.where(means.known[:, None], means.vectors, random_like(means, seed))


def random_like(means: UserMeans, seed: int) -> NDArray[np.float32]:
    """(K, d) normal numbers of the same mean square as those of the known means."""
    count, size = means.vectors.shape
    known = means.vectors[means.known]
    scale = np.sqrt(np.square(known, dtype=np.float64).mean()) if len(known) else size**-0.5
    return (np.random.default_rng(seed).standard_normal((count, size)) * scale).astype(np.float32)


def _posts_of_users(corpus: Timelines) -> NDArray[np.int64]:
    posts = corpus.rows("train")
    return posts[corpus.user[posts] >= 0]


def _counted(user: NDArray[np.integer], item: NDArray[np.integer], shape: tuple[int, int]) -> sparse.csr_array:
    """(K, N) how often each user has each item."""
    return sparse.coo_array((np.ones(len(user)), (user, item)), shape=shape).tocsr()


def _means(counts: sparse.csr_array, take: Take, size: int) -> UserMeans:
    sums, by_item = np.zeros((counts.shape[0], size)), counts.tocsc()
    for start in range(0, counts.shape[1], ROWS):
        numbers = np.arange(start, min(start + ROWS, counts.shape[1]))
        sums += by_item[:, numbers[0] : numbers[-1] + 1] @ take(numbers)
    total = counts.sum(1)
    means = sums / np.maximum(total, 1)[:, None]
    return UserMeans(means.astype(np.float32), total > 0)
