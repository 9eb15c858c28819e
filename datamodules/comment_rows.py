"""Posts with comments as arrays of numbers, and the batches made of them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from datamodules.batching import FILLER, Key, kept_comments
from datamodules.texts import ABSENT, Texts
from encoders.batches import UNLABELLED, CommentedPosts, Tokens
from encoders.store import FeatureStore


def open_pictures(folder: Path, ids: Sequence[str]) -> FeatureStore:
    """Open stored pictures; ValueError if there are some, but none of these posts."""
    store = FeatureStore(folder)
    if ids and len(store) and set(store.ids).isdisjoint(ids):
        raise ValueError(f"{folder}: pictures of other posts, such as {store.ids[0]!r}; none is there of {ids[0]!r}")
    store.take([])  # makes its look-up now, so that workers share it
    return store


def identity_of(*names: str) -> int:
    """Number in [0, 2**64) that stands for a post, or for a pair of query and unlabelled post."""
    return int.from_bytes(hashlib.blake2b("\0".join(names).encode(), digest_size=8).digest(), "little")


class PostTable(NamedTuple):
    """E posts: labelled ones, then unlabelled ones; Q queries, whose comments they share."""

    ids: list[str]  # E post ids, of the benchmark or of the corpus
    text: NDArray[np.int64]  # (E,) number of the post's text, or ABSENT
    query: NDArray[np.int64]  # (E,) row of `comments`
    comments: NDArray[np.int64]  # (Q, N) numbers of the comments' texts, or ABSENT
    identity: NDArray[np.uint64]  # (E,) `identity_of` the post
    from_corpus: NDArray[np.bool_]  # (E,) unlabelled posts
    label: NDArray[np.int64]  # (E,) class or UNLABELLED
    target: NDArray[np.float32]  # (E, C) the teacher's distribution, zero rows where there is none
    row: NDArray[np.int64]  # (E,) position in the part, -1 for unlabelled posts of a student


class CommentedRows(Dataset[CommentedPosts]):
    """Batches of posts by lists of keys, for `BatchLoader(..., sampler=batches, batch_size=None)`.

    Args:
        table: the posts.
        texts: the texts that the table numbers.
        pictures: stored pictures of the benchmark's posts, by post id.
        corpus_pictures: the same for the corpus; None where the table has no corpus posts.
        drop: share of comments a student loses, in [0, 1) (Section 3.4: 0.5); 0 keeps all.
        drop_on: "all" posts (the paper's words) or the "unlabelled" only (official code).
        seed: of the comment drop.

    Raises:
        ValueError: the two stores hold features of different shapes or encoders.
    """

    def __init__(
        self,
        table: PostTable,
        texts: Texts,
        pictures: FeatureStore,
        corpus_pictures: FeatureStore | None = None,
        *,
        drop: float = 0.0,
        drop_on: Literal["all", "unlabelled"] = "all",
        seed: int = 0,
    ) -> None:
        if corpus_pictures is not None and tuple(corpus_pictures.shape) != tuple(pictures.shape):
            raise ValueError(
                f"pictures are stored as {tuple(pictures.shape)} for the benchmark and as "
                f"{tuple(corpus_pictures.shape)} for the corpus: encode both with the same encoder and grid"
            )
        if corpus_pictures is not None and corpus_pictures.key != pictures.key:
            raise ValueError(
                f"{corpus_pictures.folder} was made by {corpus_pictures.key}, {pictures.folder} by {pictures.key}: "
                "encode benchmark and corpus with the same encoder"
            )
        self.table, self.texts, self.pictures, self.corpus_pictures = table, texts, pictures, corpus_pictures
        self.drop, self.drop_on, self.seed = drop, drop_on, seed

    def __len__(self) -> int:
        return len(self.table.ids)

    def __getitem__(self, keys: list[Key]) -> CommentedPosts:
        """Return the posts of these keys in order; FILLER rows are blank and weigh nothing."""
        epoch, index = np.array(keys, dtype=np.int64).reshape(-1, 2).T  # (B,), (B,)
        real = index != FILLER
        text = np.where(real, self.table.text[index], ABSENT)
        image, seen = self._images(index)
        comments, comment_index, comment_weight = self._comments(index, epoch)
        return CommentedPosts(
            image=image,
            text=self.texts.take(text),
            present=torch.stack([seen, torch.from_numpy(text != ABSENT)], dim=1),
            comments=comments,
            comment_index=comment_index,
            comment_weight=comment_weight,
            label=torch.from_numpy(np.where(real, self.table.label[index], UNLABELLED)),
            target=torch.from_numpy(np.where(real[:, None], self.table.target[index], np.float32(0))),
            weight=torch.from_numpy(real.astype(np.float32)),
            row=torch.from_numpy(np.where(real, self.table.row[index], -1)),
        )

    def _images(self, index: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        image = torch.zeros(len(index), *self.pictures.shape)
        seen = torch.zeros(len(index), dtype=torch.bool)
        corpus = self.table.from_corpus[index]
        for store, wanted in ((self.pictures, ~corpus), (self.corpus_pictures, corpus)):
            (rows,) = np.nonzero(wanted & (index != FILLER))
            if store is not None and len(rows):
                image[rows], seen[rows] = store.take([self.table.ids[number] for number in index[rows]])
        return image, seen

    def _comments(self, index: NDArray[np.int64], epoch: NDArray[np.int64]) -> tuple[Tokens | Tensor, Tensor, Tensor]:
        """Return the D distinct comments that count, (B, N) which of them each post has, and (B, N) how often."""
        numbers = self.table.comments[self.table.query[index]]  # (B, N)
        numbers = np.where((index != FILLER)[:, None], numbers, ABSENT)
        weight = (numbers != ABSENT).astype(np.float32)
        dropping = self.table.from_corpus[index] | (self.drop_on == "all")
        if self.drop and dropping.any():
            identity = self.table.identity[index[dropping]]
            weight[dropping] = kept_comments(weight[dropping] > 0, identity, epoch[dropping], self.seed, self.drop)
        counted = weight > 0
        distinct, position = np.unique(numbers[counted], return_inverse=True)
        comment_index = np.zeros_like(numbers)
        comment_index[counted] = position.reshape(-1)
        comments = self.texts.take(distinct if len(distinct) else np.array([ABSENT]))
        return comments, torch.from_numpy(comment_index), torch.from_numpy(weight)
