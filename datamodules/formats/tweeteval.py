"""TweetEval: mapping.txt, {train,val,test}_text.txt and {train,val,test}_labels.txt; line i goes with line i."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datamodules.posts import Label, Post
from datamodules.preparing import Converted, Options, Piece, Problem, Raw
from datamodules.preparing.readers import not_utf8, read_every_line, row_pieces
from datamodules.preparing.records import Card
from datamodules.tweets import clean_tweet

_PARTS = {"train": "train", "val": "validation", "test": "test"}
_LICENCE = "none stated; tweets belong to their authors (Barbieri et al. 2020, Mohammad et al. 2018)"


def open_layout(raw: Path, options: Options) -> "TweetEval":
    """TweetEval's files under `raw`; FileNotFoundError names the one that is missing, ValueError a faulty mapping."""
    options.only("tweeteval")
    files = [raw / "mapping.txt", *(raw / f"{part}_{kind}.txt" for part in _PARTS for kind in ("text", "labels"))]
    for path in files:
        if not path.is_file():
            raise FileNotFoundError(f"{path}: not there; TweetEval keeps mapping, texts and labels in one folder")
    classes = _mapping(files[0])
    card = Card(options.name or "tweeteval_emotion", _LICENCE, raw, raw, tuple(files), {"emotion": [*classes.values()]})
    return TweetEval(card, classes)


@dataclass(frozen=True)
class TweetEval:
    """Tweets without pictures, the published split; own ids are `train-1` and so on, by line."""

    card: Card
    classes: dict[str, str]  # number in the label files -> name

    def pieces(self) -> list[Piece]:
        return [piece for part in _PARTS for piece in row_pieces(f"{part}_text.txt", len(self._pairs(part)))]

    def read(self, piece: Piece) -> Iterator[Raw | Problem]:
        pairs = self._pairs(piece.file.removesuffix("_text.txt"))
        for line, pair in enumerate(pairs[piece.begin : piece.end], piece.begin + 1):
            yield Raw(piece.file, line, pair)

    def convert(self, raw: Raw) -> Converted | Problem:
        part = raw.file.removesuffix("_text.txt")
        own = f"{part}-{raw.line}"
        label = raw.value[1].decode(errors="replace").strip()
        if label not in self.classes:
            cause = f"not as expected: label {label!r} is none of {', '.join(self.classes)} in mapping.txt"
            return Problem(f"{part}_labels.txt", raw.line, own, cause)
        try:
            text = clean_tweet(raw.value[0].decode())
        except UnicodeDecodeError as error:
            return Problem(raw.file, raw.line, own, not_utf8(error))
        if not text:
            return Problem(raw.file, raw.line, own, "no text")
        post = Post(f"{self.card.name}/{own}", text=text, labels=[Label("emotion", self.classes[label])])
        return Converted(post, {"paper": _PARTS[part]})

    def refuse(self, post: Post) -> str | None:
        return None

    def _pairs(self, part: str) -> list[tuple[bytes, bytes]]:
        """Text and label of each line; ValueError names both files where their lengths differ."""
        files = [self.card.root / f"{part}_{kind}.txt" for kind in ("text", "labels")]
        texts, labels = map(read_every_line, files)
        if len(texts) != len(labels):
            counts = f"has {len(texts):,} lines and {files[1]} {len(labels):,}"
            raise ValueError(f"{files[0]} {counts}; line i of one goes with line i of the other")
        return list(zip(texts, labels, strict=True))


def _mapping(path: Path) -> dict[str, str]:
    """Names of the numbers, in the order of the file; ValueError names a faulty line."""
    classes: dict[str, str] = {}
    for line, content in enumerate(read_every_line(path), 1):
        number, _, name = (part.strip() for part in content.decode(errors="replace").partition("\t"))
        if not number.isdecimal() or not name or number in classes or name in classes.values():
            raise ValueError(f"{path}, line {line}: no number<tab>class, or one of them a second time")
        classes[number] = name
    return classes
