"""A click log whose scores can be added up by hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datamodules.triplets import Clicks, read_clicks

Log = Callable[..., Clicks]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """Writes lines (query, item, annotations, clicks) to a log and reads it."""

    def written(*lines: tuple[str, str, list[str], int]) -> Clicks:
        fields = ("query", "item", "annotations", "clicks")
        rows: list[dict[str, Any]] = [dict(zip(fields, line, strict=True)) for line in lines]
        (tmp_path / "clicks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return read_clicks(tmp_path / "clicks.jsonl", tmp_path / "problems.jsonl")

    return written
