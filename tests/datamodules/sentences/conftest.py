"""Prepared pins of a few words."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamodules.posts import SCHEMA, SPLIT, VERSION, Posts

Pin = tuple[str | None, list[str]]  # picture, descriptions
MakePosts = Callable[..., Posts]


@pytest.fixture
def make_posts(tmp_path: Path) -> MakePosts:
    """Write prepared posts of pins `p/0`, `p/1` and so on; `parts` is their split, None leaves a post out of it."""

    def made(pins: Sequence[Pin], parts: Sequence[str | None] = (), a_file: int = 1000, name: str = "posts") -> Posts:
        folder = tmp_path / name
        (folder / "posts").mkdir(parents=True)
        (folder / "splits").mkdir()
        rows = [
            {"id": f"p/{number}", "media": [{"path": path, "kind": "image", "descriptions": said}]}
            for number, (path, said) in enumerate(pins)
        ]
        for begin in range(0, len(rows), a_file):
            table = pa.Table.from_pylist(rows[begin : begin + a_file], schema=SCHEMA)
            pq.write_table(table, folder / "posts" / f"part-{begin:05d}.parquet")
        split = [{"id": f"p/{number}", "part": part} for number, part in enumerate(parts) if part is not None]
        if split:
            pq.write_table(pa.Table.from_pylist(split, schema=SPLIT), folder / "splits" / "paper.parquet")
        info = {"version": VERSION, "tasks": {}, "name": name, "media_root": str(folder)}
        (folder / "dataset.json").write_text(json.dumps(info))
        return Posts(folder)

    return made
