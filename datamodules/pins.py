"""Sentences of pictures, for word embeddings (Pins, sections 3.1 and 5.1)."""

from pathlib import Path
from typing import Literal

import lightning as L
import numpy as np

from datamodules.batching import BatchLoader, GlobalBatches, device_of, loader
from datamodules.packing import SentenceRows
from datamodules.sentences import Corpus
from encoders.batches import PackedSentences
from encoders.store import FeatureStore

Part = Literal["train", "validation", "test"]


class PinsData(L.LightningDataModule):
    """Sentences with the bits of their pictures: training ones in a new order every epoch, held-out ones.

    Args:
        corpus: folder that the stage `sentences` made.
        pictures: feature store of packed bits by the picture's path; None gives no sentence a picture.
        batch_size: sentences of a step, all devices together (Section 5.1: 256).
        max_words: longer sentences are cut, and the last target of a cut one is a false <eos>; None, as in the paper,
            cuts none.
        seed: of the order of sentences.
        num_workers: processes that make batches; they change nothing else.

    Raises:
        ValueError: `pictures` are features of another kind, or `max_words` leaves nothing.
    """

    def __init__(
        self,
        corpus: Path,
        pictures: Path | None = None,
        batch_size: int = 256,
        max_words: int | None = None,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__()
        if max_words is not None and max_words < 1:
            raise ValueError(f"max_words {max_words}: give at least 1, or null to cut no sentence")
        self.corpus = Corpus(corpus)
        self.batch_size, self.max_words, self.seed, self.num_workers = batch_size, max_words, seed, num_workers
        self.bits = FeatureStore(pictures) if pictures is not None else None
        if self.bits is not None and self.bits.dtype != np.uint8:
            raise ValueError(f"{pictures}: {self.bits.dtype} features, not bits; the stage `bits` makes them of these")
        self._picture_rows = np.full(len(self.corpus.pictures), -1, dtype=np.int64)
        if self.bits is not None:
            self._picture_rows = self.bits.rows(self.corpus.pictures)

    # what is learned
    @property
    def picture_size(self) -> int | None:
        """W, bits of a picture; None where no sentence gets one."""
        return int(self.bits.key["width"]) if self.bits is not None else None

    def rows_of(self, part: Part) -> SentenceRows:
        """Batches of a part's sentences by lists of keys."""
        return SentenceRows(self.corpus, part, self.bits, self._picture_rows, self.max_words)

    def setup(self, stage: str) -> None:
        """Say how many pictures have no features: their sentences count as sentences without a picture."""
        lacking = int((self._picture_rows < 0).sum())
        if stage == "fit" and self.bits is not None and lacking and device_of(self)[0] == 0:
            print(f"{lacking:,} of {len(self._picture_rows):,} pictures have no features: taken as absent", flush=True)

    # batches
    def train_dataloader(self) -> BatchLoader[PackedSentences]:
        """Training sentences in a new order every epoch."""
        return self._loader("train", shuffle=True)

    def val_dataloader(self) -> BatchLoader[PackedSentences]:
        """Sentences of held-out pictures in order."""
        return self._loader("validation", shuffle=False)

    def test_dataloader(self) -> BatchLoader[PackedSentences]:
        """Test sentences in order, where the corpus has such a part."""
        return self._loader("test", shuffle=False)

    def _loader(self, part: Part, shuffle: bool) -> BatchLoader[PackedSentences]:
        rows, (rank, world) = self.rows_of(part), device_of(self)
        batches = GlobalBatches(len(rows), self.batch_size, seed=self.seed, rank=rank, world=world, shuffle=shuffle)
        return loader(rows, batches, self.num_workers)
