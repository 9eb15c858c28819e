"""Pictures that are the same but for their file: nearest neighbours of their features (DU2MCE, section 4.1)."""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from datamodules.sentences.overlap import joined
from encoders.progress import Progress
from encoders.store import FeatureStore
from retrieval import StoreVectors, VectorIndex

NEIGHBOURS = 16  # looked at first, and four times as many for a picture whose neighbours are all near-duplicates
MOST_NEIGHBOURS = 1024  # more copies of one picture are joined through each other
BLOCK = 1024  # pictures whose neighbours are searched for at a time
ROUNDING = 1e-6  # of a cosine


def picture_groups(
    given: pa.Array, features: FeatureStore | None, min_similarity: float, folder: Path, progress: Progress
) -> NDArray[np.int64]:
    """The first picture of each one's group, (N,): near-duplicates, and what a chain of them joins.

    Args:
        given: N distinct paths, as Arrow's strings.
        features: one vector a picture, by path; a picture without one is like no other, and so are all without a store.
        min_similarity: cosine from which on two pictures are near-duplicates.
        folder: for the index; does not stay.
        progress: told of pictures done.

    Raises:
        ValueError: the store holds bits, or more than a vector a picture.
    """
    if features is None:
        return np.arange(len(given))
    if features.dtype == np.uint8:
        raise ValueError(f"{features.folder}: holds bits; near-duplicate pictures are found by features as they are")
    paths = given.to_pylist()
    equal = _equal(paths, features)
    distinct = np.flatnonzero(equal == np.arange(len(paths)))
    shutil.rmtree(folder, ignore_errors=True)
    source = StoreVectors(features, [paths[row] for row in distinct])
    pairs = [np.stack([np.arange(len(paths)), equal], axis=1)]
    if features.has(source.ids).any():
        index = VectorIndex.build(folder, source, features.key)
        pairs += [distinct[found] for found in _near(index, min_similarity, progress)]
    shutil.rmtree(folder, ignore_errors=True)
    return joined(np.concatenate(pairs), len(paths))


def _equal(paths: Sequence[str], features: FeatureStore) -> NDArray[np.int64]:
    """The first picture with the very same features, (N,)."""
    first: dict[bytes, int] = {}
    found = np.arange(len(paths))
    for begin in range(0, len(paths), BLOCK):
        values, there = features.take(paths[begin : begin + BLOCK])
        for row in np.flatnonzero(there.numpy()):
            digest = hashlib.blake2b(values[row].numpy().tobytes(), digest_size=16).digest()
            found[begin + row] = first.setdefault(digest, begin + int(row))
    return found


def _near(index: VectorIndex, min_similarity: float, progress: Progress) -> Iterator[NDArray[np.int64]]:
    """Pairs of rows (n, 2) that are near-duplicates, among them one chain at least for every group."""
    rows, count = index.members, NEIGHBOURS
    while len(rows):
        full = []
        for begin in range(0, len(rows), BLOCK):
            block = rows[begin : begin + BLOCK]
            _, neighbours = index.search(index.vectors[block], count)  # (B, k); -1 where there are fewer
            near = (neighbours >= 0) & (_cosines(index, block, neighbours) >= min_similarity - ROUNDING)
            yield np.stack([np.repeat(block, near.sum(1)), neighbours[near]], axis=1)
            full.append(block[near.all(1)])
            progress(min(begin + BLOCK, len(rows)), len(rows))
        count *= 4
        rows = np.concatenate(full) if count // 4 < min(len(index), MOST_NEIGHBOURS) else rows[:0]


def _cosines(index: VectorIndex, rows: NDArray[np.int64], neighbours: NDArray[np.int64]) -> NDArray[np.float32]:
    """Exact ones (B, k), which a compressed index lacks."""
    found = np.empty(neighbours.shape, np.float32)
    for place, row in enumerate(rows):
        found[place] = index.exact(index.vectors[row], np.maximum(neighbours[place], 0))
    return found
