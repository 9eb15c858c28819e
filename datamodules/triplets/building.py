"""From clicks to triplets: ranked annotations, words in common taken out, random negatives (Pins, section 3.2.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from datamodules.triplets.clicks import Clicks
from datamodules.triplets.files import BLOCK, Triplets
from datamodules.triplets.negatives import Pool, draw_negatives
from datamodules.triplets.phrases import read_phrases
from datamodules.triplets.stems import Stems

Weighting = Literal["distinct", "frequency"]


@dataclass(frozen=True)
class Rules:
    """What the paper leaves open.

    Args:
        top: annotations of a query that are taken for related to it, at most; before those with its words go.
        min_clicks: clicks that such an annotation needs, from 1.
        negatives: "distinct" gives every phrase of the pool the same chance, "frequency" as many chances as it occurs.
        seed: of the negatives, from 0.

    Raises:
        ValueError: a value is out of its range.
    """

    top: int = 10
    min_clicks: int = 1
    negatives: Weighting = "distinct"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in (("top", self.top), ("min_clicks", self.min_clicks)):
            if value < 1:
                raise ValueError(f"{name}: {value}; it is a whole number from 1")
        if self.seed < 0:
            raise ValueError(f"seed: {self.seed}; it is a whole number from 0")
        if self.negatives not in get_args(Weighting):
            raise ValueError(f"negatives: {self.negatives!r}; there are {', '.join(get_args(Weighting))}")


class Built(NamedTuple):
    """Triplets, queries in the order of the log and each query's positives from the best down; counts by step."""

    triplets: Triplets
    counts: dict[str, int]


def build(log: Clicks, rules: Rules, pool: Path | str | None = None) -> Built:
    """Build the raw triplets of a log.

    Args:
        log: from `read_clicks`.
        rules: see there.
        pool: file of phrases, one a line, to draw negatives from; all queries and annotations of the log where None.
            About 320 bytes of memory a phrase (300,000 of 16 letters: 96 MB), so a billion must be sampled before.

    Raises:
        FileNotFoundError: there is no such pool.
        ValueError: the pool can't be read, or no triplet comes out; gives the counts.
    """
    clicked = log.score >= rules.min_clicks
    best = top_ranked(log, rules)
    drawn_from = _pool(log, rules, pool)
    stems = Stems(log.phrases.texts)
    query, annotation = log.query[best], log.annotation[best]
    apart = ~stems.share(query, annotation)
    base, positive = query[apart], annotation[apart]
    negative = draw_negatives(stems, log.phrases.texts, (base, positive), drawn_from, rules.seed)
    has = negative >= 0
    counts = log.counts | {
        "candidates": int(clicked.sum()),
        "top": len(best),
        "removed_for_stems": int((~apart).sum()),
        "pool": len(drawn_from.phrases),
        "without_negative": int((~has).sum()),
        "triplets": int(has.sum()),
    }
    if not has.any():
        raise ValueError(f"no triplet comes out: {', '.join(f'{name} {count:,}' for name, count in counts.items())}")
    texts = pa.array(log.phrases.texts, pa.large_string())
    return Built(Triplets(*(_spelled(texts, column[has]) for column in (base, positive, negative))), counts)


def top_ranked(log: Clicks, rules: Rules) -> NDArray[np.int64]:
    """Rows of a log's pairs that are each query's best, by clicks and then by phrase; queries in the log's order."""
    rows = np.flatnonzero(log.score >= rules.min_clicks)
    order = np.empty(len(log.phrases), np.int64)
    order[sorted(range(len(log.phrases)), key=log.phrases.texts.__getitem__)] = np.arange(len(log.phrases))
    rows = rows[np.lexsort((order[log.annotation[rows]], -log.score[rows], log.query[rows]))]
    query = log.query[rows]
    rank = np.arange(len(rows)) - np.searchsorted(query, query)  # 0 is a query's best
    return rows[rank < rules.top]


def _pool(log: Clicks, rules: Rules, path: Path | str | None) -> Pool:
    if path is None:
        numbers, weights = np.arange(len(log.frequency)), log.frequency  # an earlier pool's come after these
    else:
        numbers, weights = _distinct(read_phrases(path, log.phrases))
    return Pool(numbers, weights if rules.negatives == "frequency" else np.ones_like(weights))


def _distinct(numbers: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct numbers in the order in which they first come, and how often each does."""
    found, first, times = np.unique(np.array(numbers, np.int64), return_index=True, return_counts=True)
    order = np.argsort(first)
    return found[order], times[order]


def _spelled(texts: pa.Array, numbers: NDArray[np.int64]) -> pa.ChunkedArray:
    # by blocks, since one chunk of strings ends at 2 GiB
    blocks = [pa.array(numbers[begin : begin + BLOCK]) for begin in range(0, len(numbers), BLOCK)]
    return pa.chunked_array([texts.take(block).cast(pa.string()) for block in blocks], pa.string())
