"""Mirrors experiments/triplet_report.py, on two rows that the stage `scores` scored."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from datamodules.triplets.files import Triplets, write_triplets
from encoders.embeddings import Embeddings
from experiments.documents import Block
from experiments.report import main
from experiments.stage import job_of
from experiments.steps.scoring import scoring
from experiments.triplet_report import content_words, triplet_document

Write = Callable[..., Path]
WORDS = ["the", "kiln", "glaze", "2", "yarn", "Loom"]
CLAY = [(1, 1), (1, 0), (0.9, 0.1), (1, 1), (0, 1), (0.1, 0.9)]  # kiln beside glaze, yarn beside loom
MIXED = [(1, 1), (1, 0), (0, 1), (1, 1), (0.1, 0.9), (0.9, 0.1)]  # kiln beside loom, glaze beside yarn
# By hand, of CLAY: right, wrong, right, wrong as unknown; of MIXED: wrong, right, right, wrong
VOTED = [("kiln", "glaze", "yarn"), ("kiln", "loom", "glaze"), ("the yarn", "yarn", "kiln"), ("yarn", "bobbin", "kiln")]


@pytest.fixture
def row(tmp_path: Path) -> Write:
    """Scores a row as its stage does; its triplets and sets lie beside it."""
    write_triplets(tmp_path / "gold.tsv", Triplets.of(VOTED))
    write_triplets(tmp_path / "raw.tsv", Triplets.of(VOTED * 400))
    (tmp_path / "sets").mkdir()
    pairs = "".join(f"{a}\t{b}\t{score}\n" for a, b, score in [("kiln", "glaze", 9), ("kiln", "yarn", 1)] * 30)
    (tmp_path / "sets" / "EN-MEN-TR-3k.txt").write_text(pairs)

    def write(name: str, vectors: list[tuple[float, float]] | None, **changed: object) -> Path:
        settings = {"embeddings": "{embed}" if vectors else None, "similarity": "{sets}", "separator": ""}
        settings |= {"triplets": {"raw": "{raw}", "voted": "{voted}"}, "name": "crafts", "simulated": False} | changed
        files = {"sets": "sets", "raw": "raw.tsv", "voted": "gold.tsv", "other": "raw.tsv"}
        inputs = {"embed": f"store/embed-{name}"} if vectors else {}
        if vectors:
            Embeddings(WORDS, np.array(vectors)).save(tmp_path / "store" / f"embed-{name}")
        plan = {"settings": settings, "inputs": inputs, "free": {}}
        plan["files"] = {role: str(tmp_path / file) for role, file in files.items()}
        folder = tmp_path / "store" / f"scores-{name}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "stage.json").write_text(json.dumps(plan))
        scoring(job_of(folder, plan | {"inputs": {role: str(tmp_path / path) for role, path in inputs.items()}}))
        return folder

    return write


def block(blocks: list[Block], title: str) -> Block:
    (found,) = [each for each in blocks if title in each.title]
    return found


def test_scores_of_all_parts_are_shares_and_counts(row: Write) -> None:
    document = triplet_document(row("clay", CLAY), None, "voted", 8)
    scores = block(document.blocks, "all parts")
    assert scores.lines == [
        ["raw", "ours", "1,600", "50.00", "66.67", "75.00"],
        ["voted", "ours", "4", "50.00", "66.67", "75.00"],
    ]
    assert document.intro == ["Data set crafts. Ours: 6 words, 2 numbers each, of embed-clay."]
    assert document.figures == []


def test_sample_triplets_say_what_is_right_and_why_others_are_wrong(row: Write) -> None:
    samples = block(triplet_document(row("clay", CLAY), None, "voted", 8).blocks, "voted triplets")
    said = {tuple(line[:3]): line[3] for line in samples.lines}
    assert said == dict(zip(VOTED, ["right", "wrong", "right", "wrong: unknown words"], strict=True))
    assert len(block(triplet_document(row("clay", CLAY), None, "voted", 3).blocks, "voted triplets").lines) == 3


def test_triplets_on_which_two_rows_differ_come_first(row: Write) -> None:
    clay, mixed = row("clay", CLAY), row("mixed", MIXED)
    for seed in range(5):
        samples = block(triplet_document(clay, mixed, "voted", 8, seed).blocks, "voted triplets")
        assert sorted(line[3:] for line in samples.lines[:2]) == [["right", "wrong"], ["wrong", "right"]]
        assert all(line[3] == line[4] for line in samples.lines[2:])
    assert "Ours alone is right on 1, base alone on 1." in samples.notes[0]


def test_correlations_and_neighbours_of_both_rows_stand_side_by_side(row: Write) -> None:
    blocks = triplet_document(row("clay", CLAY), row("mixed", MIXED), "voted", 1).blocks
    related = {line[1]: line[2] for line in block(blocks, "related words").lines}
    assert related == {"ours": "1.000", "base": "-1.000"}
    nearest = {line[0]: line[1:] for line in block(blocks, "Nearest words").lines}
    assert list(nearest) == ["kiln", "glaze", "yarn", "Loom"]
    ours, base = nearest["kiln"]
    assert ours.startswith("glaze 0.99, ")
    assert base.startswith("Loom 0.99, ")


def test_content_words_are_no_stop_words_numbers_or_letters() -> None:
    words = ["The", "of", "s", "owl", "2", "a1", "Nest"]
    assert list(content_words(Embeddings(words, np.eye(7)))) == ["owl", "Nest"]


def test_a_row_without_embeddings_has_no_scores_and_says_so(row: Write) -> None:
    document = triplet_document(row("none", None), None, "voted", 8)
    assert [line[2:] for line in document.blocks[0].lines] == [["1,600", *["n/a"] * 3], ["4", *["n/a"] * 3]]
    assert len(document.blocks) == 1
    assert "no embeddings; --protocol.vectors names their file" in document.intro[0]
    beside = triplet_document(row("clay", CLAY), row("none", None), "voted", 8).blocks
    assert block(beside, "voted triplets").header[3:] == ["ours"]


def test_without_sets_there_are_no_correlations(row: Write) -> None:
    document = triplet_document(row("clay", CLAY, similarity=None), row("mixed", MIXED), "voted", 1)
    assert [each.title.split(" ")[0] for each in document.blocks] == ["Triplets", "voted", "Nearest"]


def test_rows_scored_on_other_triplets_are_refused(row: Write) -> None:
    other = row("other", MIXED, triplets={"voted": "{other}"})
    with pytest.raises(ValueError, match=r"scores-other: its voted triplets are not those of .*scores-clay"):
        triplet_document(row("clay", CLAY), other, "voted", 8)


def test_the_command_takes_any_part_and_names_them(row: Write, tmp_path: Path, capsys, stage) -> None:
    folder = row("clay", CLAY, simulated=True)
    assert main([str(folder)]) == 0
    text = (folder / "report" / "report.md").read_text()
    assert "## raw triplets" in text, "the first part, where there is no test"
    assert "nothing here is comparable" in text
    assert str(tmp_path) not in text
    assert {path.name for path in (folder / "report").iterdir()} == {"report.md", "report.html"}
    assert main([str(folder), "--part", "voted", "--base", str(row("mixed", MIXED))]) == 0
    assert "## voted triplets" in (folder / "report" / "report.md").read_text()
    capsys.readouterr()
    for words, cause in [
        (["--part", "gold"], "metrics.json: no part 'gold'; there are raw, voted"),
        (["--base", str(stage(tmp_path / "student"))], "student/metrics.json: no part 'raw'"),
    ]:
        with pytest.raises(SystemExit):
            main([str(folder), *words])
        assert cause in capsys.readouterr().err
