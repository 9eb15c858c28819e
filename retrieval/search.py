"""Similar posts by picture and text together (CAST, Section 3.2, Eq. 1-4).

All that the rest of the suite asks of retrieval are `TwoModalitySearch.alpha` and `TwoModalitySearch.search`; another
engine for larger corpora has these two to offer.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.index import VectorIndex

Rows = NDArray[np.int64]
BLOCK_CELLS = 2**23  # scores held at a time for each modality: 32 MB
DEFAULT_R = 100_000  # footnote 3


class PostVectors(NamedTuple):
    """Q posts as pooled vectors; rows of absent modalities are never looked at."""

    image: NDArray  # (Q, I) float
    image_present: NDArray[np.bool_]  # (Q,)
    text: NDArray  # (Q, T) float
    text_present: NDArray[np.bool_]  # (Q,)

    def part(self, rows: slice | NDArray) -> "PostVectors":
        """Return the posts at `rows`."""
        return PostVectors(*(field[rows] for field in self))


class Alpha(NamedTuple):
    """Weight of the picture in Eq. 1 and the means it comes from (nan where nothing could be searched)."""

    alpha: float  # in [0, 1] for positive means
    image_mean: float  # Eq. 3
    text_mean: float  # Eq. 4


class Found(NamedTuple):
    """The K nearest posts of Q queries, nearest first; those filled from the union come last."""

    rows: Rows  # (Q, K) corpus rows, -1 where there are no more
    scores: NDArray[np.float32]  # (Q, K) Eq. 1, nan where there are no more
    filled: Rows  # (Q,) how many came from the union


class TwoModalitySearch:
    """R nearest posts by each modality, their intersection ranked by Eq. 1, short ones filled from the union.

    A query that lacks a modality is searched by the other alone. In the union a corpus post that lacks a modality
    counts there as a zero vector. With flat indices and R no smaller than the corpus all is exact.

    Args:
        image: index of the pictures.
        text: index of the texts, over the same corpus rows and by the same distance.
        r: R, nearest posts a modality (footnote 3: 100,000), excluded ones not counted.
        modalities: `both`, or one of them alone (Figure 4).

    Raises:
        ValueError: the indices differ in their distance or in their number of corpus rows.
    """

    def __init__(
        self,
        image: VectorIndex,
        text: VectorIndex,
        r: int = DEFAULT_R,
        modalities: Literal["both", "image", "text"] = "both",
    ) -> None:
        if image.distance != text.distance or len(image.present) != len(text.present):
            raise ValueError(
                f"{image.folder} ({image.distance}, {len(image.present)} rows) and {text.folder} ({text.distance}, "
                f"{len(text.present)} rows) belong to different corpora: build them together"
            )
        self.image, self.text, self.r, self.modalities = image, text, r, modalities
        self.sign = image.sign

    def alpha(self, queries: PostVectors, exclude: Sequence[Rows], rank: int = 10) -> Alpha:
        """Estimate alpha (Eq. 2) on `queries` by their neighbours of rank 1 to `rank` (official code: 10).

        Raises ValueError where the means have no positive sum, so that alpha has no meaning.
        """
        image_there, text_there = self._searched(queries)
        image_mean = _mean(self.image, queries.image, image_there, exclude, rank)  # Eq. 3
        text_mean = _mean(self.text, queries.text, text_there, exclude, rank)  # Eq. 4
        if np.isnan(image_mean) or np.isnan(text_mean):
            return Alpha(float(np.isnan(text_mean)), image_mean, text_mean)
        if image_mean + text_mean <= 0:
            raise ValueError(f"alpha has no value: mean similarity {image_mean} by image and {text_mean} by text")
        return Alpha(text_mean / (image_mean + text_mean), image_mean, text_mean)  # Eq. 2

    def search(self, queries: PostVectors, exclude: Sequence[Rows], alpha: float, count: int) -> Found:
        """Return the `count` nearest posts of each query, without the corpus rows in its `exclude`."""
        total = len(queries.image)
        found = Found(
            np.full((total, count), -1), np.full((total, count), np.nan, np.float32), np.zeros(total, np.int64)
        )
        step = max(1, BLOCK_CELLS // max(1, min(len(self.image.present), self.r)))
        for start in range(0, total, step):
            block = slice(start, min(start + step, total))
            part = Found(found.rows[block], found.scores[block], found.filled[block])  # views: filled in place
            self._search_block(queries.part(block), exclude[block], alpha, part)
        return found

    def _searched(self, queries: PostVectors) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        return queries.image_present & (self.modalities != "text"), queries.text_present & (self.modalities != "image")

    def _search_block(self, queries: PostVectors, exclude: Sequence[Rows], alpha: float, found: Found) -> None:
        image_there, text_there = self._searched(queries)
        image_weight = np.where(text_there, alpha, 1.0) * image_there  # (q,)
        weights = np.stack([image_weight, np.where(image_there, 1 - alpha, 1.0) * text_there], 1)  # (q, 2)
        there = np.stack([image_there, text_there], 1)
        whole = self.r >= max(len(self.image), len(self.text))
        if whole and self.image.kind == self.text.kind == "flat":
            self._search_all(queries, exclude, weights.astype(np.float32), there, found)
        else:
            self._search_lists(queries, exclude, weights.astype(np.float32), there, found)

    def _search_all(
        self, queries: PostVectors, exclude: Sequence[Rows], weights: NDArray, there: NDArray, found: Found
    ) -> None:
        scores = np.zeros((len(there), len(self.image.present)), np.float32)
        for column, (index, vectors) in enumerate(((self.image, queries.image), (self.text, queries.text))):
            asked = np.flatnonzero(there[:, column])
            if len(index) and len(asked):
                scores[asked] += weights[asked, column, None] * index.dense(vectors[asked])  # Eq. 1
        present = np.stack([self.image.present, self.text.present])  # (2, N)
        for query, asked in enumerate(there):
            holding = present[asked]
            overlap = holding.all(0) if asked.any() else np.zeros(present.shape[1], bool)
            rest = holding.any(0) & ~overlap
            overlap[exclude[query]] = rest[exclude[query]] = False
            groups = [np.flatnonzero(overlap), np.flatnonzero(rest)]
            _keep(found, query, groups[0], scores[query, groups[0]], self.sign)
            if _short(found, query) and len(groups[1]):
                _fill(found, query, groups[1], scores[query, groups[1]], self.sign)

    def _search_lists(
        self, queries: PostVectors, exclude: Sequence[Rows], weights: NDArray, there: NDArray, found: Found
    ) -> None:
        lists = [
            _nearest(index, vectors, there[:, column], exclude, self.r)
            for column, (index, vectors) in enumerate(((self.image, queries.image), (self.text, queries.text)))
        ]
        place = np.full(len(self.image.present), -1, np.int64)  # of a corpus row in the picture's list
        for query, asked in enumerate(there):
            (image_rows, image_scores), (text_rows, text_scores) = lists[0][query], lists[1][query]
            if not asked.all():
                rows, scores = lists[int(asked[1])][query]
                _keep(found, query, rows, scores, self.sign)
                continue
            place[image_rows] = np.arange(len(image_rows))
            at = place[text_rows]
            place[image_rows] = -1
            both = at >= 0
            scores = weights[query, 0] * image_scores[at[both]] + weights[query, 1] * text_scores[both]  # Eq. 1
            _keep(found, query, text_rows[both], scores, self.sign)
            if _short(found, query):
                rest = np.setxor1d(image_rows, text_rows)
                exact = weights[query, 0] * self.image.exact(queries.image[query], rest)
                exact += weights[query, 1] * self.text.exact(queries.text[query], rest)
                _fill(found, query, rest, exact, self.sign)


def _nearest(
    index: VectorIndex, vectors: NDArray, there: NDArray[np.bool_], exclude: Sequence[Rows], r: int
) -> list[tuple[Rows, NDArray[np.float32]]]:
    """Return each query's r nearest corpus rows and their scores; none for queries that lack the modality."""
    nothing = (np.zeros(0, np.int64), np.zeros(0, np.float32))
    lists = [nothing] * len(there)
    asked = np.flatnonzero(there).tolist()
    wider = max((len(exclude[query]) for query in asked), default=0)
    scores, rows = index.search(vectors[asked], r + wider)
    for position, query in enumerate(asked):
        keep = rows[position] >= 0
        if len(exclude[query]):
            keep &= ~np.isin(rows[position], exclude[query])
        lists[query] = rows[position][keep][:r], scores[position][keep][:r]
    return lists


