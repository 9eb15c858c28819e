"""The prepared data set: its columns, and the reader that everything is learned from."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from datasets import Dataset, Features, disable_progress_bars

VERSION = 1  # of the columns below; `dataset.json` says with which one a folder was written

Count = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]  # JSON knows larger ones, Arrow doesn't


class Label(msgspec.Struct):
    """What a post or a user was labelled with: a task's class by name, and by how many annotators."""

    task: str
    value: str
    count: Count | None = None


class Media(msgspec.Struct):
    """A picture or a video, its path relative to the media root; the path is null where the file is lost."""

    path: str | None = None
    kind: Literal["image", "video"] = "image"
    descriptions: list[str] | None = None
    attributes: list[str] | None = None


class Comment(msgspec.Struct):
    """A comment; `parent` is the comment it answers, null for the post itself."""

    id: str | None = None
    parent: str | None = None
    text: str | None = None
    user: str | None = None
    ups: Count | None = None
    downs: Count | None = None
    created_at: str | None = None
    media: list[str] | None = None


class Post(msgspec.Struct):
    """A post; all but the id may be missing, and nothing is told apart from an empty list."""

    id: str
    user: str | None = None
    created_at: str | None = None
    text: str | None = None
    title: str | None = None
    ocr_text: str | None = None
    media: list[Media] | None = None
    comments: list[Comment] | None = None
    tags: list[str] | None = None
    ups: Count | None = None
    downs: Count | None = None
    favourites: Count | None = None
    views: Count | None = None
    labels: list[Label] | None = None


_TEXT, _TEXTS, _COUNT = pa.string(), pa.list_(pa.string()), pa.int64()
LABELS = pa.list_(pa.struct({"task": _TEXT, "value": _TEXT, "count": _COUNT}))
MEDIA = pa.list_(pa.struct({"path": _TEXT, "kind": _TEXT, "descriptions": _TEXTS, "attributes": _TEXTS}))
COMMENTS = pa.list_(
    pa.struct({"id": _TEXT, "parent": _TEXT, "text": _TEXT, "user": _TEXT, "ups": _COUNT, "downs": _COUNT}
              | {"created_at": _TEXT, "media": _TEXTS})
)  # fmt: skip
SCHEMA = pa.schema(
    {"id": _TEXT, "user": _TEXT, "created_at": _TEXT, "text": _TEXT, "title": _TEXT, "ocr_text": _TEXT}
    | {"media": MEDIA, "comments": COMMENTS, "tags": _TEXTS}
    | {"ups": _COUNT, "downs": _COUNT, "favourites": _COUNT, "views": _COUNT, "labels": LABELS}
)
USERS = pa.schema({"user": _TEXT, "labels": LABELS})
SPLIT = pa.schema({"id": _TEXT, "part": _TEXT})


def top_label(labels: list[dict] | None, task: str, number: Mapping[str, int]) -> dict | None:
    """Of a post's labels of a task what most annotators said, then the class with the least number; None without."""
    mine = [label for label in labels or [] if label["task"] == task]
    return max(mine, key=lambda label: (label["count"] or 1, -number[label["value"]]), default=None)


