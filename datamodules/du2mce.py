"""Posts of timelines as pictures, texts and users (DU2MCE, sections 3.1 and 4)."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import lightning as L
import numpy as np
from numpy.typing import NDArray

from datamodules.batching import BatchLoader, GlobalBatches, device_of, loader
from datamodules.retrieval_tasks import Retrieval, RetrievalTask, retrieval_tasks
from datamodules.timelines import Timelines
from datamodules.triples import ALL, Pictures, QueryRows, TripleRows
from encoders.batches import PostTriples, Queries
from encoders.store import FeatureStore
from encoders.tasks import TASKS

Part = Literal["validation", "test"]
SAME = ", or pictures.min_similarity where `corpus.json` counts many files of one picture"


class Loaders(NamedTuple):
    """What is asked of a part, batch by batch."""

    texts: BatchLoader[PostTriples]  # their gallery, whole on every device; empty where no task has one
    pictures: BatchLoader[PostTriples]
    queries: list[BatchLoader[Queries]]  # a loader a task, in the order of the tasks


class TimelinesData(L.LightningDataModule):
    """Training posts in a new order every epoch; of held-out ones galleries and queries.

    Args:
        corpus: folder that the stage `timelines` made.
        pictures: feature store of vectors by the picture's path; None gives no post a picture.
        batch_size: posts of a step, all devices together (Section 4.3: 1,000).
        words: longer texts are cut, shorter ones filled up (Section 4.3: 20).
        tasks: what is asked of held-out posts, query and gallery; None takes the paper's three (Section 4.2).
        seed: of the order of posts.
        num_workers: processes that make batches; they change nothing else.

    Raises:
        ValueError: `pictures` are bits, or `words` leaves nothing.
    """

    def __init__(
        self,
        corpus: Path,
        pictures: Path | None = None,
        batch_size: int = 1000,
        words: int = 20,
        tasks: list[str] | None = None,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__()
        if words < 1:
            raise ValueError(f"words {words}: give at least 1")
        self.corpus = Timelines(corpus)
        self.batch_size, self.words, self.seed, self.num_workers = batch_size, words, seed, num_workers
        self.tasks: Sequence[str] = tasks if tasks is not None else TASKS
        store = FeatureStore(pictures) if pictures is not None else None
        if store is not None and store.dtype == np.uint8:
            raise ValueError(f"{pictures}: packed bits, no vectors; the stage `pictures` makes them")
        self.pictures = Pictures(self.corpus, store)
        self._retrieval: dict[Part, Retrieval] = {}

    # what is learned
    @property
    def picture_size(self) -> int | None:
        """W of a picture's vector; None where no post gets one."""
        return self.pictures.width

    def retrieval(self, part: Part) -> Retrieval:
        """Galleries and queries of a part, made once."""
        if part not in self._retrieval:
            self._retrieval[part] = retrieval_tasks(self.corpus, part, self.tasks, self.pictures.identities)
        return self._retrieval[part]

    def setup(self, stage: str) -> None:
        """Say what can't be used: pictures without features, posts of users that are not in the table."""
        if stage != "fit" or device_of(self)[0] != 0:
            return
        lacking = int((~self.pictures.known).sum())
        if self.pictures.width is not None and lacking:
            print(f"{lacking:,} of {len(self.pictures.known):,} pictures have no features: taken as absent", flush=True)
        for task in self.retrieval("validation").tasks:
            if task.unknown_users:
                print(f"{task.name}: {task.unknown_users:,} posts of users without training posts ask nothing")
            if len(task.true) == len(task.queries) * task.gallery_size:  # of no queries as well
                way = "shares.validation (or validation_posts)" + (SAME if task.name.startswith("image") else "")
                print(
                    f"{task.name}: validation tells nothing, {len(task.queries):,} queries of which all "
                    f"{task.gallery_size:,} items are true; raise the corpus's {way}",
                    flush=True,
                )

    # batches
    def train_dataloader(self) -> BatchLoader[PostTriples]:
        """Training posts in a new order every epoch."""
        rows, (rank, world) = self._rows(self.corpus.rows("train")), device_of(self)
        batches = GlobalBatches(len(rows), self.batch_size, seed=self.seed, rank=rank, world=world)
        return loader(rows, batches, self.num_workers)

    def val_dataloader(self) -> list[BatchLoader[Any]]:
        """Gallery of texts, gallery of pictures, then each task's queries."""
        texts, pictures, queries = self.loaders("validation")
        return [texts, pictures, *queries]

    def test_dataloader(self) -> list[BatchLoader[Any]]:
        """Likewise of test posts."""
        texts, pictures, queries = self.loaders("test")
        return [texts, pictures, *queries]

    def loaders(self, part: Part) -> Loaders:
        """What is asked of a part."""
        found = self.retrieval(part)
        queries = [self._queries(task) for task in found.tasks]
        return Loaders(self._gallery(found.texts, "text"), self._gallery(found.pictures, "image"), queries)

    def _gallery(self, posts: NDArray[np.int64], modality: str) -> BatchLoader[PostTriples]:
        """The whole gallery on every device, in order."""
        rows = self._rows(posts, (modality,))
        return loader(rows, GlobalBatches(len(rows), self.batch_size, shuffle=False), num_workers=0)

    def _queries(self, task: RetrievalTask) -> BatchLoader[Queries]:
        rank, world = device_of(self)
        rows = QueryRows(self._rows(task.queries, (task.name.split("_")[0],)), task)
        batches = GlobalBatches(len(rows), self.batch_size, rank=rank, world=world, shuffle=False)
        return loader(rows, batches, num_workers=0)

    def _rows(self, posts: NDArray[np.int64], shown: Collection[str] = ALL) -> TripleRows:
        return TripleRows(self.corpus, posts, self.pictures, self.words, shown)
