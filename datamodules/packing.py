"""Sentences of words by number as packed batches."""

from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from datamodules.batching import FILLER, Key
from datamodules.sentences import BOS, EOS, Corpus, Sentences
from encoders.batches import PackedSentences
from encoders.store import FeatureStore


class SentenceRows(Dataset[PackedSentences]):
    """Batches of a part's sentences by lists of keys; fillers are left out, they hold no words.

    Args:
        corpus: its sentences stay on the disk.
        part: which S of them.
        bits: the pictures' packed bits; None where no model asks for them.
        picture_rows: row in `bits` of each of the corpus's pictures, -1 without features.
        max_words: longer sentences are cut, and the last target of a cut one is a false <eos>; None cuts none.
    """

    def __init__(
        self,
        corpus: Corpus,
        part: str,
        bits: FeatureStore | None,
        picture_rows: NDArray[np.int64],
        max_words: int | None = None,
    ) -> None:
        self.corpus, self.part, self.bits, self.max_words = corpus, part, bits, max_words
        self.picture_rows = np.append(picture_rows, -1)  # where -1, no picture, finds it

    @cached_property
    def sentences(self) -> Sentences:
        """Memory-mapped, so that workers share them."""
        return self.corpus.part(self.part)

    def __len__(self) -> int:
        """S."""
        return len(self.sentences.picture)

    def __getitem__(self, keys: list[Key]) -> PackedSentences:
        """The sentences of these keys, longest first, in the order of keys among equals."""
        rows = np.array([index for _, index in keys if index != FILLER], dtype=np.int64)
        start, end = self.sentences.offsets[rows], self.sentences.offsets[rows + 1]
        lengths = np.minimum(end - start, self.max_words or len(self.sentences.tokens))
        order = np.argsort(-lengths, kind="stable")
        return self._packed(rows[order], start[order], lengths[order])

    def _packed(self, rows: NDArray[np.int64], start: NDArray[np.int64], lengths: NDArray[np.int64]) -> PackedSentences:
        size, longest = len(rows), int(lengths.max(initial=0))
        place = np.arange(longest)  # (T,)
        is_word = place < lengths[:, None]  # (B, T)
        whole = np.full((size, longest + 2), EOS, dtype=np.int64)  # <bos>, words, <eos>
        whole[:, 0] = BOS
        whole[:, 1:-1][is_word] = self.sentences.tokens[(start[:, None] + place)[is_word]]
        is_read = (np.arange(longest + 1) <= lengths[:, None]).T  # (T + 1, B), step by step
        sizes = is_read.sum(1)  # (T + 1,)
        first = np.cumsum(sizes) - sizes  # place of each step in N
        sentence = np.broadcast_to(np.arange(size), is_read.shape)[is_read]
        bits, present = self._pictures(rows)
        return PackedSentences(
            words=torch.from_numpy(whole[:, :-1].T[is_read]),
            targets=torch.from_numpy(whole[:, 1:].T[is_read]),
            sentence=torch.from_numpy(sentence),
            last=torch.from_numpy(first[lengths] + np.arange(size)),
            sizes=sizes.tolist(),
            pictures=bits,
            present=present,
        )

    def _pictures(self, rows: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        if self.bits is None:
            return torch.zeros(len(rows), 0, dtype=torch.uint8), torch.zeros(len(rows), dtype=torch.bool)
        stored = self.picture_rows[self.sentences.picture[rows]]
        return self.bits.take_rows(stored), torch.from_numpy(stored >= 0)
