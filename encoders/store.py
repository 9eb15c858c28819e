"""Features that a frozen encoder computed once, on disk.

A folder: `values.npy` (float16, or uint8 for packed bits, item after item; with `offsets.npy` where items differ in
length), `ids.parquet` (id, present), `problems.jsonl` (id, cause of items that could not be read), and `store.json`,
written last.
"""

import fcntl
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from torch import Tensor

from encoders.atomic import write_json
from encoders.parts import (
    BITS,
    DTYPE,
    RAGGED,
    Encoded,
    Payload,
    bytes_needed,
    encode_part,
    join_parts,
    require_space,
    write_part,
)
from encoders.progress import Progress

__all__ = ["FeatureStore", "bytes_needed", "write_features"]


class FeatureStore:
    """Reads a folder that `write_features` made, memory-mapped.

    Args:
        folder: the folder.
        key: what the features must have been made with; None takes any.

    Raises:
        FileNotFoundError: there is none, or its writing has not ended.
        ValueError: made with another key; names the entries that differ.
    """

    def __init__(self, folder: Path | str, key: Mapping[str, Any] | None = None) -> None:
        self.folder = Path(folder)
        path = self.folder / "store.json"
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no stored features here, or their writing has not ended; encode them")
        description = json.loads(path.read_text())
        self.key: dict[str, Any] = description["key"]
        if key is not None:
            _refuse_other(path, "key", self.key, key)
        self.shape: tuple[int, ...] = tuple(description["shape"])
        self.count: int = description["count"]
        self._values = np.load(self.folder / "values.npy", mmap_mode="r")

    def __len__(self) -> int:
        return self.count

    def __reduce__(self) -> tuple[type["FeatureStore"], tuple[Path, dict[str, Any]]]:
        """Data loader's workers open the folder again: a pickled memory map would be a copy of all its values."""
        return FeatureStore, (self.folder, self.key)

    @cached_property
    def ids(self) -> list[str]:
        """Item ids, in the order of their rows."""
        return pq.read_table(self.folder / "ids.parquet", columns=["id"])["id"].to_pylist()

    @property
    def dtype(self) -> np.dtype[Any]:
        """How values are kept: float16, which is read as float32, or uint8, packed bits that are read as they are."""
        return self._values.dtype

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """Which rows have features, (N,)."""
        return pq.read_table(self.folder / "ids.parquet", columns=["present"])["present"].to_numpy()

    def rows(self, ids: Sequence[str | None]) -> NDArray[np.int64]:
        """Row of each item, (n,), for `take_rows`; -1 where it is unknown or absent, or None."""
        position = self._position
        return np.fromiter((-1 if item is None else position.get(item, -1) for item in ids), np.int64, len(ids))

    def has(self, ids: Sequence[str | None]) -> NDArray[np.bool_]:
        """Which of the items have features, (n,), without reading them."""
        return self.rows(ids) >= 0

    def take(self, ids: Sequence[str | None]) -> tuple[Tensor, Tensor]:
        """Return (n, *shape) float32 (uint8 bits) and (n,) bool; unknown or absent items, or None, are zero and False.

        Raises:
            ValueError: items differ in length; `take_ragged` reads those.
        """
        rows = self.rows(ids)
        return self.take_rows(rows), torch.from_numpy(rows >= 0)

    def take_rows(self, rows: NDArray[np.integer]) -> Tensor:
        """Return (n, *shape) float32 (uint8 bits) of these rows, which may repeat; those of -1 are zero.

        Raises:
            ValueError: as `take`.
            IndexError: a row that the store does not have.
        """
        if self.shape[:1] == (RAGGED,):
            raise ValueError(f"{self.folder}: items differ in length, {self.shape}: use take_ragged")
        found = rows >= 0
        read_as = BITS if self.dtype == BITS else np.dtype(np.float32)
        values = np.zeros((len(rows), *self._values.shape[1:]), dtype=read_as)
        # read in file order, each row once
        distinct, position = np.unique(rows[found], return_inverse=True)
        values[found] = self._values[distinct][position]
        return torch.from_numpy(values)

    def take_ragged(self, ids: Sequence[str | None]) -> tuple[list[Tensor], Tensor]:
        """Return n tensors (t, ...) float32 and (n,) bool; unknown or absent items, or None, have t = 0 and False."""
        rows = self.rows(ids)
        empty = self._values[:0]
        taken = [self._values[self._offsets[row] : self._offsets[row + 1]] if row >= 0 else empty for row in rows]
        return [torch.from_numpy(item.astype(np.float32)) for item in taken], torch.from_numpy(rows >= 0)

    @cached_property
    def _position(self) -> dict[str, int]:
        return {item: row for row, (item, here) in enumerate(zip(self.ids, self.present.tolist(), strict=True)) if here}

    @cached_property
    def _offsets(self) -> NDArray[np.int64]:
        return np.load(self.folder / "offsets.npy", mmap_mode="r")