class Posts:
    """A prepared data set, memory-mapped.

    Args:
        folder: written by `python -m datamodules.prepare FORMAT RAW OUT`.

    Raises:
        FileNotFoundError: the folder holds no prepared data set.
        ValueError: it was written with other columns than these.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder).absolute()
        info = self.folder / "dataset.json"
        if not info.is_file():
            raise FileNotFoundError(f"{info}: no prepared data set; `python -m datamodules.prepare` makes one")
        self.info: dict[str, Any] = json.loads(info.read_text("utf-8"))
        if self.info.get("version") != VERSION:
            raise ValueError(f"{info}: columns of version {self.info.get('version')}, not {VERSION}; prepare it again")
        self._table = self._mapped().with_format("arrow")

    def _mapped(self) -> Dataset:
        parts = sorted(str(part) for part in (self.folder / "posts").glob("part-*.parquet"))
        features = Features.from_arrow_schema(SCHEMA)
        if not parts:
            return Dataset.from_dict({name: [] for name in SCHEMA.names}, features=features)
        disable_progress_bars()  # or every first opening draws one
        # datasets maps Arrow files, so it keeps an unpacked copy: in the folder, else in the user's own cache
        cache = str(self.folder / ".arrow") if os.access(self.folder, os.W_OK) else None
        return Dataset.from_parquet(parts, features=features, cache_dir=cache)

    def __len__(self) -> int:
        return len(self._table)

    @cached_property
    def ids(self) -> list[str]:
        """Ids of all posts, "name/own id", in their stored order."""
        return self.column("id")

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {post: position for position, post in enumerate(self.ids)}

    def position(self, post: str) -> int:
        """Row of a post; KeyError names the id and the folder."""
        try:
            return self._positions[post]
        except KeyError:
            raise KeyError(f"{self.folder}: no post {post!r}") from None

    def rows(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Posts in the order of `ids`, which may repeat."""
        positions = [self.position(post) for post in ids]
        return self._table[positions].to_pylist() if positions else []

    def column(self, name: str) -> list[Any]:
        """One column of all posts; KeyError names the columns there are."""
        if name not in SCHEMA.names:
            raise KeyError(f"no column {name!r}; there are {', '.join(SCHEMA.names)}")
        return [value for batch in self.batches([name]) for value in batch[name]]

    def batches(self, columns: Sequence[str], size: int = 10_000) -> Iterator[dict[str, list[Any]]]:
        """Some columns, `size` posts at a time, so that a corpus of any length can be walked through."""
        chosen = self._table.select_columns(list(columns))
        for start in range(0, len(self), size):
            yield chosen[start : start + size].to_pydict()

    def entries(self, column: str, size: int = 100_000) -> int:
        """How many entries a column of lists has over all posts: media, comments, labels."""
        chosen = self._table.select_columns([column])
        parts = (chosen[start : start + size][column] for start in range(0, len(self), size))
        return sum(pc.sum(pc.list_value_length(part)).as_py() or 0 for part in parts)

    @property
    def protocols(self) -> list[str]:
        """Names of the splits; the published one is called `paper`."""
        return sorted(path.stem for path in (self.folder / "splits").glob("*.parquet"))

    def split(self, protocol: str = "paper") -> dict[str, list[str]]:
        """Ids of each part (train, validation, test); ValueError names the splits there are."""
        if protocol not in self.protocols:
            raise ValueError(f"{self.folder}: no split {protocol!r}; there are {self.protocols or 'none'}")
        parts: dict[str, list[str]] = {}
        table = pq.read_table(self.folder / "splits" / f"{protocol}.parquet")
        for post, part in zip(table["id"].to_pylist(), table["part"].to_pylist(), strict=True):
            parts.setdefault(part, []).append(post)
        return parts

    def classes(self, task: str) -> list[str]:
        """Class names of a task in their published order; ValueError names the tasks there are."""
        tasks = self.info["tasks"]
        if task not in tasks:
            raise ValueError(f"{self.folder}: no task {task!r}; there are {sorted(tasks) or 'none'}")
        return tasks[task]

    def labels(self, task: str) -> dict[str, int]:
        """Class of each labelled post, in [0, classes); of several, what most annotators said, then the first."""
        number = {name: position for position, name in enumerate(self.classes(task))}
        classes = {}
        for batch in self.batches(["id", "labels"]):
            for post, labels in zip(batch["id"], batch["labels"], strict=True):
                if (best := top_label(labels, task, number)) is not None:
                    classes[post] = number[best["value"]]
        return classes

    def user_labels(self) -> dict[str, dict[str, str]]:
        """User -> users' task -> class by name, of those users who have labels; `info["user_tasks"]` lists classes."""
        table = pq.read_table(self.folder / "users.parquet")
        return {
            user: {label["task"]: label["value"] for label in labels}
            for user, labels in zip(table["user"].to_pylist(), table["labels"].to_pylist(), strict=True)
            if labels
        }

    def texts(self, ids: Sequence[str], chunk: int = 10_000) -> list[str]:
        """The `post_text` of these posts in order, reading `chunk` posts at a time."""
        return [post_text(row) for at in range(0, len(ids), chunk) for row in self.rows(ids[at : at + chunk])]

    def picture(self, row: dict[str, Any]) -> Path | None:
        """Absolute path of a post's first picture."""
        return next((self.media(path) for path in self.pictures(row)), None)

    def pictures(self, row: dict[str, Any]) -> list[str]:
        """Paths of a post's pictures in order, relative to the media root."""
        found = (media["path"] for media in row["media"] or [] if media["kind"] == "image")
        return [path for path in found if path is not None]

    def media(self, path: str) -> Path:
        """Absolute path of a picture or video."""
        return Path(self.info["media_root"], path)


def post_text(row: dict[str, Any]) -> str:
    """What a post says: its title, its own text and the text in its picture, where there are any."""
    return " ".join(part.strip() for part in (row["title"], row["text"], row["ocr_text"]) if part and part.strip())
