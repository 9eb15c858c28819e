"""What all datamodules of classifiers share: a benchmark's parts, its labels, and posts that lose a modality."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from datamodules.batching import BatchLoader, GlobalBatches, device_of, loader
from datamodules.benchmark import Benchmark, Part
from datamodules.missing import Missing, lost
from datamodules.posts import Posts
from encoders.batches import CommentedPosts, ModalPosts

_STAGES: dict[str, tuple[Part, ...]] = {"fit": ("train", "validation"), "validate": ("validation",), "test": ("test",)}


class LabelledPosts(L.LightningDataModule):
    """Posts of one task, in the parts of a split; subclasses bring the rows.

    Evaluation may take modalities away: `missing` holds for `predict` only.

    Args:
        benchmark: prepared folder of the labelled posts.
        task: which of its labels to learn.
        protocol: which split; the published one is `paper`.
        batch_size: labelled posts of a step, all devices together.
        seed: of all that is drawn.
        num_workers: processes that make batches; they change nothing else.
    """

    modalities: Sequence[str] = ()  # in the order of the batches' `present`

    def __init__(self, benchmark: Path, task: str, protocol: str, batch_size: int, seed: int, num_workers: int) -> None:
        super().__init__()
        self.benchmark, self.task, self.protocol = Path(benchmark), task, protocol
        self.labelled = Benchmark(benchmark, task, protocol)
        self.batch_size, self.seed, self.num_workers = batch_size, seed, num_workers
        self.predict_part: Part = "test"
        self.missing: Missing = {}
        self._asked: tuple[Any, ...] = ()

    def rows_of(self, part: Part, training: bool = False) -> Dataset[Any]:
        """Batches of a part's posts by lists of keys; made once."""
        raise NotImplementedError

    # what is learned
    @property
    def classes(self) -> list[str]:
        """C class names, in the order of the labels."""
        return self.labelled.classes

    @property
    def num_classes(self) -> int:
        """C."""
        return len(self.classes)

    @property
    def posts(self) -> Posts:
        """The benchmark's posts."""
        return self.labelled.posts

    def ids(self, part: Part) -> list[str]:
        """Post ids of a part; position is the `row` of batches. Training posts without a label are left out."""
        return self.labelled.ids(part)

    def gold(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Class of each benchmark post, UNLABELLED where it has none."""
        return self.labelled.gold(ids)

    def shown(self, part: Part) -> dict[str, list[Any]]:
        """What stands beside a part's predictions, lists of texts, one a post."""
        return {}

    def facts(self) -> dict[str, Any]:
        """What `dataset.json` says of the data besides the benchmark."""
        return {}

    # batches
    def setup(self, stage: str) -> None:
        """Read what `stage` needs: cut or look up its texts, open the stores."""
        if stage == "predict":
            self.rows_of(self.predict_part)
        for part in _STAGES.get(stage, ()):
            self.rows_of(part, training=part == "train")

    def val_dataloader(self) -> BatchLoader[Any]:
        """Validation posts in order."""
        return self.in_order("validation")

    def test_dataloader(self) -> BatchLoader[Any]:
        """Test posts in order."""
        return self.in_order("test")

    def predict_dataloader(self) -> BatchLoader[Any]:
        """Posts of `predict_part` in order."""
        return self.in_order(self.predict_part)

    def on_before_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        """Take away what `missing` says, while predicting; other hooks of evaluation see whole posts."""
        if not self.missing or self.trainer is None or not self.trainer.predicting:
            return batch
        return without(batch, self._lost())

    def in_order(self, part: Part) -> BatchLoader[Any]:
        """A part's posts in order, this device's share."""
        rank, world = self.device
        batches = GlobalBatches(len(self.ids(part)), self.batch_size, rank=rank, world=world, shuffle=False)
        return self.loader(self.rows_of(part), batches)

    def loader(self, rows: Dataset[Any], batches: GlobalBatches) -> BatchLoader[Any]:
        """Rows by the sampler's lists of keys."""
        return loader(rows, batches, self.num_workers)

    @property
    def device(self) -> tuple[int, int]:
        """This device and the number of them."""
        return device_of(self)

    def _lost(self) -> Tensor:
        """(P, M) of the predicted part, drawn once for each question."""
        asked = (self.predict_part, *sorted(self.missing.items()))
        if asked != self._asked:
            gone = lost(self.ids(self.predict_part), self.modalities, self.missing, self.seed)
            self._asked, self._gone = asked, torch.from_numpy(gone)
        return self._gone


def without(batch: CommentedPosts | ModalPosts, gone: Tensor) -> CommentedPosts | ModalPosts:
    """The batch with some modalities absent; `gone` (P, M) bool is of the whole part, as `batch.row` numbers it."""
    return batch._replace(present=batch.present & ~gone[batch.row.clamp(min=0)])
