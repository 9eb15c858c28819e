"""Prepared posts of a few users."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamodules.posts import SCHEMA, SPLIT, USERS, VERSION, Posts

MakePosts = Callable[..., Posts]


@pytest.fixture
def make_posts(tmp_path: Path) -> MakePosts:
    """Write prepared posts `p/0`, `p/1` and so on of (user, text, picture), or of whole rows."""

    def made(
        given: Sequence[tuple[str | None, str | None, str | None] | Mapping[str, Any]],
        parts: Sequence[str | None] = (),
        interests: Mapping[str, Mapping[str, str]] | None = None,
        name: str = "posts",
    ) -> Posts:
        folder = tmp_path / name
        (folder / "posts").mkdir(parents=True)
        (folder / "splits").mkdir()
        rows = [{"id": f"p/{number}"} | row_of(post) for number, post in enumerate(given)]
        if rows:
            pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), folder / "posts" / "part-00000.parquet")
        split = [{"id": f"p/{number}", "part": part} for number, part in enumerate(parts) if part is not None]
        if split:
            pq.write_table(pa.Table.from_pylist(split, schema=SPLIT), folder / "splits" / "paper.parquet")
        labels = [
            {"user": user, "labels": [{"task": task, "value": value, "count": None} for task, value in said.items()]}
            for user, said in (interests or {}).items()
        ]
        pq.write_table(pa.Table.from_pylist(labels, schema=USERS), folder / "users.parquet")
        info = {"version": VERSION, "tasks": {}, "name": name, "media_root": str(folder)}
        (folder / "dataset.json").write_text(json.dumps(info))
        return Posts(folder)

    return made


def row_of(post: tuple[str | None, str | None, str | None] | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(post, Mapping):
        return dict(post)
    user, text, picture = post
    return {"user": user, "text": text, "media": [{"path": picture, "kind": "image"}] if picture else None}
