"""Descriptions of some posts, cleaned and cut into numbers of words: one atomic part for each range of posts."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from datamodules.sentences.cleaning import cleaned, split_words
from datamodules.sentences.overlap import near_duplicates
from datamodules.sentences.settings import Cleaning
from encoders.atomic import replacing, write_json


class Range(NamedTuple):
    """A fixed share of the prepared posts, and where its part goes."""

    number: int
    groups: list[tuple[str, int]]  # files of posts and row groups, in their order
    posts: int
    folder: Path
    cleaning: Cleaning

    def path(self, ending: str) -> Path:
        """Ending "npz" is sentences, "words.parquet" and "units.parquet" their lists, "json" counts and the marker."""
        return self.folder / f"{self.number:06d}.{ending}"


class Media(NamedTuple):
    """Pictures of some posts, or their places where there is none, with what was said of them."""

    posts: pa.Array  # (M,) ids
    paths: pa.Array  # (M,) null where there is no file
    texts: list[str]  # (N,)
    owner: NDArray[np.int64]  # (N,) which picture a text is of, rising


def ranges(posts: Path, folder: Path, size: int, cleaning: Cleaning) -> list[Range]:
    """Cut prepared posts into runs of row groups with at least `size` posts each, the same on every machine."""
    found: list[Range] = []
    groups: list[tuple[str, int]] = []
    rows = 0
    for path in sorted(posts.glob("part-*.parquet")):
        info = pq.read_metadata(path)
        for group in range(info.num_row_groups):
            groups.append((str(path), group))
            rows += info.row_group(group).num_rows
            if rows >= size:
                found.append(Range(len(found), groups, rows, folder, cleaning))
                groups, rows = [], 0
    return [*found, Range(len(found), groups, rows, folder, cleaning)] if groups else found


def cut(given: Range) -> None:
    """Read, clean and cut the sentences of a range; write its part, the marker last.

    Near-duplicates are looked for among all sentences of a picture that lie in the range.
    """
    media = _read(given.groups)
    lists = split_words(cleaned(media.texts, given.cleaning.separator))  # (N,) lists of words
    long = pc.list_value_length(lists).to_numpy() >= given.cleaning.min_words
    lists, owner = lists.filter(pa.array(long)), media.owner[long]
    coded = lists.flatten().dictionary_encode()  # words are numbered by their first occurrence
    tokens, lengths = coded.indices.to_numpy(), pc.list_value_length(lists).to_numpy()
    double = near_duplicates(tokens, lengths, _same(media.paths)[owner], given.cleaning.max_overlap)
    used, unit = np.unique(owner[~double], return_inverse=True)  # pictures that have sentences
    arrays = {"tokens": tokens[np.repeat(~double, lengths)], "lengths": lengths[~double], "unit": unit.astype(np.int32)}
    with replacing(given.path("npz")) as path, path.open("wb") as file:
        np.savez(file, **arrays)
    rows = {
        "part": np.full(len(used), given.number, np.int32),
        "unit": np.arange(len(used), dtype=np.int32),
        "path": media.paths.take(pa.array(used)),
        "id": media.posts.take(pa.array(used)),
    }
    _write(given.path("units.parquet"), pa.table(rows))
    _write(given.path("words.parquet"), pa.table({"word": coded.dictionary}))
    read = {"posts": given.posts, "media": len(media.paths), "sentences": len(media.texts)}
    dropped = {"short": int((~long).sum()), "near_duplicate": int(double.sum())}
    write_json(given.path("json"), {"read": read, "dropped": dropped})


def _same(paths: pa.Array) -> NDArray[np.int32]:
    """A number for each picture, the same where it is the same file; one of its own where there is none."""
    numbers = paths.dictionary_encode().indices
    own = np.arange(len(paths), dtype=np.int32) + len(paths)
    return np.where(paths.is_null().to_numpy(zero_copy_only=False), own, numbers.fill_null(0).to_numpy())


def _read(groups: Sequence[tuple[str, int]]) -> Media:
    files: dict[str, list[int]] = {}
    for path, group in groups:
        files.setdefault(path, []).append(group)
    tables = [pq.ParquetFile(path).read_row_groups(rows, columns=["id", "media"]) for path, rows in files.items()]
    table = pa.concat_tables(tables).combine_chunks()
    if not len(table):
        return Media(pa.array([], pa.string()), pa.array([], pa.string()), [], np.zeros(0, np.int64))
    ids, media = table["id"].chunk(0), table["media"].chunk(0)
    entries = media.flatten()  # (M,) structs
    said = entries.field("descriptions")
    texts, owner = said.flatten(), pc.list_parent_indices(said)
    there = texts.is_valid()
    own = owner.filter(there).to_numpy()
    return Media(ids.take(pc.list_parent_indices(media)), entries.field("path"), texts.filter(there).to_pylist(), own)


def _write(path: Path, table: pa.Table) -> None:
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
