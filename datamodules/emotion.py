"""Posts with an emotion, as any of their modalities (Emotion, section 5)."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from datamodules.batching import BatchLoader, GlobalBatches
from datamodules.benchmark import Part
from datamodules.labelled import LabelledPosts
from datamodules.modal_rows import Album, DecodedPictures, ModalRows, Source, StoredPictures, WordTexts
from datamodules.retrieved import existing
from datamodules.texts import TokenTexts
from encoders.batches import ModalPosts
from encoders.store import FeatureStore
from encoders.vocabulary import Vocabulary

MODALITIES = ("image", "text")


class EmotionData(LabelledPosts):
    """Pictures and texts of a benchmark's posts; a post may lack either, and one that lacks both is not learned from.

    Args:
        benchmark: prepared folder of the labelled posts.
        task: which of its labels to learn.
        modalities: which to read, of image and text, in the order of the model's encoders.
        image_features: feature store of the pictures, by their path in the prepared posts.
        album: how a post's several pictures become one vector: max, mean or the first alone (open in the paper).
        pixels_of: timm's name of a network that is trained: the first picture comes as its pixels, not as features.
        side: of those pixels (Inception: 299).
        words: folder of the vocabulary, from the stage `words`.
        negatives: g, texts of other classes for each post of a step (Table 3: 3 or 4); 0 without an auxiliary task.
        negatives_of: the modality they are of.
        modality_drop: share of modalities taken away in training, in [0, 1); not in the paper.
        protocol: which split; the published one is `paper`.
        batch_size: posts of a step, all devices together (not stated; 32).
        seed: order, negatives, modality drop.
        num_workers: processes that make batches; they change nothing else.

    Raises:
        ValueError: arguments that do not go together, or a class without any training post.
        FileNotFoundError: an input is missing; the message names the stage that makes it.
    """

    def __init__(
        self,
        *,
        benchmark: Path,
        task: str = "emotion",
        modalities: tuple[str, ...] = MODALITIES,
        image_features: Path | None = None,
        album: Album = "max",
        pixels_of: str | None = None,
        side: int = 299,
        words: Path | None = None,
        negatives: int = 0,
        negatives_of: str = "text",
        modality_drop: float = 0.0,
        protocol: str = "paper",
        batch_size: int = 32,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__(benchmark, task, protocol, batch_size, seed, num_workers)
        unknown = [name for name in modalities if name not in MODALITIES]
        if unknown or not modalities:
            raise ValueError(f"modalities {list(modalities)}: give some of {', '.join(MODALITIES)}")
        if negatives and negatives_of not in modalities:
            raise ValueError(f"negatives_of {negatives_of!r} is not among the modalities {list(modalities)}")
        if not 0 <= modality_drop < 1:
            raise ValueError(f"modality_drop {modality_drop} is no share in [0, 1)")
        self.modalities, self.image_features, self.album = tuple(modalities), image_features, album
        self.pixels_of, self.side, self.words = pixels_of, side, words
        self.negatives, self.negatives_of, self.modality_drop = negatives, negatives_of, modality_drop
        self._rows: dict[tuple[Part, bool], ModalRows] = {}

    # what is learned
    def ids(self, part: Part) -> list[str]:
        """Post ids of a part; training posts without a label, or without any of the modalities, are left out."""
        return self._training[0] if part == "train" else super().ids(part)

    @cached_property
    def _training(self) -> tuple[list[str], dict[str, Source]]:
        """The posts to learn from, and their modalities."""
        labelled = super().ids("train")
        sources = self._sources(labelled)
        some = np.any([source.present for source in sources.values()], axis=0)
        if some.all():
            return labelled, sources
        if self.device[0] == 0:
            having = " or ".join(self.modalities)
            print(f"{(~some).sum():,} of {len(labelled):,} training posts have no {having}: left out")
        learned = [post for post, has in zip(labelled, some.tolist(), strict=True) if has]
        return learned, self._sources(learned)

    # batches
    def train_dataloader(self) -> BatchLoader[ModalPosts]:
        """Labelled posts in a new order every epoch."""
        rows = self.rows_of("train", training=True)
        rank, world = self.device
        return self.loader(rows, GlobalBatches(len(rows), self.batch_size, seed=self.seed, rank=rank, world=world))

    # tables
    def rows_of(self, part: Part, training: bool = False) -> ModalRows:
        """Batches of a part's posts; training ones with negatives and modality drop."""
        if (part, training) not in self._rows:
            ids = self.ids(part)
            extra: dict[str, Any] = {}
            if training:
                self._refuse_absent_classes(ids)
                extra = {"negatives": self.negatives, "negatives_of": self.negatives_of, "drop": self.modality_drop}
            sources = self._training[1] if part == "train" else self._sources(ids)
            self._rows[part, training] = ModalRows(sources, self.gold(ids), **extra, seed=self.seed)
        return self._rows[part, training]

    def _refuse_absent_classes(self, ids: list[str]) -> None:
        learned = set(self.gold(ids).tolist())
        absent = [name for number, name in enumerate(self.classes) if number not in learned]
        if absent:
            raise ValueError(
                f"{self.benchmark}: no training post of split {self.protocol!r} is of class {', '.join(absent)}; "
                "use another split (--data.protocol), or leave the class out of dataset.yaml's tasks and prepare again"
            )

    def _sources(self, ids: list[str]) -> dict[str, Source]:
        made = {"image": self._pictures, "text": self._texts}
        return {name: made[name](ids) for name in self.modalities}

    def _pictures(self, ids: list[str]) -> Source:
        rows = self.posts.rows(ids)
        if self.pixels_of is not None:
            from encoders.image import Preprocessing, untrained  # imports timm

            files = [self.posts.picture(row) for row in rows]
            prepare = Preprocessing.of(untrained(self.pixels_of), self.side)
            return DecodedPictures(files, prepare.__call__, self.side)
        if self.image_features is None:
            raise ValueError("give the pictures' stored features as image_features, or pixels_of, or leave image out")
        store = FeatureStore(existing(self.image_features, "benchmark_pictures"))
        return StoredPictures(store, [self.posts.pictures(row) for row in rows], self.album)

    def _texts(self, ids: list[str]) -> Source:
        if self.words is None:
            raise ValueError("give the vocabulary's folder as words, or leave text out of modalities")
        return WordTexts(TokenTexts(self.posts.texts(ids), self._vocabulary))

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(existing(str(self.words), "words"))
