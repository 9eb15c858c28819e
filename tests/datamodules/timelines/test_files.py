"""Mirrors datamodules/timelines/files.py."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamodules.posts import Posts
from datamodules.timelines import files
from datamodules.timelines.arranging import Arranged
from datamodules.timelines.files import write_files
from datamodules.timelines.vocabulary import Vocabulary

MakePosts = Callable[..., Posts]


def test_ids_are_those_of_the_posts_rows_over_all_batches(
    make_posts: MakePosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "AT_ONCE", 3)
    arranged = Arranged(
        row=np.array([0, 2, 2, 3, 8, 9]),
        user=np.array([0, 1, -1, 0, 0, 1]),
        picture=np.array([-1, 0, 0, -1, -1, -1]),
        text=np.array([0, 1, 1, 2, 3, 4]),
        part=np.array([0, 1, 2, 0, 0, 0], np.int8),
        lengths=np.array([1, 0, 2, 0, 0, 1], np.int32),
        tokens=np.array([1, 2, 1, 2], np.int32),
        users=["ä", "b"],
        paths=pa.array(["x.png"]),
        vocabulary=Vocabulary(["dog", "cat"], [5, 3], np.array([1, 2])),
        dropped={},
        counts={},
    )
    write_files(tmp_path, make_posts([("u", "t", None)] * 10), arranged)
    table = pq.read_table(tmp_path / "posts.parquet")
    assert table["id"].to_pylist() == ["p/0", "p/2", "p/2", "p/3", "p/8", "p/9"]
    assert table["part"].to_pylist() == ["train", "validation", "test", "train", "train", "train"]
    assert table.schema.field("user").type == pa.int32()
    users = pq.read_table(tmp_path / "users.parquet").to_pylist()
    assert users == [{"user": "ä", "posts": 3}, {"user": "b", "posts": 1}]
    words = pq.read_table(tmp_path / "words.parquet").to_pydict()
    assert words == {"word": ["<pad>", "dog", "cat"], "count": [0, 5, 3]}
    assert np.load(tmp_path / "offsets.npy").tolist() == [0, 1, 1, 3, 3, 3, 4]
    assert np.load(tmp_path / "tokens.npy").dtype == np.int32
