"""Posts of users as DU2MCE's stages leave them, drawn at random, and the network that learns them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from datamodules.du2mce import TimelinesData
from datamodules.timelines.corpus import PADDING, VERSION
from encoders.atomic import write_json
from encoders.store import write_features
from encoders.text_cnn import SentenceCNN
from lightning_modules.du2mce import UserContentEmbeddings

LACKING = 1 / 3  # of posts have no picture


@dataclass(frozen=True)
class TimelinesSizes:
    """How much users, pictures and texts in one space compute; the defaults are the paper's."""

    users: int = 40_000  # K (DU2MCE, section 4.1: 39,808)
    size: int = 1024  # D (DU2MCE, section 4.3)
    picture: int = 2048  # D_I (DU2MCE, section 4.3)
    words: int = 30_000  # that texts are drawn from; the paper names no number
    word: int = 300  # d of words' and users' vectors (DU2MCE, section 4.3)
    length: int = 20  # words of a text (DU2MCE, section 4.3)
    filters: tuple[int, ...] = (512, 256, 256)  # of the text encoder (DU2MCE, section 4.3)
    batch: int = 1000  # posts of a step (DU2MCE, section 4.3)
    steps: int = 20  # of an epoch
    workers: int = 0  # processes that read posts
    anchors: int = 10  # of a pair, that the loss is computed for one by one
    queries: int = 4000  # that are ranked, of
    all_queries: int = 100_000

    @property
    def similarities(self) -> int:
        """Of all queries to all users."""
        return self.all_queries * self.users


class TimelinesNetwork:
    """Training posts with users, texts of equal length and pictures' features, and the network.

    Args:
        folder: for everything that is written.
        sizes: how much.
    """

    def __init__(self, folder: Path, sizes: TimelinesSizes) -> None:
        self.sizes = sizes
        self.corpus, self.features, self.users = folder / "corpus", folder / "features", folder / "users"
        self._write()

    @cached_property
    def data(self) -> TimelinesData:
        """All posts, features on the disk."""
        sizes = self.sizes
        return TimelinesData(self.corpus, self.features, sizes.batch, sizes.length, num_workers=sizes.workers)

    def embeddings(self) -> UserContentEmbeddings:
        """The network of the paper's best row, the same at each call."""
        torch.manual_seed(0)
        sizes = self.sizes
        return UserContentEmbeddings(
            self.corpus,
            self.users,
            picture_size=sizes.picture,
            size=sizes.size,
            text=lambda words: SentenceCNN(words, filters=sizes.filters),
        )

    def _write(self) -> None:
        """As the stages `timelines`, `pictures`, `word_vectors` and `user_start` would."""
        draws, sizes = np.random.default_rng(0), self.sizes
        count = sizes.steps * sizes.batch
        pictures = [f"{number}.jpg" for number in range(max(1, count // 2))]
        self.corpus.mkdir(parents=True)
        self._write_posts(count, len(pictures), draws)
        pq.write_table(pa.table({"path": pictures}), self.corpus / "pictures.parquet")
        pq.write_table(pa.table({"user": [f"u{n}" for n in range(sizes.users)]}), self.corpus / "users.parquet")
        words = {"word": [PADDING, *(f"w{n}" for n in range(1, sizes.words))], "count": [0] + [1] * (sizes.words - 1)}
        pq.write_table(pa.table(words), self.corpus / "words.parquet")
        vectors = _normal((sizes.words, sizes.word), draws)
        vectors[0] = 0  # pads
        np.save(self.corpus / "vectors.npy", vectors)
        self.users.mkdir()
        np.save(self.users / "vectors.npy", _normal((sizes.users, sizes.word), draws))
        items = list(zip(pictures, torch.from_numpy(_normal((len(pictures), sizes.picture), draws)), strict=True))
        write_features(self.features, items, torch.stack, (sizes.picture,), {"made": "at random"})
        write_json(self.corpus / "corpus.json", {"version": VERSION, "text_queries": "all"})

    def _write_posts(self, count: int, pictures: int, draws: np.random.Generator) -> None:
        sizes = self.sizes
        picture = np.where(draws.random(count) < LACKING, -1, draws.integers(0, pictures, count))
        numbers = {"user": draws.integers(0, sizes.users, count), "picture": picture, "text": np.arange(count)}
        columns = {name: pa.array(values.astype(np.int32)) for name, values in numbers.items()}
        table = {"id": [f"p{n}" for n in range(count)], "part": ["train"] * count} | columns
        pq.write_table(pa.table(table), self.corpus / "posts.parquet")
        tokens = draws.integers(1, sizes.words, count * sizes.length)
        np.save(self.corpus / "tokens.npy", tokens.astype(np.int32))
        np.save(self.corpus / "offsets.npy", np.arange(count + 1, dtype=np.int64) * sizes.length)


def _normal(shape: tuple[int, int], draws: np.random.Generator) -> NDArray[np.float32]:
    return draws.standard_normal(shape, dtype=np.float32)
