"""Triplets of phrases in files: three columns, separated by tabs, no header; a triplet's id is its row, from 0."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from encoders.atomic import replacing

BLOCK = 2**20  # rows that are Python strings at one time; no line may be longer than 16 times as many bytes
_WANTED = "wanted: base phrase, positive phrase, negative phrase, separated by tabs, UTF-8, no header"
_BOM = b"\xef\xbb\xbf"


class Triplets(NamedTuple):
    """N triplets: the base phrase is nearer in meaning to the positive than to the negative (Pins, section 3.2).

    Arrow's columns, since ten million triplets as Python strings take gigabytes; `rows` gives strings one by one, and
    `column.dictionary_encode()` each distinct phrase once.
    """

    base: pa.ChunkedArray  # (N,) strings, as the two others
    positive: pa.ChunkedArray
    negative: pa.ChunkedArray

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str]]) -> "Triplets":
        """Triplets from Python strings."""
        listed = list(rows)
        return cls(*(pa.chunked_array([[row[column] for row in listed]], pa.string()) for column in range(3)))

    @property
    def size(self) -> int:
        """N; `len` of this is 3, as of every tuple of three."""
        return len(self.base)

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """One triplet after the other."""
        for begin in range(0, self.size, BLOCK):
            yield from zip(*(column.slice(begin, BLOCK).to_pylist() for column in self), strict=True)

    def take(self, ids: Iterable[int]) -> "Triplets":
        """Those with these ids, in this order."""
        chosen = pa.array(list(ids), pa.int64())
        return Triplets(*(column.take(chosen) for column in self))


def read_triplets(path: Path | str) -> Triplets:
    """Read a file of any length.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line has other than three columns, an empty phrase, or is no UTF-8 (names file and line), or the
            file is empty.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of triplets; {_WANTED}")
    try:
        table = csv.read_csv(
            path,
            csv.ReadOptions(column_names=list(Triplets._fields), block_size=16 * BLOCK),
            csv.ParseOptions(delimiter="\t", quote_char=False, double_quote=False, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=dict.fromkeys(Triplets._fields, pa.string())),
        )
    except pa.ArrowInvalid as error:
        raise ValueError(_fault(path) or f"{path}: {error}; {_WANTED}") from None
    if any(map(_any_empty, table.columns)):
        raise ValueError(_fault(path) or f"{path}: an empty phrase; {_WANTED}")
    return Triplets(*table.columns)


def write_triplets(path: Path | str, triplets: Triplets) -> None:
    """Write a file that `read_triplets` reads, whole or not at all.

    Raises:
        ValueError: a phrase is empty or holds a tab or the end of a line.
    """
    for column in triplets:
        if _any_empty(column) or pc.any(pc.match_substring_regex(column, r"[\t\r\n]")).as_py():
            raise ValueError(f"{path}: a phrase is empty or holds a tab or a line's end, so it can't be a column there")
    with replacing(Path(path)) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        for begin in range(0, triplets.size, BLOCK):
            columns = [column.slice(begin, BLOCK) for column in triplets]
            lines = pc.binary_join_element_wise(*columns, "\t")
            file.write("\n".join(lines.to_pylist()) + "\n")


def _any_empty(column: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.equal(pc.binary_length(pc.utf8_trim_whitespace(column)), 0)).as_py())


def _fault(path: Path) -> str | None:
    """What is wrong with the first faulty line; slow, so only for files that are known to have one."""
    number = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            cause = _cause((line.removeprefix(_BOM) if number == 1 else line).removesuffix(b"\n").removesuffix(b"\r"))
            if cause:
                return f"{path}, line {number}: {cause}; {_WANTED}"
    return None if number else f"{path}: empty; {_WANTED}"


def _cause(line: bytes) -> str:
    try:
        phrases = line.decode("utf-8").split("\t")
    except UnicodeDecodeError as error:
        return f"not UTF-8 (byte 0x{line[error.start]:02x})"
    if len(phrases) != 3:
        return f"{len(phrases)} column{'s' * (len(phrases) > 1)}, not 3"
    if not all(phrase.strip() for phrase in phrases):
        return "an empty phrase"
    return "a carriage return inside the line" if b"\r" in line else ""
