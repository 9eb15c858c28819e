"""The files of a corpus of timelines, but for `corpus.json`."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from datamodules.posts import Posts
from datamodules.timelines.arranging import Arranged
from datamodules.timelines.corpus import PADDING
from datamodules.timelines.splits import PARTS, TRAIN
from encoders.atomic import replacing, write_array

AT_ONCE = 100_000  # posts whose ids are in memory
_POSTS = pa.schema({"id": pa.string()} | dict.fromkeys(("user", "picture", "text"), pa.int32()) | {"part": pa.string()})


def write_files(folder: Path, posts: Posts, arranged: Arranged) -> None:
    """Write users, pictures, words, posts and their words, each file whole or not at all."""
    in_training = arranged.user[(arranged.part == TRAIN) & (arranged.user >= 0)]
    times = np.bincount(in_training, minlength=len(arranged.users))
    _write(
        folder / "users.parquet", {"user": pa.array(arranged.users, pa.string()), "posts": pa.array(times, pa.int64())}
    )
    _write(folder / "pictures.parquet", {"path": arranged.paths.cast(pa.string())})
    known = arranged.vocabulary
    words, counts = pa.array([PADDING, *known.words], pa.string()), pa.array([0, *known.counts], pa.int64())
    _write(folder / "words.parquet", {"word": words, "count": counts})
    _write_posts(folder / "posts.parquet", posts, arranged)
    write_array(folder / "tokens.npy", arranged.tokens.astype(np.int32))
    write_array(folder / "offsets.npy", np.concatenate([[0], np.cumsum(arranged.lengths, dtype=np.int64)]))


def _write_posts(path: Path, posts: Posts, arranged: Arranged) -> None:
    names = np.array(PARTS)
    with replacing(path) as temporary, pq.ParquetWriter(temporary, _POSTS, compression="zstd") as writer:
        for number, batch in enumerate(posts.batches(["id"], AT_ONCE)):
            begin, end = np.searchsorted(arranged.row, [number * AT_ONCE, (number + 1) * AT_ONCE])
            rows = slice(int(begin), int(end))
            ids = pa.array(batch["id"], pa.string()).take(pa.array(arranged.row[rows] - number * AT_ONCE))
            columns = [
                pa.array(column[rows], pa.int32()) for column in (arranged.user, arranged.picture, arranged.text)
            ]
            parts = pa.array(names[arranged.part[rows]], pa.string())
            writer.write_table(pa.table([ids, *columns, parts], schema=_POSTS))


def _write(path: Path, columns: Mapping[str, pa.Array]) -> None:
    with replacing(path) as temporary:
        pq.write_table(pa.table(dict(columns)), temporary, compression="zstd")
