"""A click log whose scores can be added up by hand, and a corpus of captions."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamodules.sentences import Corpus
from datamodules.triplets import Clicks, read_clicks

Log = Callable[..., Clicks]
Captions = list[tuple[int, str]]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """Writes lines (query, item, annotations, clicks) to a log and reads it."""

    def written(*lines: tuple[str, str, list[str], int]) -> Clicks:
        fields = ("query", "item", "annotations", "clicks")
        rows: list[dict[str, Any]] = [dict(zip(fields, line, strict=True)) for line in lines]
        (tmp_path / "clicks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return read_clicks(tmp_path / "clicks.jsonl", tmp_path / "problems.jsonl")

    return written


@pytest.fixture
def corpus(tmp_path: Path) -> Callable[[Captions], Corpus]:
    """Writes captions, each with the number of its picture, as a corpus with one part."""

    def written(captions: Captions) -> Corpus:
        words = ["<bos>", "<eos>", *dict.fromkeys(["<unk>", *(word for _, text in captions for word in text.split())])]
        tokens = [[words.index(word) for word in text.split()] for _, text in captions]
        pq.write_table(pa.table({"word": words, "count": [1] * len(words)}), tmp_path / "words.parquet")
        (tmp_path / "test").mkdir(exist_ok=True)
        np.save(tmp_path / "test" / "tokens.npy", np.array([number for row in tokens for number in row], np.int32))
        np.save(tmp_path / "test" / "offsets.npy", np.cumsum([0, *map(len, tokens)]))
        np.save(tmp_path / "test" / "pictures.npy", np.array([picture for picture, _ in captions], np.int32))
        (tmp_path / "corpus.json").write_text(json.dumps({"version": 1, "parts": {"test": {}}}))
        return Corpus(tmp_path)

    return written
