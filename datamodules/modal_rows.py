"""Posts as any number of modalities, and the batches made of them (Emotion, sections 3-4)."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL.Image import Image
from torch import Tensor
from torch.utils.data import Dataset

from datamodules.batching import FILLER, Key
from datamodules.texts import ABSENT, TokenTexts
from encoders.batches import UNLABELLED, ModalPosts, Tokens
from encoders.pictures import open_picture
from encoders.store import FeatureStore

Album = Literal["max", "mean", "first"]
NEGATIVES, DROP = 1, 2  # random streams of an epoch


class Source(Protocol):
    """One modality of E posts."""

    present: NDArray[np.bool_]  # (E,) which posts have it

    def take(self, index: NDArray[np.int64]) -> Tensor | Tokens:
        """Return what the encoder takes, for these posts in order; FILLER and absent ones are blank."""


class StoredPictures:
    """Stored features of each post's pictures; an album's are pooled component by component.

    Args:
        store: features by picture.
        albums: pictures of each of E posts, as the store names them.
        album: "max", "mean" or the "first" picture alone.
    """

    def __init__(self, store: FeatureStore, albums: Sequence[Sequence[str]], album: Album = "max") -> None:
        self.store, self.album = store, album
        names = list({name: None for album_names in albums for name in album_names})
        there = {name for name, has in zip(names, store.has(names).tolist(), strict=True) if has}
        kept = [[name for name in album_names if name in there] for album_names in albums]
        self.albums = [names[:1] for names in kept] if album == "first" else kept
        self.present = np.array([bool(names) for names in self.albums], dtype=bool)

    def take(self, index: NDArray[np.int64]) -> Tensor:
        """Return (B, I)."""
        albums = [self.albums[post] if post != FILLER else [] for post in index.tolist()]
        count = np.array([len(names) for names in albums])
        (some,) = np.nonzero(count)
        vectors = torch.zeros(len(index), *self.store.shape)
        if len(some):
            values = self.store.take([name for names in albums for name in names])[0].numpy()  # (P, I)
            starts = np.concatenate([[0], np.cumsum(count[some])[:-1]])
            pooled = (np.add if self.album == "mean" else np.maximum).reduceat(values, starts)  # (some, I)
            pooled = pooled / count[some, None] if self.album == "mean" else pooled
            vectors[some] = torch.from_numpy(pooled.astype(np.float32))
        return vectors


class DecodedPictures:
    """Pixels of each post's first picture, for a picture encoder that is trained.

    Args:
        paths: a file for each of E posts, or None.
        preprocess: picture -> (3, S, S), as the network was trained with.
        side: S.
    """

    def __init__(self, paths: Sequence[Path | None], preprocess: Callable[[Image], Tensor], side: int) -> None:
        self.paths, self.preprocess, self.side = paths, preprocess, side
        self.present = np.array([path is not None for path in paths], dtype=bool)

    def take(self, index: NDArray[np.int64]) -> Tensor:
        """Return (B, 3, S, S)."""
        pixels = torch.zeros(len(index), 3, self.side, self.side)
        for row, post in enumerate(index.tolist()):
            path = self.paths[post] if post != FILLER else None
            if path is not None:
                pixels[row] = self.preprocess(open_picture(path))
        return pixels


class WordTexts:
    """Words of each post's text.

    Args:
        texts: the words; the number of a text is its post's index.
    """

    def __init__(self, texts: TokenTexts) -> None:
        self.texts = texts
        self.present = np.diff(texts.offsets)[:-1] > 0  # the last is the blank text

    def take(self, index: NDArray[np.int64]) -> Tokens:
        """Return (B, T) tokens."""
        return self.texts.take(np.where(index == FILLER, ABSENT, index))


class OtherClasses(NamedTuple):
    """For each of E posts g posts of other classes, drawn evenly and anew each epoch (Eq. 13)."""

    label: NDArray[np.int64]  # (E,)
    order: NDArray[np.int64]  # (U,) usable posts, sorted by class
    begin: NDArray[np.int64]  # (C,) where a class begins in `order`
    end: NDArray[np.int64]  # (C,)

    @classmethod
    def of(cls, label: NDArray[np.int64], usable: NDArray[np.bool_]) -> "OtherClasses":
        """Take classes (E,) from 0 and which posts may be drawn (E,); ValueError where only one class has some."""
        (posts,) = np.nonzero(usable)
        order = posts[np.argsort(label[posts], kind="stable")]
        classes = np.arange(label.max(initial=0) + 1)
        begin, end = (np.searchsorted(label[order], classes, side) for side in ("left", "right"))
        if np.unique(label[order]).size < 2:
            raise ValueError(f"negatives come from other classes: {len(order)} usable posts are of fewer than two")
        return cls(label, order, begin, end)

    def draw(self, rng: np.random.Generator, g: int) -> NDArray[np.int64]:
        """Return (E, g) indices of posts; with (seed, epoch) as the generator's seed no worker changes a draw."""
        begin, size = self.begin[self.label], (self.end - self.begin)[self.label]  # (E,), (E,)
        place = np.floor(rng.random((len(self.label), g)) * (len(self.order) - size)[:, None]).astype(np.int64)
        return self.order[place + (place >= begin[:, None]) * size[:, None]]  # jumps over the post's own class


