"""Mirrors datamodules/preparing/readers.py."""

from pathlib import Path

import pytest

from datamodules.preparing import Piece, Problem
from datamodules.preparing.readers import (
    LONGEST,
    line_pieces,
    read_any,
    read_array,
    read_csv,
    read_every_line,
    read_lines,
    read_table,
    row_pieces,
)


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_pieces_of_any_size_hold_every_line_once_with_its_number(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\n\ntwo\nthree is longer\n" + "vi\u00e9r".encode() + b"\nlast")
    pieces = line_pieces(tmp_path, path, size)
    assert [piece.begin for piece in pieces] == [0, *(piece.end for piece in pieces[:-1])]
    assert pieces[-1].end == path.stat().st_size
    lines = [line for piece in pieces for line in read_lines(tmp_path, piece)]
    assert lines == [(1, "one"), (3, "two"), (4, "three is longer"), (5, "vi\u00e9r"), (6, "last")]


def test_a_line_that_is_no_utf8_is_located(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\ntw\xff\nthree\n")
    (piece,) = line_pieces(tmp_path, tmp_path / "a.txt")
    lines = list(read_lines(tmp_path, piece))
    assert lines == [(1, "one"), Problem("a.txt", 2, None, "not UTF-8: byte 0xff at column 3"), (3, "three")]


def test_a_line_without_end_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * (2 * LONGEST + 5) + b"\nnext\n")
    pieces = line_pieces(tmp_path, tmp_path / "a.txt")
    long, after = [line for piece in pieces for line in read_lines(tmp_path, piece)]
    assert isinstance(long, Problem)
    assert long.line == 1
    assert after == (2, "next")


def test_an_array_knows_the_line_of_each_value(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('\ufeff[\n{"a": 1},\n\n{"a":\n [2]}, 3\n]')
    assert read_array(path) == [(2, {"a": 1}), (4, {"a": [2]}), (5, 3)]
    path.write_text("[ ]")
    assert read_array(path) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[\n{"a": 1}\n{}]', "line 2: no comma"),
        ('[1,\n{"a"', "line 2: "),
        ("{}", "no JSON array"),
        ("", "no JSON array"),
        ("[" * 100_000, "line 1: "),
        ("[1, 2", "is the file cut off"),
        ("[1,", "cut off"),
        ("[", "cut off"),
    ],
)
def test_a_faulty_array_names_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        read_array(tmp_path / "a.json")
    assert "a.json" in str(error.value)


def test_other_encodings_are_read_and_doubted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("d\u00e9j\u00e0".encode("latin-1"))
    (tmp_path / "b.txt").write_bytes(b"\xef\xbb\xbfplain")
    assert read_any(tmp_path / "a.txt") == ("d\u00e9j\u00e0", ("not UTF-8: a.txt read as Latin-1",))
    assert read_any(tmp_path / "b.txt") == ("plain", ())


def test_every_line_counts_where_files_belong_together(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfone\r\n\n\xff\x0b\n\n")
    assert read_every_line(tmp_path / "a.txt") == [b"one\r", b"", b"\xff\x0b", b""]
    (tmp_path / "b.txt").write_bytes(b"")
    assert read_every_line(tmp_path / "b.txt") == []


def test_rows_of_a_csv_file_know_where_they_begin(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbfa,b\r\n\r\n"two\r\nlines, ""quoted""",x\r\nlast,\xff')
    assert list(read_csv(path)) == [(1, ["a", "b"]), (3, ['two\r\nlines, "quoted"', "x"]), (5, ["last", "\udcff"])]


@pytest.mark.parametrize("end", ['"open,x\n', '"a"b,x\ny,z\n', "x" * 200_000 + ",y\n"])
def test_a_broken_csv_file_names_file_and_line(tmp_path: Path, end: str) -> None:
    (tmp_path / "a.csv").write_text("a,b\n\n" + end)
    with pytest.raises(ValueError, match=r"a\.csv, line 3: .*is a quote not closed"):
        list(read_csv(tmp_path / "a.csv"))


def test_a_table_needs_its_columns_and_whole_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"b,more,a\n1,2,3\n4,5\n6,\xff,7\n8,9,10,11\n")
    assert read_table(tmp_path, "a.csv", ["a", "b"]) == [
        (2, {"b": "1", "more": "2", "a": "3"}),
        Problem("a.csv", 3, None, "columns: 2, not 3"),
        Problem("a.csv", 4, None, "not UTF-8"),
        Problem("a.csv", 5, None, "columns: 4, not 3"),
    ]
    with pytest.raises(ValueError, match=r"a\.csv, line 1: no column 'c'; there are b, more, a"):
        read_table(tmp_path, "a.csv", ["a", "c"])
    with pytest.raises(FileNotFoundError, match=r"b\.csv: not there; columns a, c"):
        read_table(tmp_path, "b.csv", ["a", "c"])
    (tmp_path / "c.csv").touch()
    with pytest.raises(ValueError, match=r"c\.csv, line 1: no column 'a'; there are none"):
        read_table(tmp_path, "c.csv", ["a"])


def test_row_pieces_cover_a_table() -> None:
    assert row_pieces("t", 5, 2) == [Piece("t", 0, 2), Piece("t", 2, 4), Piece("t", 4, 5)]
    assert row_pieces("t", 0) == []
