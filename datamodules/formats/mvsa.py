"""MVSA: train/dev/test.json (id, text, emotion_label), or labelResultAll.txt and data/<id>.txt; data/<id>.jpg."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import msgspec

from datamodules.posts import Label, Media, Post
from datamodules.preparing import Converted, Options, Piece, Problem, Raw
from datamodules.preparing.readers import is_utf8, line_pieces, read_any, read_array, read_lines, row_pieces
from datamodules.preparing.records import Card
from datamodules.tweets import clean_tweet

CLASSES = ["positive", "neutral", "negative"]  # 0, 1, 2 in the JSON files
_PARTS = {"train.json": "train", "dev.json": "validation", "test.json": "test"}
_TABLE = "labelResultAll.txt"
_LICENCE = "none stated; tweets and pictures belong to their authors (Niu et al. 2016)"


class Tweet(msgspec.Struct):
    """A row of the JSON files."""

    id: str | int
    emotion_label: Annotated[int, msgspec.Meta(ge=0, le=2)]
    text: str | None = None


def open_layout(raw: Path, options: Options) -> "MvsaJson | MvsaTable":
    """Whichever of the two layouts lies under `raw`; FileNotFoundError names both."""
    options.only("mvsa")
    files = tuple(raw / name for name in _PARTS if (raw / name).is_file())
    name = options.name or "mvsa_single"
    if files:
        return MvsaJson(Card(name, _LICENCE, raw, raw, files, {"sentiment": CLASSES}))
    if (raw / _TABLE).is_file():
        return MvsaTable(Card(name, _LICENCE, raw, raw, (raw / _TABLE,), {"sentiment": CLASSES}, random_split=True))
    raise FileNotFoundError(f"{raw}: neither {', '.join(_PARTS)} nor {_TABLE}; is this the folder that holds `data`?")


@dataclass(frozen=True)
class MvsaJson:
    """The split that CAST uses: 3,611 / 450 / 450."""

    card: Card

    def pieces(self) -> list[Piece]:
        return [piece for file in self.card.sources for piece in row_pieces(file.name, len(_rows(file)))]

    def read(self, piece: Piece) -> Iterator[Raw | Problem]:
        for line, value in _rows(self.card.root / piece.file)[piece.begin : piece.end]:
            yield Raw(piece.file, line, value)

    def convert(self, raw: Raw) -> Converted | Problem:
        try:
            tweet = msgspec.convert(raw.value, Tweet)
        except msgspec.ValidationError as error:
            own = str(raw.value["id"]) if isinstance(raw.value, dict) and "id" in raw.value else None
            return Problem(raw.file, raw.line, own, f"not as expected: {error}")
        if not is_utf8(tweet.text):
            return Problem(raw.file, raw.line, str(tweet.id), "not UTF-8")
        post = _post(self.card.name, str(tweet.id), tweet.text, CLASSES[tweet.emotion_label])
        return Converted(post, {"paper": _PARTS[raw.file]})

    def refuse(self, post: Post) -> str | None:
        return None


@dataclass(frozen=True)
class MvsaTable:
    """The layout of the authors: one annotator's label of the text and one of the picture."""

    card: Card

    def pieces(self) -> list[Piece]:
        return line_pieces(self.card.root, self.card.sources[0], size=2**13)

    def read(self, piece: Piece) -> Iterator[Raw | Problem]:
        for found in read_lines(self.card.root, piece):
            if isinstance(found, Problem):
                yield found
            elif found[0] > 1 or not found[1].startswith("ID"):
                yield Raw(piece.file, found[0], found[1])

    def convert(self, raw: Raw) -> Converted | Problem:
        own, _, labels = raw.value.partition("\t")
        text, _, image = labels.partition(",")
        if not own.isdecimal() or text not in CLASSES or image not in CLASSES:
            return Problem(raw.file, raw.line, own, f"not as expected: {raw.value[:80]!r} is no ID<tab>text,image")
        label = agreed(text, image)
        if label is None:
            return Problem(raw.file, raw.line, own, f"labels contradict: text {text}, image {image}", "dropped")
        path = self.card.root / "data" / f"{own}.txt"
        if not path.is_file():
            return Converted(_post(self.card.name, own, None, label), doubts=(f"text missing: data/{own}.txt",))
        words, doubts = read_any(path)
        return Converted(_post(self.card.name, own, words, label), doubts=doubts)

    def refuse(self, post: Post) -> str | None:
        return None


def agreed(text: str, image: str) -> str | None:
    """The usual rule: both alike or one neutral gives the other; positive against negative is None."""
    if image in (text, "neutral"):
        return text
    return image if text == "neutral" else None


def _post(name: str, own: str, text: str | None, label: str) -> Post:
    media = [Media(f"data/{own}.jpg")]
    return Post(f"{name}/{own}", text=clean_tweet(text or "") or None, media=media, labels=[Label("sentiment", label)])


@lru_cache(maxsize=3)
def _rows(path: Path) -> list[tuple[int, Any]]:
    return read_array(path)