def write_features(
    folder: Path | str,
    items: Sequence[tuple[str, Payload | None]],
    encode: Callable[[list[Payload]], Encoded],
    shape: Sequence[int],
    key: Mapping[str, Any],
    batch_size: int = 64,
    part_size: int = 1024,
    rank: int = 0,
    world: int = 1,
    progress: Progress | None = None,
    dtype: np.dtype[Any] = DTYPE,
) -> bool:
    """Encode items into a folder for `FeatureStore`; done parts of an earlier run are kept.

    Args:
        folder: made if there is none.
        items: distinct ids with what is to be encoded, None where it is absent.
        encode: maps at most `batch_size` payloads to (n, *shape), or to a list of n tensors, with None or a ValueError
            (kept in `problems.jsonl`) for an absent one.
        shape: of one item; -1 in the first place where items differ in length.
        key: plain values that tell what the features are made with.
        batch_size: items given to `encode` at once.
        part_size: items of a part; what a kill loses at most.
        rank: this process, of `world` that share the parts.
        world: processes; whichever ends last joins the parts.
        progress: called with items done and items in all, of this process.
        dtype: half precision, or uint8 for bits that `encode` gives packed.

    Returns:
        Whether the store is whole; False while other ranks still write.

    Raises:
        ValueError: the folder holds features of another key or of other items; an id occurs twice; features of a wrong
            shape or type, or beyond half precision (names the item).
        OSError: not enough free disk space, checked beforehand; parts that are written stay.
    """
    folder, shape = Path(folder), tuple(shape)
    ids = _distinct([item for item, _ in items])
    description = _description(key, shape, dtype, ids)
    if _begun(folder, description):
        return True
    bounds = [(start, min(start + part_size, len(ids))) for start in range(0, len(ids), part_size)]
    require_space(folder, _bytes_to_come(folder, bounds, shape, dtype))
    own = bounds[rank::world]
    total, done = sum(stop - start for start, stop in own), 0
    for start, stop in own:
        path = _part(folder, start, stop)
        if not path.exists():
            write_part(path, encode_part(items[start:stop], encode, shape, batch_size, dtype))
        done += stop - start
        if progress is not None:
            progress(done, total)
    return _join(folder, description, ids, bounds)


def _distinct(ids: list[str]) -> list[str]:
    if len(set(ids)) < len(ids):
        twice = Counter(ids).most_common(1)[0][0]
        raise ValueError(f"item {twice!r} occurs twice; ids must be distinct")
    return ids


def _description(key: Mapping[str, Any], shape: Sequence[int], dtype: np.dtype[Any], ids: list[str]) -> dict[str, Any]:
    """What `store.json` says."""
    if dtype not in (DTYPE, BITS):
        raise ValueError(f"features are stored as {DTYPE} or {BITS}, not {dtype}")
    digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    return {"key": dict(key), "shape": list(shape), "dtype": dtype.name, "count": len(ids), "items": digest}


def _begun(folder: Path, description: Mapping[str, Any]) -> bool:
    """Whether the store is whole already; otherwise leave the description for those who go on."""
    (folder / "parts").mkdir(parents=True, exist_ok=True)
    for name in ("store.json", "plan.json"):
        path = folder / name
        if path.is_file():
            there = json.loads(path.read_text())
            _refuse_other(path, "key", there["key"], description["key"])
            _refuse_other(path, "content", _without_key(there), _without_key(description))
            if name == "store.json":
                _tidy(folder)  # an earlier run may have been killed before it did
            return name == "store.json"
    write_json(folder / "plan.json", description)
    return False


def _without_key(description: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in description.items() if name != "key"}


def _part(folder: Path, start: int, stop: int) -> Path:
    return folder / "parts" / f"{start:09d}-{stop:09d}.npz"


def _bytes_to_come(folder: Path, bounds: Sequence[tuple[int, int]], shape: Sequence[int], dtype: np.dtype[Any]) -> int:
    """Missing parts, and all of them once more when they are joined; unknown where items differ in length."""
    if shape[:1] == (RAGGED,):
        return 0
    missing = sum(stop - start for start, stop in bounds if not _part(folder, start, stop).exists())
    return bytes_needed(missing + (bounds[-1][1] if bounds else 0), shape, dtype)


def _join(folder: Path, description: Mapping[str, Any], ids: list[str], bounds: Sequence[tuple[int, int]]) -> bool:
    """Make one file of the parts once all are there; one process does, others find it done."""
    with _locked(folder / "join.lock"):
        if not (folder / "store.json").exists():
            paths = [_part(folder, start, stop) for start, stop in bounds]
            if not all(path.exists() for path in paths):
                return False
            join_parts(folder, ids, tuple(description["shape"]), paths, np.dtype(description["dtype"]))
            write_json(folder / "store.json", description)
    _tidy(folder)
    return True


def _tidy(folder: Path) -> None:
    shutil.rmtree(folder / "parts", ignore_errors=True)
    for name in ("plan.json", "join.lock"):
        (folder / name).unlink(missing_ok=True)


def _refuse_other(path: Path, what: str, there: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Raise ValueError that names the entries in which two descriptions differ, if any do."""
    asked = json.loads(json.dumps(asked))  # as it would come back from a file: tuples are lists there
    names = [name for name in {**there, **asked} if there.get(name) != asked.get(name)]
    if names:
        differences = "; ".join(f"{name}: {there.get(name)} there, {asked.get(name)} asked for" for name in names)
        raise ValueError(f"{path}: {what} differs ({differences}); take another folder, or remove this one")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
