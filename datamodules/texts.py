"""Texts by number, as rows of their pieces or vectors."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from encoders.batches import Tokens
from encoders.store import FeatureStore

ABSENT = -1  # in place of a text's number


def text_id(text: str) -> str:
    """Name under which a feature store holds the vector of a text: SHA-1 of its UTF-8 bytes, 40 hex digits."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class Texts(Protocol):
    """Distinct texts, by number."""

    def take(self, numbers: NDArray[np.int64]) -> Tokens | Tensor:
        """Return the texts of these numbers in order; ABSENT gives a blank row."""


class Cutter(Protocol):
    """What `TokenTexts` asks of a tokenizer; `Tokenizer` and `Vocabulary` have it."""

    @property
    def padding(self) -> int:
        """Fills up short rows."""

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """Return each text's pieces."""


class TokenTexts:
    """Pieces of texts, cut once, kept in one flat array that workers share.

    Args:
        texts: T texts; the number of a text is its position.
        cutter: cuts them into word pieces or words.
    """

    def __init__(self, texts: Sequence[str], cutter: Cutter, chunk: int = 10_000) -> None:
        self.padding = cutter.padding
        pieces: list[NDArray[np.int32]] = []
        lengths = [0]
        for start in range(0, len(texts) + 1, chunk):  # the blank text comes last, where ABSENT = -1 finds it
            cut = cutter([*texts, ""][start : start + chunk])
            lengths += [len(ids) for ids in cut]
            pieces.append(np.array([piece for ids in cut for piece in ids], dtype=np.int32))
        self.pieces, self.offsets = np.concatenate(pieces), np.cumsum(lengths)

    def take(self, numbers: NDArray[np.int64]) -> Tokens:
        """Return (S, T) tokens; T is the longest of these texts, 1 at least."""
        numbers = np.where(numbers == ABSENT, len(self.offsets) - 2, numbers)
        start, length = self.offsets[numbers], self.offsets[numbers + 1] - self.offsets[numbers]
        place = np.arange(max(1, length.max(initial=0)))  # (T,)
        mask = place < length[:, None]  # (S, T)
        ids = np.full(mask.shape, self.padding, dtype=np.int64)
        ids[mask] = self.pieces[(start[:, None] + place)[mask]]
        return Tokens(torch.from_numpy(ids), torch.from_numpy(mask))


class StoredTexts:
    """Vectors of texts from a frozen encoder.

    Args:
        texts: T texts; the number of a text is its position.
        folder: feature store keyed by `text_id`.

    Raises:
        KeyError: the store lacks one of the texts.
    """

    def __init__(self, texts: Sequence[str], folder: Path) -> None:
        self.store = FeatureStore(folder)
        self.ids = [*map(text_id, texts), "absent"]
        self.store.take([])  # makes its look-up now, so that workers share it
        lacking = set(self.ids[:-1]).difference(self.store.ids)
        if lacking:
            first = next(text for text, name in zip(texts, self.ids, strict=False) if name in lacking)
            raise KeyError(
                f"{folder}: no vector for {len(lacking)} of {len(texts)} texts, such as {first!r} ({text_id(first)}); "
                "encode the texts of posts, corpus posts and comments (stage `texts`), or train on tokens"
            )

    def take(self, numbers: NDArray[np.int64]) -> Tensor:
        """Return (S, H) float."""
        return self.store.take([self.ids[number] for number in numbers])[0]
