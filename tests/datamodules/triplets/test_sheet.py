"""Mirrors datamodules/triplets/sheet.py."""

import csv
from pathlib import Path

import pytest

from datamodules.triplets import Asked, Triplets, read_key, write_sheet

TRIPLETS = Triplets.of((f"base {number}", f"positive {number}", f"negative {number}") for number in range(400))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_sheet_shows_both_phrases_and_only_the_key_tells_which_is_positive(tmp_path: Path) -> None:
    write_sheet(tmp_path, TRIPLETS)
    shown, key = rows(tmp_path / "annotators" / "sheet.csv"), rows(tmp_path / "key.csv")
    assert list(shown[0]) == ["id", "base", "A", "B", "search_base", "search_A", "search_B"]
    assert list(key[0]) == ["id", "positive", "base", "positive_phrase", "negative_phrase"]
    for seen, told in zip(shown, key, strict=True):
        number, other = seen["id"], "B" if told["positive"] == "A" else "A"
        assert told["id"] == number
        row = number.partition("-")[0]
        assert seen["base"] == told["base"] == f"base {row}"
        assert seen[told["positive"]] == told["positive_phrase"] == f"positive {row}"
        assert seen[other] == told["negative_phrase"] == f"negative {row}"
    assert 160 < sum(told["positive"] == "A" for told in key) < 240
    assert [path.name for path in (tmp_path / "annotators").iterdir() if "key" in path.name] == []


def test_links_lead_to_a_search_for_the_phrase(tmp_path: Path) -> None:
    write_sheet(tmp_path, Triplets.of([("la mulți ani", "R&B", "a+b")]))
    (row,) = rows(tmp_path / "annotators" / "sheet.csv")
    links = {row[f"search_{side}"] for side in ("base", "A", "B")}
    ends = ("la+mul%C8%9Bi+ani", "R%26B", "a%2Bb")
    assert links == {f"https://www.google.com/search?q={end}" for end in ends}


def test_a_sample_is_drawn_by_the_seed_and_no_triplet_twice(tmp_path: Path) -> None:
    def drawn(sample: int | None, seed: int = 0) -> list[int]:
        return [
            int(own.partition("-")[0]) for own in write_sheet(tmp_path / f"{sample}-{seed}", TRIPLETS, sample, seed)
        ]

    first, again, other = (drawn(50, seed) for seed in (3, 3, 4))
    assert first == again != other
    assert len(set(first)) == 50
    assert first != sorted(first), "rows of one query don't follow each other"
    assert sorted(drawn(None)) == sorted(drawn(21_000)) == [*range(400)]


@pytest.mark.parametrize("changed", ["seed", "sample", "triplets"])
def test_ids_tell_which_sheet_they_are_of(tmp_path: Path, changed: str) -> None:
    def digests(name: str, triplets: Triplets = TRIPLETS, sample: int = 50, seed: int = 0) -> set[str]:
        return {own.partition("-")[2] for own in write_sheet(tmp_path / name, triplets, sample, seed)}

    first = digests("first")
    other = {"seed": {"seed": 1}, "sample": {"sample": 51}, "triplets": {"triplets": TRIPLETS.take(range(399))}}[
        changed
    ]
    assert len(first) == 1
    assert first == digests("again")
    assert first != digests("other", **other)


def test_the_key_of_another_sheet_is_not_written_over(tmp_path: Path) -> None:
    write_sheet(tmp_path, TRIPLETS, 20)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.csv")}
    write_sheet(tmp_path, TRIPLETS, 20)
    with pytest.raises(FileExistsError, match=r"key\.csv: the key of another sheet.*name another folder"):
        write_sheet(tmp_path, TRIPLETS, 20, seed=1)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.csv")} == before


def test_a_kill_leaves_no_new_key_beside_an_old_sheet(tmp_path: Path) -> None:
    """A folder where the sheet should stand stops the writing there."""
    (tmp_path / "annotators" / "sheet.csv").mkdir(parents=True)
    with pytest.raises(OSError, match=r"sheet\.csv"):
        write_sheet(tmp_path, TRIPLETS, 20)
    assert not (tmp_path / "key.csv").exists()


def test_the_instructions_ask_the_question_and_name_the_four_answers(tmp_path: Path) -> None:
    write_sheet(tmp_path, TRIPLETS, 5)
    text = (tmp_path / "annotators" / "instructions.txt").read_text()
    assert "Which of the two is more related to the base phrase?" in text
    assert [line.split()[0] for line in text.splitlines() if line.startswith("  ")] == ["A", "B", "both", "neither"]
    assert "id,annotator,answer" in text


def test_the_key_is_read_as_it_was_written(tmp_path: Path) -> None:
    asked = write_sheet(tmp_path, Triplets.of([('a "b", c', "d", "e"), ("f", "g", "h")]))
    assert read_key(tmp_path / "key.csv") == asked
    assert Asked("A", "f", "g", "h").shown == ("g", "h")
    assert Asked("B", "f", "g", "h").shown == ("h", "g")


@pytest.mark.parametrize(
    "line", ["0-0a1b2c,A,a,b,c", "1,A,a,b,c", "1-3f,A,a,b,c", "1-0a1b2c,C,a,b,c", "1-0a1b2c,A,a,b"]
)
def test_a_faulty_line_of_the_key_is_named(tmp_path: Path, line: str) -> None:
    header = "id,positive,base,positive_phrase,negative_phrase\n0-0a1b2c,A,a,b,c\n"
    (tmp_path / "key.csv").write_text(f"{header}{line}\n")
    with pytest.raises(ValueError, match=r"key\.csv, line 3: "):
        read_key(tmp_path / "key.csv")


def test_a_key_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key.csv").write_text("id,positive,base,positive_phrase,negative_phrase\n")
    with pytest.raises(ValueError, match=r"key\.csv: a key of no triplets"):
        read_key(tmp_path / "key.csv")


def test_a_seed_below_zero_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="seed: -1; it is a whole number from 0"):
        write_sheet(tmp_path, TRIPLETS, seed=-1)


def test_a_sheet_of_nothing_is_refused(tmp_path: Path) -> None:
    for triplets, sample in ((Triplets.of([]), None), (TRIPLETS, 0)):
        with pytest.raises(ValueError, match="takes at least one"):
            write_sheet(tmp_path, triplets, sample)