def _mean(index: VectorIndex, vectors: NDArray, there: NDArray[np.bool_], exclude: Sequence[Rows], rank: int) -> float:
    """Mean score over queries and ranks (Eq. 3 and 4); nan where there is none."""
    total, number = 0.0, 0
    for start in range(0, len(vectors), 1024):
        block = slice(start, start + 1024)
        for _, scores in _nearest(index, vectors[block], there[block], exclude[block], rank):
            total += float(scores.sum(dtype=np.float64))
            number += len(scores)
    return total / number if number else float("nan")


def _best(rows: Rows, scores: NDArray, sign: int, count: int) -> tuple[Rows, NDArray]:
    """Return the `count` nearest, nearest first; of equal ones the lower row."""
    near = sign * scores
    if len(near) > count:
        keep = near >= np.partition(near, -count)[-count]
        rows, scores, near = rows[keep], scores[keep], near[keep]
    order = np.lexsort((rows, -near))[:count]
    return rows[order], scores[order]


def _keep(found: Found, query: int, rows: Rows, scores: NDArray, sign: int) -> None:
    rows, scores = _best(rows, scores, sign, found.rows.shape[1])
    found.rows[query, : len(rows)], found.scores[query, : len(rows)] = rows, scores


def _short(found: Found, query: int) -> bool:
    return bool((found.rows[query] < 0).any())


def _fill(found: Found, query: int, rows: Rows, scores: NDArray, sign: int) -> None:
    free = np.flatnonzero(found.rows[query] < 0)
    rows, scores = _best(rows, scores, sign, len(free))
    found.rows[query, free[: len(rows)]], found.scores[query, free[: len(rows)]] = rows, scores
    found.filled[query] = len(rows)
