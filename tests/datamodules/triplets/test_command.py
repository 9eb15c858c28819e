"""Mirrors datamodules/triplets/command.py."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from datamodules.sentences import Corpus
from datamodules.triplets import Clicks, Triplets, read_triplets, write_triplets
from datamodules.triplets.command import main

CLICKS = [(f"query{number}", "1", [f"seaside{number}", f"pie{number}"], number + 1) for number in range(30)]


def test_three_steps_lead_from_clicks_to_voted_triplets(
    log: Callable[..., Clicks], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log(*CLICKS)
    assert main(["build", str(tmp_path / "clicks.jsonl"), str(tmp_path / "made"), "--top", "1"]) == 0
    assert "triplets: 30" in capsys.readouterr().out
    assert json.loads((tmp_path / "made" / "counts.json").read_text())["candidates"] == 60
    assert (tmp_path / "made" / "problems.jsonl").read_text() == ""
    raw = tmp_path / "made" / "raw.tsv"
    assert {row[:2] for row in read_triplets(raw).rows()} == {(f"query{n}", f"pie{n}") for n in range(30)}

    assert main(["sheet", str(raw), str(tmp_path / "vote"), "--sample", "20"]) == 0
    assert "asked: 20" in capsys.readouterr().out
    with (tmp_path / "vote" / "annotators" / "sheet.csv").open(newline="") as file:
        answers = [(row["id"], "A" if row["A"] == f"pie{row['base'][5:]}" else "B") for row in csv.DictReader(file)]
    lines = [f"{number},{name},{answer}\n" for number, answer in answers for name in ("anna", "ben", "carla", "dora")]
    (tmp_path / "answers.csv").write_text("id,annotator,answer\n" + "".join(lines))

    key = str(tmp_path / "vote" / "key.csv")
    assert main(["vote", key, str(tmp_path / "answers.csv"), str(tmp_path / "voted")]) == 0
    out = capsys.readouterr().out
    assert "share_kept: 1.000" in out
    assert "answers: positive 80, negative 0, both 0, neither 0" in out
    assert read_triplets(tmp_path / "voted" / "voted.tsv").size == 20
    assert json.loads((tmp_path / "voted" / "vote.json").read_text())["share_more_than_3"] == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["build", "none.jsonl", "made"], "none.jsonl: no such click log"),
        (["build", "none.jsonl", "made", "--top", "0"], "top: 0"),
        (["build", "none.jsonl", "made", "--max_bad", "5"], "max_bad: 5; it is a share of the lines, from 0 to 1"),
        (["build", "none.jsonl", "made", "--seed", "-1"], "seed: -1; it is a whole number from 0"),
        (["build", "none.jsonl", "a_file"], "a_file: no folder can be made here, it or one above it is a file"),
        (["build", "none.jsonl", "a_file/made"], "a_file/made: no folder can be made here"),
        (["sheet", "raw.tsv", "a_file"], "a_file: no folder can be made here"),
        (["sheet", "raw.tsv", "made", "--seed", "-1"], "seed: -1; it is a whole number from 0"),
        (["sheet", "none.tsv", "made"], "none.tsv: no such file of triplets"),
        (["vote", "none.csv", "votes.csv", "made"], "none.csv: not there; columns id, positive"),
        (["captions", "none", "made.tsv"], "corpus.json: no corpus of sentences"),
    ],
)
def test_an_error_is_one_line(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a_file").touch()
    Path("raw.tsv").write_text("base\tpositive\tnegative\n")
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.startswith("triplets: ")
    assert error.count("\n") == 1


def test_a_second_sheet_needs_a_folder_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw, made = tmp_path / "raw.tsv", tmp_path / "vote"
    write_triplets(raw, Triplets.of((f"base {number}", "positive", "negative") for number in range(30)))
    assert main(["sheet", str(raw), str(made)]) == 0
    key = (made / "key.csv").read_bytes()
    assert main(["sheet", str(raw), str(made)]) == 0, "the same again"
    capsys.readouterr()
    assert main(["sheet", str(raw), str(made), "--seed", "1"]) == 1
    assert f"triplets: {made}/key.csv: the key of another sheet" in capsys.readouterr().err
    assert (made / "key.csv").read_bytes() == key


def test_a_vote_that_keeps_nothing_is_an_error_with_its_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key.csv").write_text("id,positive,base,positive_phrase,negative_phrase\n7-0a1b2c,A,a,b,c\n")
    (tmp_path / "votes.csv").write_text("id,annotator,answer\n7-0a1b2c,anna,A\n")
    assert main(["vote", f"{tmp_path}/key.csv", f"{tmp_path}/votes.csv", f"{tmp_path}/voted"]) == 1
    assert "no triplet is kept: asked 1, without_votes 0, too_few_annotators 1, judged 0" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "voted").iterdir()] == ["vote.json"]


def test_captions_are_written_and_counted_beside_those_wanted(
    corpus: Callable[[list[tuple[int, str]]], Corpus], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus([(0, "lighthouse"), (0, "beacon"), (1, "pony"), (1, "horse")])
    out = tmp_path / "captions.tsv"
    assert main(["captions", str(tmp_path), str(out), "--count", "50"]) == 0
    found = read_triplets(out)
    assert {frozenset(row[:2]) for row in found.rows()} == {
        frozenset(("lighthouse", "beacon")),
        frozenset(("pony", "horse")),
    }
    assert capsys.readouterr().out == f"{out}\n  {found.size} triplets of captions, 50 wanted\n"


def test_help_shows_the_three_steps_and_no_torch_is_loaded() -> None:
    code = (
        "import sys; from datamodules.triplets.command import main\n"
        "try: main(['--help'])\nexcept SystemExit: sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for step in ("build", "sheet", "vote"):
        assert f"python -m datamodules.triplets {step} " in done.stdout
    assert '"annotations": ["ponytail"]' in done.stdout
