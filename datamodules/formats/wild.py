"""JSON lines of posts with comments: a file, or a folder of *.jsonl; beside it, if you like, dataset.yaml or .json."""

import hashlib
from pathlib import Path

import msgspec

from datamodules.posts import Comment, Count, Label, Media, Post
from datamodules.preparing import Converted, Options, Problem, Raw
from datamodules.preparing.checking import kind_of
from datamodules.preparing.dates import iso_date
from datamodules.preparing.language import language
from datamodules.preparing.lines import JsonLines, Own, open_lines, paper_part
from datamodules.tweets import clean_tweet

_Date = str | Count | float | None


class RawComment(msgspec.Struct):
    """A comment as it was fetched."""

    text: str | None = None
    id: Own | None = None
    parent: Own | None = None
    user: Own | None = None
    ups: Count | None = None
    downs: Count | None = None
    created_at: _Date = None


class RawPost(msgspec.Struct):
    """A post as it was fetched; other fields are left alone."""

    id: Own
    user: Own | None = None
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


def open_layout(raw: Path, options: Options) -> "Wild":
    """The files under `raw`; FileNotFoundError when there are none, ValueError names a faulty dataset.yaml."""
    return Wild(*open_lines(raw, options))


class Wild(JsonLines):
    """Posts whose comments and pictures count; those without are left out unless they are labelled."""

    def convert(self, raw: Raw) -> Converted | Problem:
        own = None
        try:
            record = msgspec.json.decode(raw.value, type=RawPost)
            own = str(record.id)
            doubts: list[str] = []
            post = self._post(record, doubts)
            return Converted(post, paper_part(record.split), tuple(doubts))
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
            created_at=iso_date(record.created_at, doubts),
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
            created_at=iso_date(comment.created_at, doubts),
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


def _clean(text: str | None) -> str | None:
    return clean_tweet(text) or None if text else None