class ModalRows(Dataset[ModalPosts]):
    """Batches of posts by lists of keys, for `BatchLoader(..., sampler=batches, batch_size=None)`.

    Args:
        sources: modality -> E posts.
        label: (E,) class or UNLABELLED.
        negatives: g, posts of other classes drawn for each post; 0 draws none.
        negatives_of: which modality of them is given.
        drop: share of a post's modalities that training takes away, in [0, 1); one always stays (not in the paper).
        seed: of negatives and drop.

    Raises:
        ValueError: negatives are asked for, and there is only one class.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        label: NDArray[np.int64],
        *,
        negatives: int = 0,
        negatives_of: str = "text",
        drop: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.sources, self.label, self.drop, self.seed = sources, label, drop, seed
        self.present = np.stack([source.present for source in sources.values()], axis=1)  # (E, M)
        self.negatives, self.negatives_of = negatives, negatives_of
        self.others = OtherClasses.of(label, sources[negatives_of].present) if negatives else None
        self._drawn = (0, *self._draw(0))  # an epoch's draws, made once

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, keys: list[Key]) -> ModalPosts:
        """Return the posts of these keys, all of one epoch, in order; FILLER rows are blank and weigh nothing."""
        epoch, index = keys[0][0], np.array([post for _, post in keys], dtype=np.int64)  # (B,)
        real = index != FILLER
        if self._drawn[0] != epoch:
            self._drawn = (epoch, *self._draw(epoch))
        _, others, kept = self._drawn
        negatives: dict[str, Tensor | Tokens] = {}
        if others is not None:
            negatives[self.negatives_of] = self.sources[self.negatives_of].take(others[index].reshape(-1))
        return ModalPosts(
            inputs={name: source.take(index) for name, source in self.sources.items()},
            present=torch.from_numpy(kept[index] & real[:, None]),  # (B, M)
            label=torch.from_numpy(np.where(real, self.label[index], UNLABELLED)),
            negatives=negatives,
            weight=torch.from_numpy(real.astype(np.float32)),
            row=torch.from_numpy(np.where(real, index, -1)),
        )

    def _draw(self, epoch: int) -> tuple[NDArray[np.int64] | None, NDArray[np.bool_]]:
        """An epoch's negatives (E, g), if there are any, and which modalities stay (E, M)."""
        negatives, drop = (np.random.default_rng([self.seed, epoch, stream]) for stream in (NEGATIVES, DROP))
        others = self.others.draw(negatives, self.negatives) if self.others is not None else None
        if not self.drop:
            return others, self.present
        draws = np.where(self.present, drop.random(self.present.shape), -1.0)  # (E, M)
        return others, self.present & ((draws >= self.drop) | (draws == draws.max(1, keepdims=True)))
