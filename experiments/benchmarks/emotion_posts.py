"""Posts with an emotion as Emotion's stages leave them: pictures' features and words, all drawn at random."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import nn

from datamodules import EmotionData
from datamodules.posts import SCHEMA, SPLIT, VERSION
from encoders import StoredVectors, WordPooling
from encoders.atomic import write_json
from encoders.store import write_features
from encoders.vocabulary import write_vocabulary
from lightning_modules import CommonSpace, Concatenation, EmotionClassifier, Pooling

TASK, CLASSES = "emotion", [f"class {number}" for number in range(8)]  # Flickr's eight (Emotion, Table 1)
NEGATIVES = 4  # g (Emotion, Table 3)
LONGEST = 30  # words of a text; any length from 1 on is as likely


@dataclass(frozen=True)
class Head:
    """A way of fusing the modalities."""

    name: str
    fusion: Callable[[dict[str, int]], nn.Module]
    negatives: int = 0  # of the auxiliary task; 0 has none


EARLY, JOINT = Head("early fusion", Concatenation), Head("joint fusion", Pooling)
COMMON_SPACE = Head("common-space fusion", Pooling, NEGATIVES)


class EmotionPosts:
    """Training posts, and a tenth as many for validation; with the networks that learn them.

    Args:
        folder: for everything that is written.
        posts: for training.
        words: to draw from, the k-th as often as 1 / k; of 30,000 about 20,000 occur in 10,000 posts.
        image_size: I, width of the pictures' features.
        text_size: d, width of the words' vectors.
        dropout: of the words' vectors.
    """

    def __init__(self, folder: Path, posts: int, words: int, image_size: int, text_size: int, dropout: float) -> None:
        self.folder, self.posts, self.dropout = folder, posts, dropout
        self.image_size, self.text_size = image_size, text_size
        draws = np.random.default_rng(0)
        ids = [f"generated/{number}" for number in range(posts + posts // 10)]
        texts = _texts(draws, len(ids), words)
        self._write_posts(ids, texts, draws.permutation(np.arange(len(ids)) % len(CLASSES)).tolist())
        features = torch.from_numpy(draws.random((len(ids), image_size), dtype=np.float32))
        pictures = list(zip(ids, features, strict=True))
        write_features(folder / "features", pictures, torch.stack, (image_size,), {"made": "at random"})
        self.words: int = write_vocabulary(folder / "words", texts[:posts], [], text_size)["words"]

    def data(self, head: Head) -> EmotionData:
        """Both modalities, with the negatives that the head asks for."""
        features, words = self.folder / "features", self.folder / "words"
        return EmotionData(benchmark=self.folder, image_features=features, words=words, negatives=head.negatives)

    def classifier(self, head: Head) -> EmotionClassifier:
        """A network of the paper's sizes, the same at each call."""
        torch.manual_seed(0)
        encoders = {
            "image": StoredVectors(self.image_size),
            "text": WordPooling(self.folder / "words", dropout=self.dropout),
        }
        auxiliary = CommonSpace() if head.negatives else None
        return EmotionClassifier(len(CLASSES), encoders, head.fusion, auxiliary=auxiliary)

    def _write_posts(self, ids: list[str], texts: list[str], classes: list[int]) -> None:
        """As `datamodules.prepare` would, but for pictures that are nowhere."""
        rows = [
            {
                "id": post,
                "text": text,
                "media": [{"path": post, "kind": "image"}],
                "labels": [{"task": TASK, "value": CLASSES[number]}],
            }
            for post, text, number in zip(ids, texts, classes, strict=True)
        ]
        parts = ["train" if number < self.posts else "validation" for number in range(len(ids))]
        for name in ("posts", "splits"):
            (self.folder / name).mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), self.folder / "posts" / "part-00000.parquet")
        pq.write_table(pa.table({"id": ids, "part": parts}, schema=SPLIT), self.folder / "splits" / "paper.parquet")
        info = {"version": VERSION, "name": "generated", "media_root": "nowhere", "tasks": {TASK: CLASSES}}
        write_json(self.folder / "dataset.json", info)


def _texts(draws: np.random.Generator, count: int, words: int) -> list[str]:
    lengths = draws.integers(1, LONGEST, count, endpoint=True)
    drawn = np.floor(words ** draws.random(lengths.sum())).astype(np.int64)  # Zipf's law
    return [" ".join(f"w{word}" for word in part) for part in np.split(drawn, lengths.cumsum()[:-1])]
