"""JSON lines of posts with comments: a file, or a folder of *.jsonl; beside it, if you like, dataset.yaml or .json."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec

from datamodules.posts import Comment, Count, Label, Media, Post
from datamodules.preparing import Converted, Options, Piece, Problem, Raw
from datamodules.preparing.checking import kind_of
from datamodules.preparing.language import language
from datamodules.preparing.readers import line_pieces, read_lines
from datamodules.preparing.records import Card
from datamodules.tweets import clean_tweet

_PARTS = {"train": "train", "validation": "validation", "valid": "validation", "val": "validation"}
_PARTS |= {"dev": "validation", "test": "test"}
_Own = Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | Count
_Date = str | Count | float | None


class RawComment(msgspec.Struct):
    """A comment as it was fetched."""

    text: str | None = None
    id: _Own | None = None
    parent: _Own | None = None
    user: _Own | None = None
    ups: Count | None = None
    downs: Count | None = None
    created_at: _Date = None


class RawPost(msgspec.Struct):
    """A post as it was fetched; other fields are left alone."""

    id: _Own
    user: _Own | None = None
    created_at: _Date = None
    text: str | None = None
    title: str | None = None
    ocr_text: str | None = None
    image: str | None = None
    images: list[str] | None = None
    attributes: list[str] | None = None
    comments: list[str | RawComment] | None = None
    tags: list[str] | None = None
    ups: Count | None = None
    downs: Count | None = None
    favourites: Count | None = None
    views: Count | None = None
    labels: dict[str, str | int] | None = None
    split: str | None = None


class Sheet(msgspec.Struct, forbid_unknown_fields=True):
    """dataset.yaml: what the records don't say."""

    name: str | None = None
    licence: str = "none stated"
    media_root: str | None = None  # relative to this file; its own folder by default
    tasks: dict[str, list[str]] | None = None


def open_layout(raw: Path, options: Options) -> "Wild":
    """The files under `raw`; FileNotFoundError when there are none, ValueError names a faulty dataset.yaml."""
    files = tuple(sorted(raw.rglob("*.jsonl"))) if raw.is_dir() else (raw,)
    root = raw if raw.is_dir() else raw.parent
    if not files or not files[0].is_file():
        raise FileNotFoundError(f"{raw}: no *.jsonl there")
    sheets = tuple(path for path in (root / "dataset.yaml", root / "dataset.json") if path.is_file())[:1]
    sheet = _sheet(sheets[0]) if sheets else Sheet()
    name = options.name or sheet.name or raw.stem
    media = (root / sheet.media_root).resolve() if sheet.media_root else root
    card = Card(name, sheet.licence, root, media, files + sheets, sheet.tasks, options=options)
    return Wild(card, files)


@dataclass(frozen=True)
class Wild:
    """Posts whose comments and pictures count; those without are left out unless they are labelled."""

    card: Card
    files: tuple[Path, ...]

    def pieces(self) -> list[Piece]:
        return [piece for file in self.files for piece in line_pieces(self.card.root, file)]

    def read(self, piece: Piece) -> Iterator[Raw | Problem]:
        for found in read_lines(self.card.root, piece):
            yield found if isinstance(found, Problem) else Raw(piece.file, *found)

    def convert(self, raw: Raw) -> Converted | Problem:
        own = None
        try:
            record = msgspec.json.decode(raw.value, type=RawPost)
            own = str(record.id)
            doubts: list[str] = []
            post = self._post(record, doubts)
            return Converted(post, {"paper": _part(record.split)} if record.split else {}, tuple(doubts))
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors with the path in the record
            return Problem(raw.file, raw.line, own, f"not as expected: {error}")

    def refuse(self, post: Post) -> str | None:
        if post.labels:
            return None
        if not (post.comments or self.card.options.keep_without_comments):
            return "no comments"
        if not (post.media or self.card.options.keep_without_pictures):
            return "no pictures"
        wanted = self.card.options.language or "en"
        found = language(post.text or "", self.card.options.language_model) if wanted != "any" else "any"
        return None if found in (wanted, "und") else f"other language: {found}"

    def _post(self, record: RawPost, doubts: list[str]) -> Post:
        paths = [*([record.image] if record.image else []), *(record.images or [])]
        media = [Media(path, kind_of(path)) for path in dict.fromkeys(paths)]
        if record.attributes:
            media = media or [Media()]
            media[0].attributes = record.attributes
        comments = [self._comment(comment, doubts) for comment in record.comments or []]
        return Post(
            id=f"{self.card.name}/{record.id}",
            user=self._author(record.user),
            created_at=_iso(record.created_at, doubts),
            text=_clean(record.text),
            title=_clean(record.title),
            ocr_text=_clean(record.ocr_text),
            media=media or None,
            comments=[comment for comment in comments if comment.text] or None,
            tags=record.tags or None,
            ups=record.ups,
            downs=record.downs,
            favourites=record.favourites,
            views=record.views,
            labels=[self._label(task, value) for task, value in sorted((record.labels or {}).items())] or None,
        )

    def _comment(self, raw: str | RawComment, doubts: list[str]) -> Comment:
        comment = RawComment(raw) if isinstance(raw, str) else raw
        return Comment(
            id=None if comment.id is None else str(comment.id),
            parent=None if comment.parent is None else str(comment.parent),
            text=_clean(comment.text),
            user=self._author(comment.user),
            ups=comment.ups,
            downs=comment.downs,
            created_at=_iso(comment.created_at, doubts),
        )

    def _author(self, user: str | int | None) -> str | None:
        """A number for an author: names are removed (CAST, Ethical Considerations)."""
        return None if user is None else hashlib.sha256(f"{self.card.name}/{user}".encode()).hexdigest()[:16]

    def _label(self, task: str, value: str | int) -> Label:
        if self.card.tasks is None:
            return Label(task, str(value))
        if task not in self.card.tasks:
            raise ValueError(f"task {task!r} is not in dataset.yaml - at `$.labels`")
        classes = self.card.tasks[task]
        if isinstance(value, int) and 0 <= value < len(classes) and str(value) not in classes:
            return Label(task, classes[value])
        if str(value) not in classes:
            raise ValueError(f"{value!r} is no class of {task} - at `$.labels.{task}`")
        return Label(task, str(value))


def _sheet(path: Path) -> Sheet:
    decode: Any = msgspec.yaml.decode if path.suffix == ".yaml" else msgspec.json.decode
    try:
        return decode(path.read_bytes(), type=Sheet)
    except (ValueError, RecursionError) as error:
        hint = "it may hold name, licence, media_root, tasks: {task: [classes]}"
        raise ValueError(f"{path}: {error}; {hint}") from None


def _clean(text: str | None) -> str | None:
    return clean_tweet(text) or None if text else None


def _part(split: str) -> str:
    if split not in _PARTS:
        raise ValueError(f"{split!r} is none of {', '.join(_PARTS)} - at `$.split`")
    return _PARTS[split]


def _iso(value: str | int | float | None, doubts: list[str]) -> str | None:
    """ISO string of an ISO date, a date as Twitter writes it, or seconds since 1970."""
    if value is None or value == "":
        return None
    try:
        if not isinstance(value, str):
            return datetime.fromtimestamp(value, UTC).isoformat()
        try:
            return datetime.fromisoformat(value).isoformat()
        except ValueError:
            return datetime.strptime(value, "%a %b %d %H:%M:%S %z %Y").isoformat()
    except (ValueError, OverflowError, OSError):
        doubts.append(f"no date: {str(value)[:40]!r}")
        return None
