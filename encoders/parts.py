"""Parts of stored features: encoded, written whole or not at all, joined at the end."""

import errno
import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from torch import Tensor

from encoders.atomic import replacing, write_array

Payload = TypeVar("Payload")
Encoded = Tensor | Sequence[Tensor | ValueError | None]  # one item each; None or the cause where an item is absent
DTYPE = np.dtype("<f2")
BITS = np.dtype(np.uint8)  # eight of them, packed
RAGGED = -1  # first size of a shape whose items differ in length
RESERVE = 256 * 2**20  # bytes left free, for logs and for others who write to the same disk


class Part(NamedTuple):
    """Features of some consecutive items."""

    values: NDArray[np.float16 | np.uint8]  # (n, *shape), or (sum of lengths, *shape[1:])
    present: NDArray[np.bool_]  # (n,)
    lengths: NDArray[np.int64]  # (n,) vectors of each item; only where items differ in length
    problems: NDArray[np.uint8]  # JSON lines


def bytes_needed(count: int, shape: Sequence[int], dtype: np.dtype[Any] = DTYPE) -> int:
    """Bytes of the values of `count` items; where items differ in length, of `count` vectors."""
    return count * math.prod(size for size in shape if size != RAGGED) * dtype.itemsize


def require_space(folder: Path, needed: int) -> None:
    """Raise OSError unless the disk has `needed` bytes and a reserve."""
    free = shutil.disk_usage(folder).free
    if needed + RESERVE > free:
        raise OSError(
            errno.ENOSPC,
            f"{needed / 1e9:.1f} GB to be written and {RESERVE / 1e9:.1f} GB to be left, but {free / 1e9:.1f} GB are "
            "free; make room or take another disk and run again: parts that are written stay",
            str(folder),
        )


def encode_part(
    items: Sequence[tuple[str, Payload | None]],
    encode: Callable[[list[Payload]], Encoded],
    shape: tuple[int, ...],
    batch_size: int,
    dtype: np.dtype[Any] = DTYPE,
) -> Part:
    """Encode what is there of some items; see `encoders.store.write_features`."""
    given = [(row, payload) for row, (_, payload) in enumerate(items) if payload is not None]
    rows: dict[int, NDArray[Any]] = {}
    problems = []
    for start in range(0, len(given), batch_size):
        batch = given[start : start + batch_size]
        encoded = encode([payload for _, payload in batch])
        if isinstance(encoded, Tensor):
            encoded = _moved(encoded, dtype)  # one transfer
        for (row, _), value in zip(batch, encoded, strict=True):
            if isinstance(value, Tensor):
                rows[row] = _checked(items[row][0], value, shape, dtype)
            elif value is not None:
                problems.append(json.dumps({"id": items[row][0], "cause": str(value)}, ensure_ascii=False) + "\n")
    return _gathered(len(items), rows, shape, dtype, "".join(problems))


def write_part(path: Path, part: Part) -> None:
    """Write a part; raise OSError before the disk is full."""
    require_space(path.parent, part.values.nbytes)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **part._asdict())


def join_parts(
    folder: Path,
    ids: list[str],
    shape: tuple[int, ...],
    paths: Sequence[Path],
    dtype: np.dtype[Any] = DTYPE,
) -> None:
    """Write `values.npy`, `offsets.npy` (only where items differ in length), `ids.parquet`, `problems.jsonl`."""
    small = [_without_values(path) for path in paths]
    present = np.concatenate([np.zeros(0, bool), *(part.present for part in small)])
    lengths = np.concatenate([np.zeros(0, np.int64), *(part.lengths for part in small)])
    ragged = shape[:1] == (RAGGED,)
    _join_values(folder, paths, (int(lengths.sum()), *shape[1:]) if ragged else (len(ids), *shape), dtype)
    if ragged:
        write_array(folder / "offsets.npy", np.concatenate([[0], lengths.cumsum()]).astype(np.int64))
    with replacing(folder / "ids.parquet") as path:
        pq.write_table(pa.table({"id": pa.array(ids, pa.string()), "present": present}), path)
    with replacing(folder / "problems.jsonl") as path:
        path.write_bytes(b"".join(part.problems.tobytes() for part in small))


def _join_values(folder: Path, paths: Sequence[Path], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    for stale in folder.glob(".values.npy.*.tmp"):  # of a killed run
        stale.unlink()
    require_space(folder, bytes_needed(1, shape, dtype))
    header = {"descr": dtype.str, "fortran_order": False, "shape": shape}
    with replacing(folder / "values.npy") as path, path.open("wb") as file:
        # written, not mapped: a full disk raises here, and would kill the process there
        np.lib.format.write_array_header_1_0(file, header)
        for part in paths:
            with np.load(part) as content:
                file.write(np.ascontiguousarray(content["values"]).data)


def _without_values(path: Path) -> Part:
    with np.load(path) as content:
        return Part(np.zeros(0, DTYPE), content["present"], content["lengths"], content["problems"])


def _moved(value: Tensor, dtype: np.dtype[Any]) -> Tensor:
    """On the CPU, floats at half precision; bits as they are, since floats cut to bytes would be none."""
    return value.detach().to("cpu", torch.float16 if dtype == DTYPE else value.dtype)


def _checked(item: str, value: Tensor, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    fits = value.dim() == len(shape) and all(b in (RAGGED, a) for a, b in zip(value.shape, shape, strict=True))
    if not fits:
        raise ValueError(f"{item}: features of shape {tuple(value.shape)}, not {shape}")
    array = _moved(value, dtype).numpy()
    if array.dtype != dtype:
        raise ValueError(f"{item}: features of type {array.dtype}, not {dtype}")
    if dtype == DTYPE and not np.isfinite(array).all():
        raise ValueError(f"{item}: features that are not numbers or beyond half precision (65,504)")
    return array


def _gathered(
    count: int, rows: Mapping[int, NDArray[Any]], shape: tuple[int, ...], dtype: np.dtype[Any], text: str
) -> Part:
    present = np.zeros(count, dtype=bool)
    present[list(rows)] = True
    problems = np.frombuffer(text.encode(), dtype=np.uint8)
    lengths = np.zeros(count, dtype=np.int64)
    if shape[:1] == (RAGGED,):
        for row, value in rows.items():
            lengths[row] = len(value)
        nothing = np.zeros((0, *shape[1:]), dtype=dtype)
        values = np.concatenate([nothing, *(rows[row] for row in sorted(rows))])
        return Part(values, present, lengths, problems)
    values = np.zeros((count, *shape), dtype=dtype)
    for row, value in rows.items():
        values[row] = value
    return Part(values, present, lengths, problems)
