"""Mirrors datamodules/triplets/votes.py."""

import json
from pathlib import Path

import pytest

from datamodules.triplets import Triplets, kept_by_vote, read_triplets, write_sheet
from datamodules.triplets.votes import OtherSheet, write_voted

KEY = "id,positive,base,positive_phrase,negative_phrase\n" + "".join(
    f"{number}-0a1b2c,{side},base {number},positive {number},negative {number}\n"
    for number, side in enumerate("ABABABAB")
)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    (tmp_path / "key.csv").write_text(KEY)
    return tmp_path / "key.csv"


def votes(key: Path, *answers: str) -> Path:
    """A file in which triplet 0 has the first answers, one letter an annotator (n is neither, x is both), and so on."""
    said = {"n": "neither", "x": "both"}
    lines = [
        f"{number}-0a1b2c,anna{place},{said.get(letter, letter)}"
        for number, letters in enumerate(answers)
        for place, letter in enumerate(letters)
    ]
    path = key.with_name("votes.csv")
    path.write_text("\n".join(["id,annotator,answer", *lines]) + "\n")
    return path


def test_a_triplet_stays_where_more_than_half_chose_its_positive_phrase(key: Path) -> None:
    """The positive is A, B, A, B, ...; two of four are not more than half."""
    voted = kept_by_vote(key, votes(key, "AAB", "BBAA", "AABBn", "BBBA", "AAAAx", "AA", "", "BBBBBB"))
    assert voted.ids == ["0-0a1b2c", "3-0a1b2c", "4-0a1b2c", "7-0a1b2c"]
    assert list(voted.triplets.rows())[1] == ("base 3", "positive 3", "negative 3")
    assert voted.report == {
        "asked": 8,
        "without_votes": 1,
        "too_few_annotators": 1,
        "more_annotators": 1,
        "judged": 6,
        "kept": 4,
        "share_kept": 4 / 6,
        "share_more_than_3": 2 / 4,  # 4 of 5 and 6 of 6; 2 of 3 and 3 of 4 are not more than three
        "answers": {"positive": 2 + 2 + 2 + 3 + 4 + 6, "negative": 1 + 2 + 2 + 1 + 2, "both": 1, "neither": 1},
    }


def test_answers_are_read_in_any_case(key: Path) -> None:
    assert kept_by_vote(key, votes(key, "aaA", "bBn")).ids == ["0-0a1b2c", "1-0a1b2c"]
    path = votes(key)
    path.write_text("id,annotator,answer\n0-0a1b2c,anna,BOTH\n0-0a1b2c,berta, Neither\n0-0a1b2c,carl,a\n")
    assert kept_by_vote(key, path).report["answers"] == {"positive": 1, "negative": 0, "both": 1, "neither": 1}


def test_where_nothing_is_kept_there_are_no_shares(key: Path) -> None:
    few, against = kept_by_vote(key, votes(key, "AA")), kept_by_vote(key, votes(key, "BBB"))
    assert (few.report["judged"], few.report["share_kept"]) == (0, None)
    assert (against.ids, against.report["share_kept"], against.report["share_more_than_3"]) == ([], 0.0, None)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("8-0a1b2c,anna,A", "line 3: id 8-0a1b2c is not in .*key.csv"),
        ("1-0a1b2c,anna,C", "line 3: answer 'C'; there are A, B, both, neither"),
        ("0-0a1b2c,anna,B", "line 3: 'anna' answers 0-0a1b2c for the second time"),
        ("1,anna,A", "line 3: wanted a triplet's id and an annotator"),
        ("1-0a1b2c,,A", "line 3: wanted a triplet's id and an annotator"),
        ("1,anna", "line 3: columns: 2, not 3"),
    ],
)
def test_a_vote_that_cannot_be_is_named_with_its_line(key: Path, line: str, told: str) -> None:
    path = votes(key)
    path.write_text(f"id,annotator,answer\n0-0a1b2c,anna,A\n{line}\n")
    with pytest.raises(ValueError, match=rf"votes\.csv, {told}"):
        kept_by_vote(key, path)


def test_a_file_without_votes_or_without_a_column_is_refused(key: Path) -> None:
    path = votes(key)
    with pytest.raises(ValueError, match=r"votes\.csv: no votes; wanted: lines of id,annotator,answer"):
        kept_by_vote(key, path)
    path.write_text("id,answer\n0,A\n")
    with pytest.raises(ValueError, match=r"votes\.csv, line 1: no column 'annotator'"):
        kept_by_vote(key, path)


def test_votes_on_another_sheet_of_the_same_triplets_are_refused(tmp_path: Path) -> None:
    triplets = Triplets.of((f"base {number}", f"positive {number}", f"negative {number}") for number in range(30))
    for seed in (0, 1):
        key = write_sheet(tmp_path / str(seed), triplets, seed=seed)
        lines = [f"{own},{name},{entry.side}\n" for own, entry in key.items() for name in ("anna", "ben", "carla")]
        (tmp_path / f"votes{seed}.csv").write_text("id,annotator,answer\n" + "".join(lines))
    assert len(kept_by_vote(tmp_path / "0" / "key.csv", tmp_path / "votes0.csv").ids) == 30
    told = r"votes1\.csv, line 2: id \d+.* is of another sheet; ids of .*0/key\.csv look"
    with pytest.raises(OtherSheet, match=told):
        kept_by_vote(tmp_path / "0" / "key.csv", tmp_path / "votes1.csv")


def test_what_is_kept_is_written_with_its_report(key: Path) -> None:
    voted = kept_by_vote(key, votes(key, "AAB", "BB"))
    write_voted(key.parent, voted)
    assert list(read_triplets(key.parent / "voted.tsv").rows()) == [("base 0", "positive 0", "negative 0")]
    assert json.loads((key.parent / "vote.json").read_text()) == voted.report


def test_where_nothing_is_kept_there_is_a_report_and_an_error_with_counts(key: Path) -> None:
    write_voted(key.parent, kept_by_vote(key, votes(key, "AAA")))
    told = (
        "no triplet is kept: asked 8, without_votes 6, too_few_annotators 1, judged 1, kept 0; answers: 1 positive, 4"
    )
    with pytest.raises(ValueError, match=told):
        write_voted(key.parent, kept_by_vote(key, votes(key, "BBB", "BA")))
    assert json.loads((key.parent / "vote.json").read_text())["kept"] == 0
    assert not (key.parent / "voted.tsv").exists(), "of the vote before"
