"""Posts of timelines as batches of pictures, texts and users."""

from collections.abc import Collection
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from datamodules.batching import FILLER, Key
from datamodules.retrieval_tasks import RetrievalTask
from datamodules.timelines import Timelines
from encoders.batches import PostTriples, Queries
from encoders.store import FeatureStore

ALL = ("image", "text", "user")


class Pictures:
    """Features of a corpus's pictures; a picture without features counts as missing.

    Args:
        corpus: names the pictures.
        store: vectors by the picture's path; None for models that see no pictures.
    """

    def __init__(self, corpus: Timelines, store: FeatureStore | None) -> None:
        self.store = store
        self.rows = store.rows(corpus.pictures) if store is not None else np.full(len(corpus.pictures), -1, np.int64)

    @property
    def width(self) -> int | None:
        """W of a vector; None where there are no features."""
        return int(self.store.shape[-1]) if self.store is not None else None

    @property
    def known(self) -> NDArray[np.bool_]:
        """(I,) which pictures have features."""
        return self.rows >= 0

    def identities(self, picture: NDArray[np.integer]) -> NDArray[np.int64]:
        """The numbers of these pictures; -1 of those without features."""
        rows = np.append(self.rows, -1)  # where -1, no picture, finds it
        return np.where(rows[picture] >= 0, picture, -1).astype(np.int64)

    def take(self, picture: NDArray[np.int64]) -> Tensor:
        """(n, W) float32 of pictures that have features; each is read once, in the order of the file."""
        if self.store is None:
            return torch.zeros(0, 0)
        return self.store.take_rows(self.rows[picture]).flatten(1)


class TripleRows(Dataset[PostTriples]):
    """Batches of posts by lists of keys; a filler is a row without anything.

    Args:
        corpus: its tokens stay on the disk.
        posts: (N,) which posts; keys count them.
        pictures: features.
        words: longer texts are cut, shorter ones filled up with 0 (Section 4.3: 20).
        shown: modalities that are there; the others count as missing.
    """

    def __init__(
        self,
        corpus: Timelines,
        posts: NDArray[np.int64],
        pictures: Pictures,
        words: int = 20,
        shown: Collection[str] = ALL,
    ) -> None:
        self.corpus, self.posts, self.pictures, self.words, self.shown = corpus, posts, pictures, words, shown

    def __len__(self) -> int:
        """N."""
        return len(self.posts)

    def __getitem__(self, keys: list[Key]) -> PostTriples:
        """The posts of these keys, in their order."""
        index = indices(keys)
        filler = index == FILLER
        posts = self.posts[np.where(filler, 0, index)]
        picture = self._identities("image", self.pictures.identities(self.corpus.picture[posts]), filler)
        text = self._identities("text", self.corpus.text[posts], filler)
        user = self._identities("user", self.corpus.user[posts], filler)
        return PostTriples(
            pictures=self.pictures.take(picture[picture >= 0]),
            words=self._words(posts[text >= 0]),
            picture=torch.from_numpy(picture),
            text=torch.from_numpy(text),
            user=torch.from_numpy(user),
        )

    def _identities(self, modality: str, found: NDArray[np.integer], filler: NDArray[np.bool_]) -> NDArray[np.int64]:
        if modality not in self.shown:
            return np.full(len(found), -1, np.int64)
        return np.where(filler, -1, found).astype(np.int64)

    def _words(self, posts: NDArray[np.int64]) -> Tensor:
        start, length = self.corpus.offsets[posts], self.corpus.offsets[posts + 1] - self.corpus.offsets[posts]
        return torch.from_numpy(padded(self.corpus.tokens, start, length, self.words, fill=0))


class QueryRows(Dataset[Queries]):
    """Batches of a task's queries with their true items by lists of keys; fillers are left out.

    Args:
        rows: of the posts that stand for the queries.
        task: what is true of them.
    """

    def __init__(self, rows: TripleRows, task: RetrievalTask) -> None:
        self.rows, self.task = rows, task

    def __len__(self) -> int:
        """Q."""
        return len(self.task.queries)

    def __getitem__(self, keys: list[Key]) -> Queries:
        """The queries of these keys, in their order; M is the most true items that one of them has, at least 1."""
        index = indices(keys)
        index = index[index != FILLER]
        start, length = self.task.offsets[index], self.task.offsets[index + 1] - self.task.offsets[index]
        true = padded(self.task.true, start, length, int(length.max(initial=1)), fill=-1)
        return Queries(self.rows[[(0, int(row)) for row in index]], torch.from_numpy(true))


def indices(keys: list[Key]) -> NDArray[np.int64]:
    """(B,) the keys' rows, FILLER among them."""
    return np.array([index for _, index in keys], dtype=np.int64)


def padded(
    values: NDArray[Any], start: NDArray[np.int64], length: NDArray[np.int64], width: int, fill: int
) -> NDArray[np.int64]:
    """(n, width): row r is values[start[r] : start[r] + length[r]], cut or filled up to `width`."""
    place = np.arange(width)
    inside = place < np.minimum(length, width)[:, None]  # (n, width)
    found = np.full(inside.shape, fill, dtype=np.int64)
    found[inside] = values[(start[:, None] + place)[inside]]
    return found
