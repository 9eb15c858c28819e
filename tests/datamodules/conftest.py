"""A benchmark and a corpus of a few words as CAST's stages leave them, and a benchmark as Emotion's do."""

import json
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from tokenizers import Tokenizer as Trained
from tokenizers import models, pre_tokenizers, processors
from torch import Tensor
from transformers import BertTokenizerFast

from datamodules.comment_aware import CommentAwareData
from datamodules.emotion import EmotionData
from datamodules.posts import SCHEMA, SPLIT, VERSION
from datamodules.sentences.corpus import VERSION as CORPUS_VERSION
from datamodules.texts import text_id
from encoders.bits import pack
from encoders.store import write_features
from encoders.vocabulary import write_vocabulary

TRAIN, FOUND, WIDTH = 11, 3, 4
QUERIES = [f"b/{number}" for number in range(21)]
PARTS = ["train"] * TRAIN + ["validation"] * 5 + ["test"] * 5
WORDS = ["snow", "sun", "dog", "cat", "tree", "sea", "hill", "road", "boat", "bird"]
DOGS = "nice dog"  # a comment that several posts have


def words(number: int) -> str:
    return f"{WORDS[number % 10]} {WORDS[number // 10 % 10]}"


def prepared(
    folder: Path, rows: list[dict], parts: list[str], task: str = "mood", classes: str = "bad good none"
) -> Path:
    (folder / "posts").mkdir(parents=True)
    (folder / "splits").mkdir()
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), folder / "posts" / "part-00000.parquet")
    split = [{"id": row["id"], "part": part} for row, part in zip(rows, parts, strict=False)]
    pq.write_table(pa.Table.from_pylist(split, schema=SPLIT), folder / "splits" / "paper.parquet")
    info = {"version": VERSION, "tasks": {task: classes.split()}, "name": folder.name}
    (folder / "dataset.json").write_text(json.dumps(info | {"media_root": str(folder / "media")}))
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


@pytest.fixture(scope="session")
def emotion_inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A benchmark of 21 posts, 11 of them to learn from.

    e/1 has no picture and e/2 no text, e/3 no label, e/4 an album of two; of e/5 there is neither picture nor text
    (nor of e/17, a test post), and e/7's picture could not be read.
    """
    root, blank = tmp_path_factory.mktemp("emotion"), (5, 17)
    parts = ["train"] * 13 + ["validation"] * 4 + ["test"] * 4
    posts, pictures = [], {}
    for number, part in enumerate(parts):
        names = [] if number in (1, *blank) else [f"{number}.png"] + ["4b.png"] * (number == 4)
        pictures |= {name: picture(number) if name != "4b.png" else picture(9).flip(0) for name in names}
        labels = [] if number == 3 else [{"task": "emotion", "value": ["joy", "fear", "anger"][number % 3]}]
        media = [{"path": name, "kind": "image"} for name in names]
        text = None if number in (2, *blank) else words(number) if part == "train" else f"{words(number)} unheard"
        posts.append({"id": f"e/{number}", "text": text, "labels": labels, "media": media})
    items = [(name, vector if name != "7.png" else None) for name, vector in pictures.items()]
    write_features(root / "pictures", items, torch.stack, (WIDTH,), {"made": "by hand"})
    write_features(root / "unread", [(name, None) for name, _ in items], torch.stack, (WIDTH,), {"made": "by hand"})
    write_features(root / "nothing", [], torch.stack, (WIDTH,), {"made": "by hand"})
    write_vocabulary(root / "words", [row["text"] or "" for row in posts[:13]], [], 3)
    return {
        "benchmark": prepared(root / "benchmark", posts, parts, "emotion", "joy fear anger"),
        "image_features": root / "pictures",
        "words": root / "words",
        "unread": root / "unread",  # a store where no picture could be read
        "nothing": root / "nothing",  # one of a set that has no pictures
    }


@pytest.fixture
def emotion_data(emotion_inputs: dict[str, Path]) -> Callable[..., EmotionData]:
    """Make data for classifiers of emotions."""

    def made(stage: str = "fit", **changes: object) -> EmotionData:
        given = {name: emotion_inputs[name] for name in ("benchmark", "image_features", "words")}
        data = EmotionData(**(given | {"batch_size": 4} | changes))
        if stage:
            data.setup(stage)
        return data

    return made


@pytest.fixture(scope="session")
def pins_inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A corpus of 11 training and 5 validation sentences, and its pictures as 11 bits each.

    Sentence 3 has no picture; "unread.png", of sentences 2 and 4, has no features.
    """
    root = tmp_path_factory.mktemp("pins")
    draw = np.random.default_rng(0)
    pictures = [f"{number}.png" for number in range(8)] + ["unread.png"]
    for part, first, count in (("train", 0, 11), ("validation", 11, 5)):
        sentences = [draw.integers(3, 20, 3 + (first + number) % 4) for number in range(count)]
        shown = [(first + number) % 8 for number in range(count)]
        if part == "train":
            shown[2], shown[3], shown[4] = 8, -1, 8
        (root / part).mkdir()
        np.save(root / part / "tokens.npy", np.concatenate(sentences).astype(np.int32))
        np.save(root / part / "offsets.npy", np.cumsum([0, *map(len, sentences)]))
        np.save(root / part / "pictures.npy", np.array(shown, np.int32))
    vocabulary = ["<bos>", "<eos>", "<unk>", *(f"w{number}" for number in range(17))]
    pq.write_table(pa.table({"word": vocabulary, "count": range(40, 20, -1)}), root / "words.parquet")
    pq.write_table(pa.table({"path": pictures}), root / "pictures.parquet")
    info = {"version": CORPUS_VERSION, "parts": {"train": {}, "validation": {}}}
    (root / "corpus.json").write_text(json.dumps(info))
    bits = {name: [int(bit) for bit in f"{number + 700:011b}"] for number, name in enumerate(pictures[:-1])}
    items = [(name, torch.tensor(bits[name]).bool() if name in bits else None) for name in pictures]
    encode = lambda values: pack(torch.stack(values))  # noqa: E731
    write_features(root / "bits", items, encode, (2,), {"width": 11}, dtype=np.dtype(np.uint8))
    write_features(root / "floats", [("0.png", torch.ones(11))], torch.stack, (11,), {"made": "by hand"})
    return {"corpus": root, "bits": root / "bits", "floats": root / "floats"}


