"""Mirrors experiments/steps/triplets.py."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamodules.simulated.pin_words import meanings
from datamodules.triplets import read_triplets, write_sheet
from experiments.stage import Job
from experiments.steps.triplets import captions, clicked, similar, voted

CLICKED = {"clicks": "{network}/clicks.jsonl", "top": 3, "min_clicks": 1, "negatives": "distinct", "seed": 0}
VOTED = {"triplets": "{clicked}", "sample": 40, "seed": 0, "votes": None, "meanings": None}


def job(folder: Path, settings: dict[str, Any], inputs: dict[str, Path]) -> Job:
    folder.mkdir()
    return Job(folder, settings, inputs, {}, {})


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """Clicks in which a word's positives are the other words of its meaning, and what the words mean."""
    folder = tmp_path / "network"
    folder.mkdir()
    known = meanings()
    lines = [
        {"query": word, "item": "1", "annotations": [other for other in known if known[other] == meaning], "clicks": 1}
        for word, meaning in known.items()
    ]
    (folder / "clicks.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    rows = [{"word": word, meaning.cause: meaning.value} for word, meaning in known.items()]
    (folder / "meanings.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture
def raw(tmp_path: Path, network: Path) -> Path:
    clicked(job(tmp_path / "clicked", CLICKED | {"pool": None}, {"network": network}))
    return tmp_path / "clicked"


def test_clicks_become_triplets_with_their_counts(raw: Path) -> None:
    counts = json.loads((raw / "counts.json").read_text())
    known, triplets = meanings(), read_triplets(raw / "raw.tsv")
    assert triplets.size == counts["triplets"] > 40
    assert all(known[base] == known[positive] for base, positive, _ in triplets.rows())
    assert (raw / "problems.jsonl").read_text() == ""


def test_without_votes_annotators_are_simulated_by_what_words_mean(tmp_path: Path, raw: Path, network: Path) -> None:
    settings = VOTED | {"meanings": "{network}/meanings.jsonl"}
    voted(job(tmp_path / "voted", settings, {"clicked": raw, "network": network}))
    report = json.loads((tmp_path / "voted" / "vote.json").read_text())
    assert report["simulated"]
    assert report["asked"] == report["judged"] == 40
    assert report["share_kept"] > 0.7
    kept = list(read_triplets(tmp_path / "voted" / "voted.tsv").rows())
    assert len(kept) == report["kept"]
    assert set(kept) <= set(read_triplets(raw / "raw.tsv").rows())
    assert (tmp_path / "voted" / "annotators" / "sheet.csv").is_file()


def test_given_votes_on_a_sheet_that_was_made_before_are_counted(tmp_path: Path, raw: Path) -> None:
    people = tmp_path / "people"
    key = write_sheet(people, read_triplets(raw / "raw.tsv"), VOTED["sample"], VOTED["seed"])
    lines = [f"{number},{name},{entry.side}\n" for number, entry in list(key.items())[:7] for name in "abc"]
    (people / "answers.csv").write_text("id,annotator,answer\n" + "".join(lines))
    plan = job(tmp_path / "voted", VOTED | {"votes": "{people}/answers.csv"}, {"clicked": raw, "people": people})
    voted(plan)
    report = json.loads((plan.folder / "vote.json").read_text())
    assert (report["simulated"], report["kept"], report["without_votes"]) == (False, 7, 33)
    assert (plan.folder / "votes.csv").read_text() == (people / "answers.csv").read_text()
    (people / "answers.csv").write_text("id,annotator,answer\n" + "".join(lines) + "0,a,C\n")
    with pytest.raises(ValueError, match=r"people/answers\.csv, line 23: answer 'C'"):
        voted(plan)


def test_votes_on_another_sheet_are_refused_with_the_command_that_draws_this_one(tmp_path: Path, raw: Path) -> None:
    people = tmp_path / "people"
    key = write_sheet(people, read_triplets(raw / "raw.tsv"), VOTED["sample"], 1)
    (people / "answers.csv").write_text(f"id,annotator,answer\n{next(iter(key))},a,A\n")
    plan = job(tmp_path / "voted", VOTED | {"votes": "{people}/answers.csv"}, {"clicked": raw, "people": people})
    drawn = rf"sheet {raw}/raw\.tsv FOLDER --sample 40 --seed 0` writes, where --sample is `protocol\.clicked\.sample`"
    with pytest.raises(ValueError, match=rf"answers\.csv, line 2: .* is of another sheet; .*{drawn}"):
        voted(plan)


def test_a_vote_that_keeps_nothing_is_an_error_of_this_stage(tmp_path: Path, raw: Path) -> None:
    own = next(iter(write_sheet(tmp_path / "people", read_triplets(raw / "raw.tsv"), 40, 0)))
    (tmp_path / "people" / "answers.csv").write_text(f"id,annotator,answer\n{own},a,A\n")
    plan = job(
        tmp_path / "voted", VOTED | {"votes": "{people}/answers.csv"}, {"clicked": raw, "people": tmp_path / "people"}
    )
    with pytest.raises(ValueError, match="no triplet is kept: asked 40, without_votes 39"):
        voted(plan)
    report = json.loads((plan.folder / "vote.json").read_text())
    assert (report["simulated"], report["kept"]) == (False, 0)


def test_neither_votes_nor_meanings_is_an_error_that_says_what_to_name(tmp_path: Path, raw: Path) -> None:
    with pytest.raises(ValueError, match="votes: none; name a CSV of them"):
        voted(job(tmp_path / "voted", VOTED, {"clicked": raw}))


def test_captions_of_a_corpus_become_triplets(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    (corpus / "test").mkdir(parents=True)
    words = ["<bos>", "<eos>", "lighthouse", "beacon", "pony", "horse"]
    pq.write_table(pa.table({"word": words, "count": [1] * 6}), corpus / "words.parquet")
    for name, values in {"tokens": [2, 3, 4, 5], "offsets": range(5), "pictures": [0, 0, 1, 1]}.items():
        np.save(corpus / "test" / f"{name}.npy", np.array(values, np.int64 if name == "offsets" else np.int32))
    (corpus / "corpus.json").write_text(json.dumps({"version": 1, "parts": {"test": {}}}))
    settings = {"corpus": "{corpus}", "part": "test", "count": 2, "rounds": 2, "seed": 0}
    captions(job(tmp_path / "captions", settings, {"corpus": corpus}))
    rows = list(read_triplets(tmp_path / "captions" / "captions.tsv").rows())
    assert {frozenset(row[:2]) for row in rows} == {frozenset(words[2:4]), frozenset(words[4:])}


def test_words_of_similarity_sets_become_triplets(tmp_path: Path) -> None:
    sets = tmp_path / "sets"
    sets.mkdir()
    (sets / "EN-WS-353-SIM.txt").write_text("tiger\tcat\t9\ntiger\tcarpet\t1\n")
    similar(job(tmp_path / "words", {"similarity": "{sets}", "seed": 0}, {"sets": sets}))
    assert list(read_triplets(tmp_path / "words" / "words.tsv").rows()) == [("tiger", "cat", "carpet")]
