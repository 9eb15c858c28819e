"""Raw records with their line numbers, from files that may be broken anywhere."""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from datamodules.preparing.records import Piece, Problem

PIECE = 16 * 2**20  # bytes; big enough that starting a piece costs nothing, small enough to be lost
LONGEST = 2**24  # bytes of a line; longer ones are no posts
_BOM = b"\xef\xbb\xbf"
_SOLID = re.compile(r"[^ \t\n\r]")  # what JSON takes for no blank


def line_pieces(root: Path, path: Path, size: int = PIECE) -> list[Piece]:
    """Cut a file of lines into pieces of about `size` bytes that begin where a line does."""
    pieces: list[Piece] = []
    begin = end = 0
    line = lines = 1
    with path.open("rb") as handle:
        while chunk := handle.read(size):
            cut = chunk.rfind(b"\n") + 1
            if cut:
                lines += chunk.count(b"\n")
                pieces.append(Piece(str(path.relative_to(root)), begin, end + cut, line))
                begin, line = end + cut, lines
            end += len(chunk)
    if pieces and end > begin:  # a last line without its newline
        return [*pieces[:-1], msgspec.structs.replace(pieces[-1], end=end)]
    return pieces or ([Piece(str(path.relative_to(root)), 0, end)] if end else [])


def row_pieces(file: str, rows: int, size: int = 500) -> list[Piece]:
    """Cut a small table into pieces of `size` rows."""
    return [Piece(file, begin, min(begin + size, rows)) for begin in range(0, rows, size)]


def read_lines(root: Path, piece: Piece) -> Iterator[tuple[int, str] | Problem]:
    """Lines of a piece as (number, text) without blank ones; a line that is no UTF-8 or has no end is a problem."""
    number = piece.line - 1
    with (root / piece.file).open("rb") as handle:
        handle.seek(piece.begin)
        while handle.tell() < piece.end:
            number += 1
            line = handle.readline(LONGEST)
            if len(line) == LONGEST and not line.endswith(b"\n"):
                while (rest := handle.readline(LONGEST)) and not rest.endswith(b"\n"):
                    pass
                yield Problem(piece.file, number, None, f"line too long: over {LONGEST} bytes")
                continue
            line = line.removeprefix(_BOM) if piece.begin == 0 and number == 1 else line
            try:
                text = line.decode("utf-8").strip()
            except UnicodeDecodeError as error:
                yield Problem(piece.file, number, None, not_utf8(error))
                continue
            if text:
                yield number, text


def read_array(path: Path) -> list[tuple[int, Any]]:
    """Values of a JSON array with the line on which each begins; a byte that is no UTF-8 becomes a lone surrogate.

    Raises:
        ValueError: the file is no array; names the file, and the line of a syntax error.
    """
    text = path.read_text("utf-8-sig", errors="surrogateescape")
    decode = json.JSONDecoder().raw_decode
    position = _solid(text, 0)
    if text[position : position + 1] != "[":
        raise ValueError(f"{path}: no JSON array")
    values: list[tuple[int, Any]] = []
    line, counted = 1, 0
    position = _solid(text, position + 1)
    while text[position : position + 1] != "]":
        line, counted = line + text.count("\n", counted, position), position
        try:
            value, end = decode(text, position)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path}, line {line}: {error}; is the file cut off?") from None
        values.append((line, value))
        position = _solid(text, end)
        if text[position : position + 1] == ",":
            position = _solid(text, position + 1)
        elif text[position : position + 1] != "]":
            raise ValueError(f"{path}, line {line}: no comma or end after this value; is the file cut off?")
    return values


def _solid(text: str, position: int) -> int:
    found = _SOLID.search(text, position)
    return found.start() if found else len(text)


def read_every_line(path: Path) -> list[bytes]:
    """Lines of a small file with the blank ones, for files that belong together line by line."""
    lines = path.read_bytes().removeprefix(_BOM).split(b"\n")
    return lines if lines[-1] else lines[:-1]


def read_csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line on which each begins, without blank ones; bytes that are no UTF-8 as in `read_array`.

    Raises:
        ValueError: a quote stands wrong or is not closed; names file and line.
    """
    line = 1
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as handle:
        reader = csv.reader(handle, strict=True)
        try:
            for row in reader:
                if row:
                    yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            hint = "is a quote not closed or not doubled, or the file cut off?"
            raise ValueError(f"{path}, line {line}: {error}; {hint}") from None


def read_table(root: Path, file: str, columns: Sequence[str]) -> list[tuple[int, dict[str, str]] | Problem]:
    """Rows below a CSV file's header; one that is too short, too long or no UTF-8 is a problem.

    Raises:
        FileNotFoundError: no such file; says with which columns it is wanted.
        ValueError: a column is missing, or the file breaks off; names file and line.
    """
    path = root / file
    if not path.is_file():
        raise FileNotFoundError(f"{path}: not there; columns {', '.join(columns)}, separated by commas")
    rows = read_csv(path)
    line, header = next(rows, (1, []))
    for column in columns:
        if column not in header:
            raise ValueError(f"{path}, line {line}: no column {column!r}; there are {', '.join(header) or 'none'}")
    return [_cells(file, line, header, row) for line, row in rows]


def _cells(file: str, line: int, header: list[str], row: list[str]) -> tuple[int, dict[str, str]] | Problem:
    if len(row) != len(header):
        return Problem(file, line, None, f"columns: {len(row)}, not {len(header)}")
    if not all(map(is_utf8, row)):
        return Problem(file, line, None, "not UTF-8")
    return line, dict(zip(header, row, strict=True))


def is_utf8(text: str | None) -> bool:
    """Whether a text of `read_array` or `read_csv` was UTF-8 in its file."""
    return not any("\udc80" <= letter <= "\udcff" for letter in text or "")


def not_utf8(error: UnicodeDecodeError) -> str:
    """Cause for a line that can't be decoded, with the place in the line."""
    return f"not UTF-8: byte 0x{error.object[error.start]:02x} at column {error.start + 1}"


def read_any(path: Path) -> tuple[str, tuple[str, ...]]:
    """A text file as UTF-8 or else Latin-1, and the cause for suspicion in the second case."""
    data = path.read_bytes().removeprefix(_BOM)
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        return data.decode("latin-1"), (f"not UTF-8: {path.name} read as Latin-1",)
