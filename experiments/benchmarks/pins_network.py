"""Sentences about pictures as Pins' stages leave them, words and bits drawn at random; and word embeddings of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from datamodules.pins import PinsData
from datamodules.sentences.corpus import BOS, EOS, SPECIAL, VERSION
from encoders.atomic import write_json
from encoders.batches import PackedSentences
from encoders.bits import packed_width
from encoders.parts import BITS
from encoders.store import write_features
from lightning_modules.pins import WordEmbeddings
from lightning_modules.visual import InitialState, Visual

HELD_OUT = 10  # sentences that Lightning validates on
DESCRIPTIONS = 7  # of a picture; 300 M sentences of 40 M pictures are 7.5 (Pins, Section 3.1)


@dataclass(frozen=True)
class PinsSizes:
    """How much word embeddings compute; the defaults are the paper's."""

    words: int = 335_323  # of the vocabulary (Pins, Section 5.1)
    embedding: int = 128  # E (Pins, Table 3)
    state: int = 512  # H (Pins, Section 4)
    bits: int = 4096  # W (Pins, Section 4)
    negatives: int = 1024  # S (Pins, Section 4)
    batch: int = 256  # sentences of a step (Pins, Section 5.1)
    length: int = 11  # words of a sentence: with <bos> or <eos> 12 are read or predicted
    sentences: int = 30_000  # of an epoch
    prepared: int = 10_000_000  # sentences of the corpus that is prepared


class PinsNetwork:
    """Training sentences of equal length, a picture for every seven, with the networks that learn them.

    Args:
        folder: for everything that is written; what is there already is taken as it is.
        sizes: how much.
    """

    def __init__(self, folder: Path, sizes: PinsSizes) -> None:
        self.folder, self.sizes = folder, sizes
        self.corpus, self.bits = folder / "corpus", folder / "bits"
        if not (self.corpus / "corpus.json").is_file():
            self._write()

    @cached_property
    def data(self) -> PinsData:
        """All sentences with the bits of their pictures."""
        return PinsData(self.corpus, self.bits, self.sizes.batch)

    @cached_property
    def batch(self) -> PackedSentences:
        """The first step's sentences."""
        return next(iter(self.data.train_dataloader()))

    def embeddings(
        self,
        visual: Callable[[int, int, int], Visual] | None = InitialState,
        negatives: bool = True,
        kind: type[WordEmbeddings] = WordEmbeddings,
    ) -> WordEmbeddings:
        """A network of the paper's sizes, the same at each call; model A unless said otherwise."""
        torch.manual_seed(0)
        sizes = self.sizes
        return kind(
            self.corpus,
            visual,
            state_size=sizes.state,
            embedding_size=sizes.embedding,
            picture_size=sizes.bits,
            negatives=sizes.negatives if negatives else None,
        )

    def _write(self) -> None:
        """As the stages `corpus` and `bits` would."""
        draws, sizes = np.random.default_rng(0), self.sizes
        self._write_words()
        pictures = [f"{number}.jpg" for number in range(-(-sizes.sentences // DESCRIPTIONS))]
        pq.write_table(pa.table({"path": pictures}), self.corpus / "pictures.parquet")
        bits = torch.from_numpy(draws.integers(0, 256, (len(pictures), packed_width(sizes.bits)), np.uint8))
        items, key = list(zip(pictures, bits, strict=True)), {"width": sizes.bits, "made": "at random"}
        write_features(self.bits, items, torch.stack, tuple(bits.shape[1:]), key, dtype=BITS)
        for part, count in (("train", sizes.sentences), ("validation", HELD_OUT)):
            self._write_part(part, count, draws)
        write_json(self.corpus / "corpus.json", {"version": VERSION, "parts": {"train": {}, "validation": {}}})

    def _write_words(self) -> None:
        """The k-th word as often as 1 / k; counts only have to fall."""
        names = [*SPECIAL[:2], *(f"w{number}" for number in range(2, self.sizes.words))]
        counts = 10 * len(names) // np.arange(1, len(names) + 1)
        self.corpus.mkdir(parents=True)
        pq.write_table(pa.table({"word": names, "count": counts}), self.corpus / "words.parquet")

    def _write_part(self, part: str, count: int, draws: np.random.Generator) -> None:
        sizes, first = self.sizes, max(BOS, EOS) + 1
        ranks = np.floor((sizes.words - first + 1) ** draws.random(count * sizes.length))  # Zipf's law, from 1 on
        arrays: dict[str, NDArray] = {
            "tokens": (ranks + first - 1).astype(np.int32),
            "offsets": np.arange(count + 1, dtype=np.int64) * sizes.length,
            "pictures": (np.arange(count) // DESCRIPTIONS).astype(np.int32),
        }
        (self.corpus / part).mkdir()
        for name, values in arrays.items():
            np.save(self.corpus / part / f"{name}.npy", values)
