"""A benchmark and a corpus of a few words, as CAST's stages leave them."""

import json
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from tokenizers import Tokenizer as Trained
from tokenizers import models, pre_tokenizers, processors
from torch import Tensor
from transformers import BertTokenizerFast

from datamodules.comment_aware import CommentAwareData
from datamodules.comment_rows import text_id
from datamodules.posts import SCHEMA, SPLIT, VERSION
from encoders.store import write_features

TRAIN, FOUND, WIDTH = 11, 3, 4
QUERIES = [f"b/{number}" for number in range(21)]
PARTS = ["train"] * TRAIN + ["validation"] * 5 + ["test"] * 5
WORDS = ["snow", "sun", "dog", "cat", "tree", "sea", "hill", "road", "boat", "bird"]
DOGS = "nice dog"  # a comment that several posts have


def words(number: int) -> str:
    return f"{WORDS[number % 10]} {WORDS[number // 10 % 10]}"


def prepared(folder: Path, rows: list[dict], parts: list[str]) -> Path:
    (folder / "posts").mkdir(parents=True)
    (folder / "splits").mkdir()
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), folder / "posts" / "part-00000.parquet")
    split = [{"id": row["id"], "part": part} for row, part in zip(rows, parts, strict=False)]
    pq.write_table(pa.Table.from_pylist(split, schema=SPLIT), folder / "splits" / "paper.parquet")
    info = {"version": VERSION, "tasks": {"mood": ["bad", "good", "none"]}, "media_root": "media", "name": folder.name}
    (folder / "dataset.json").write_text(json.dumps(info))
    return folder


def store(folder: Path, vectors: dict[str, Tensor]) -> Path:
    shape = next(iter(vectors.values())).shape
    write_features(folder, list(vectors.items()), torch.stack, shape, {"made": "by hand"})
    return folder


@pytest.fixture(scope="session")
def cast_inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A benchmark of 21 posts and a corpus of 20; b/1 has no picture, b/2 no text, b/3 no comments, c/4 no picture."""
    root = tmp_path_factory.mktemp("cast")
    labels = [[{"task": "mood", "value": ["bad", "good", "none"][number % 3], "count": None}] for number in range(21)]
    posts = [{"id": f"b/{n}", "text": None if n == 2 else words(n), "labels": labels[n]} for n in range(21)]
    wild = [{"id": f"c/{n}", "text": words(50 + n)} for n in range(20)]
    heard = {
        name: [DOGS, *(f"{words(30 + n)} {words(n + extra)}" for extra in range(6))] for n, name in enumerate(QUERIES)
    }
    heard["b/3"] = []
    found = [
        {
            "id": name,
            "posts": [f"c/{(2 * number + rank) % 20}" for rank in range(8)],
            "comments": [{"text": text, "score": 0.5, "post": "c/19"} for text in heard[name]],
        }
        for number, name in enumerate(QUERIES)
    ]
    (root / "retrieved").mkdir()
    pq.write_table(pa.Table.from_pylist(found), root / "retrieved" / "retrieved.parquet")
    pairs = [{"query": row["id"], "id": post} for row in found[:TRAIN] for post in row["posts"][:FOUND]]
    for number, pair in enumerate(pairs):
        pair["probabilities"] = [0.5, 0.5 - number / 100, number / 100]
    pq.write_table(pa.Table.from_pylist(pairs), root / "labels.parquet")
    said = {text for row in posts + wild if (text := row["text"])} | set(chain(*heard.values()))
    return {
        "benchmark": prepared(root / "benchmark", posts, PARTS),
        "corpus": prepared(root / "wild", wild, []),
        "image_features": store(root / "pictures", {f"b/{n}": picture(n) for n in range(21) if n != 1}),
        "corpus_image_features": store(
            root / "wild_pictures", {f"c/{n}": picture(50 + n) for n in range(20) if n != 4}
        ),
        "text_features": store(root / "texts", {text_id(text): torch.ones(6) * len(text) for text in said}),
        "retrieved": root / "retrieved",
        "pseudo_labels": root / "labels.parquet",
        "tokenizer": weights(root / "bert"),
    }


def picture(number: int) -> Tensor:
    return torch.arange(WIDTH) + float(number + 1)


def weights(folder: Path) -> Path:
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, "nice"]
    trained = Trained(models.WordPiece({piece: number for number, piece in enumerate(pieces)}, unk_token="[UNK]"))
    trained.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trained.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    BertTokenizerFast(tokenizer_object=trained).save_pretrained(folder)
    return folder


@pytest.fixture
def cast_data(cast_inputs: dict[str, Path]) -> Callable[..., CommentAwareData]:
    """Make a teacher's data, or with `student=True` a student's."""

    def made(student: bool = False, stage: str = "fit", **changes: object) -> CommentAwareData:
        given = {name: path for name, path in cast_inputs.items() if name not in ("text_features", "pseudo_labels")}
        given |= {
            "tokenizer": str(cast_inputs["tokenizer"]),
            "task": "mood",
            "batch_size": 4,
            "unlabelled_posts": FOUND,
        }
        given |= {"pseudo_labels": cast_inputs["pseudo_labels"]} if student else {}
        data = CommentAwareData(**(given | changes))
        if stage:
            data.setup(stage)
        return data

    return made