# picture, text, user of timelines' posts; -1 where something is missing; "5.png" has no features
TRIPLES = {
    "train": [(0, 0, 0), (1, -1, 1), (-1, 1, 0), (-1, 2, 2), (0, 3, 2), (5, 4, 1), (2, 5, -1), (-1, -1, 0), (1, 6, 0)],
    "validation": [(3, 7, 0), (3, 8, 2), (4, 7, 1), (-1, 9, 1), (-1, 10, -1), (-1, 9, 0), (5, 11, 0), (4, 7, 1)],
    "test": [(6, 12, 1), (6, 13, -1), (-1, 14, 2), (7, -1, 0)],
}


@pytest.fixture(scope="session")
def timelines_inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A corpus of 21 posts by three users, posts of its parts in turn, and features of its pictures.

    Text t is the words t + 1, t + 2 and so on: 25 words for text 5, else 1 + t % 4.
    """
    root = tmp_path_factory.mktemp("timelines")
    rows = [(*post, part) for place in range(9) for part, posts in TRIPLES.items() for post in posts[place : place + 1]]
    picture, text, user, part = (list(column) for column in zip(*rows, strict=True))
    texts = [[(number + at) % 19 + 1 for at in range(25 if number == 5 else 1 + number % 4)] for number in range(15)]
    said = [texts[number] if number >= 0 else [] for number in text]
    np.save(root / "tokens.npy", np.array(list(chain(*said)), np.int32))
    np.save(root / "offsets.npy", np.cumsum([0, *map(len, said)]))
    columns = {"user": user, "picture": picture, "text": text}
    posts = {"id": [f"t/{row}" for row in range(len(rows))]}
    posts |= {name: pa.array(values, pa.int32()) for name, values in columns.items()} | {"part": part}
    pq.write_table(pa.table(posts), root / "posts.parquet")
    pq.write_table(pa.table({"user": ["anna", "büşra", "cem"], "posts": [4, 2, 2]}), root / "users.parquet")
    names = [f"{number}.png" for number in range(8)]
    pq.write_table(pa.table({"path": names}), root / "pictures.parquet")
    vocabulary = ["<pad>", *(f"w{number}" for number in range(1, 20))]
    pq.write_table(pa.table({"word": vocabulary, "count": [0, *range(40, 21, -1)]}), root / "words.parquet")
    settings = {"shares": {"pairs": 5000}, "seed": 0}
    info = {"version": 1, "settings": settings, "text_queries": "without_picture"}
    (root / "corpus.json").write_text(json.dumps(info))
    items = [(name, picture_of(int(name[0])) if name != "5.png" else None) for name in names]
    write_features(root / "features", items, torch.stack, (WIDTH,), {"made": "by hand"})
    return {"corpus": root, "pictures": root / "features"}


def picture_of(number: int) -> Tensor:
    return torch.arange(WIDTH) + 10.0 * number
