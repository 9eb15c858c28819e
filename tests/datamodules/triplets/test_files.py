"""Mirrors datamodules/triplets/files.py."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules.triplets import Triplets, read_triplets, write_triplets

ROWS = [("hair style", "ponytail", "pink nail"), ("la mulți ani", "wishes", 'a "quoted" one'), ("a", "b", "c")]
phrases = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_triplets(tmp_path / "raw.tsv", Triplets.of(ROWS))
    assert (tmp_path / "raw.tsv").read_text().splitlines()[0] == "hair style\tponytail\tpink nail"
    found = read_triplets(tmp_path / "raw.tsv")
    assert list(found.rows()) == ROWS
    assert found.size == 3
    assert list(found.take([2, 0]).rows()) == [ROWS[2], ROWS[0]]


@given(rows=st.lists(st.tuples(phrases, phrases, phrases), min_size=1, max_size=4))
def test_any_printable_phrase_survives_the_file(
    rows: list[tuple[str, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "raw.tsv"
    write_triplets(path, Triplets.of(rows))
    assert list(read_triplets(path).rows()) == rows


def test_line_ends_of_windows_and_a_byte_order_mark_are_no_part_of_a_phrase(tmp_path: Path) -> None:
    (tmp_path / "raw.tsv").write_bytes(b"\xef\xbb\xbfa\tb\tc\r\nd\te\tf\r\n")
    assert list(read_triplets(tmp_path / "raw.tsv").rows()) == [("a", "b", "c"), ("d", "e", "f")]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (b"d\te\n", "line 2: 2 columns, not 3"),
        (b"d\te\tf\tg\n", "line 2: 4 columns, not 3"),
        (b"d\t\tf\n", "line 2: an empty phrase"),
        (b"d\te\t \n", "line 2: an empty phrase"),
        (b"\n", "line 2: 1 column, not 3"),
        (b"d\t\xff\tf\n", "line 2: not UTF-8 .byte 0xff."),
        (b"d\rx\te\tf\n", "line 2: a carriage return"),
    ],
)
def test_a_faulty_line_is_named_with_what_is_wanted(tmp_path: Path, bad: bytes, told: str) -> None:
    (tmp_path / "raw.tsv").write_bytes(b"a\tb\tc\n" + bad + b"g\th\ti\n")
    with pytest.raises(ValueError, match=rf"raw\.tsv, {told}.*wanted: base phrase, positive phrase, negative phrase"):
        read_triplets(tmp_path / "raw.tsv")


def test_no_file_and_an_empty_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"raw\.tsv: no such file of triplets; wanted"):
        read_triplets(tmp_path / "raw.tsv")
    (tmp_path / "raw.tsv").touch()
    with pytest.raises(ValueError, match=r"raw\.tsv: empty; wanted"):
        read_triplets(tmp_path / "raw.tsv")


@pytest.mark.parametrize("phrase", ["", " ", "a\tb", "a\nb", "a\rb"])
def test_a_phrase_that_would_break_the_file_is_refused_and_nothing_is_written(tmp_path: Path, phrase: str) -> None:
    with pytest.raises(ValueError, match="a phrase is empty or holds a tab"):
        write_triplets(tmp_path / "raw.tsv", Triplets.of([("a", phrase, "c")]))
    assert list(tmp_path.iterdir()) == []
