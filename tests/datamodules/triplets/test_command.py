"""Mirrors datamodules/triplets/command.py."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from datamodules.triplets import Clicks, read_triplets
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
        (["sheet", "none.tsv", "made"], "none.tsv: no such file of triplets"),
        (["vote", "none.csv", "votes.csv", "made"], "none.csv: not there; columns id, positive"),
        (["captions", "none", "made.tsv"], "corpus.json: no corpus of sentences"),
    ],
)
def test_an_error_is_one_line(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.startswith("triplets: ")
    assert error.count("\n") == 1


def test_help_shows_the_three_steps_and_no_torch_is_loaded() -> None:
    code = (
        "import sys; from datamodules.triplets.command import main\n"
        "try: main(['--help'])\nexcept SystemExit: sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for step in ("build", "sheet", "vote"):
        assert f"python -m datamodules.triplets {step} " in done.stdout
    assert '"annotations": ["ponytail"]' in done.stdout
