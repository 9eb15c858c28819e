"""Files that are whole or absent."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a file beside `path`, sync it, and give it its name."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")  # a worker of a killed run may still write
    write(temporary)
    with temporary.open("rb") as handle:
        os.fsync(handle.fileno())
    os.replace(temporary, path)


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys: the same value is the same bytes."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    write_atomically(path, lambda temporary: _fill(temporary, text))


def write_table(path: Path, table: pa.Table) -> None:
    """Write Parquet."""
    write_atomically(path, lambda temporary: pq.write_table(table, temporary, compression="zstd"))


def _fill(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
