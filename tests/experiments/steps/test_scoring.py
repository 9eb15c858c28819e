"""Mirrors experiments/steps/scoring.py."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from datamodules.triplets.files import Triplets, write_triplets
from datamodules.word_similarity import Pair, spearman
from encoders.embeddings import Embeddings, write_glove
from experiments.results import read_facts, read_metrics, read_predictions
from experiments.stage import Job
from experiments.statistics import Scored, bootstrap
from experiments.steps import scoring as step
from experiments.steps.scoring import judge, scoring

KNOWN = Embeddings(["cake", "pie", "tshirt", "shirt"], np.array([[1, 0], [1, 0.2], [0, 1], [0.1, 1]]))
# By hand: right; wrong; right after cleaning; unknown phrase; right with an unknown word
GOLD = [("cake", "pie", "shirt"), ("cake", "shirt", "pie"), ("T-Shirt!", "shirt", "Cake"), ("cake", "zebra", "shirt")]
RAW = [*GOLD, ("zebra cake", "pie", "shirt")]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Embeddings, triplets of two parts, and pairs of words."""
    KNOWN.save(tmp_path / "made")
    write_glove(KNOWN, tmp_path / "glove.txt")
    (tmp_path / "triplets").mkdir()
    write_triplets(tmp_path / "triplets" / "gold.tsv", Triplets.of(GOLD))
    write_triplets(tmp_path / "triplets" / "raw.tsv", Triplets.of(RAW))
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "EN-WS-353-SIM.txt").write_text("cake\tpie\t9\ncake\tzebra\t1\n")
    (tmp_path / "sets" / "EN-MEN-TR-3k.txt").write_text(
        "".join(f"{a}\t{b}\t{number}\n" for number, (a, b) in enumerate([("cake", "shirt"), ("pie", "Cake")] * 30))
    )
    return {name: tmp_path / name for name in ("made", "glove.txt", "triplets", "sets")}


def scored(files: dict[str, Path], folder: Path, **changed: Any) -> Path:
    folder.mkdir()
    settings = {
        "embeddings": "{made}",
        "triplets": {"gold": "{triplets}/gold.tsv", "raw": "{triplets}/raw.tsv"},
        "similarity": "{sets}",
        "separator": "",
        "name": "pins",
        "simulated": True,
    }
    outside = {name: files[name] for name in ("triplets", "sets")}
    scoring(Job(folder, settings | changed, {"made": files["made"]}, outside, {}))
    return folder


def test_scores_are_those_counted_by_hand(files: dict[str, Path], tmp_path: Path) -> None:
    folder = scored(files, tmp_path / "out")
    wanted = {"accuracy": 2 / 4, "covered_accuracy": 2 / 3, "coverage": 3 / 4, "triplets": 4}
    assert read_metrics(folder, "gold") == pytest.approx(wanted)
    wanted = {"accuracy": 3 / 5, "covered_accuracy": 3 / 4, "coverage": 4 / 5, "triplets": 5}
    assert read_metrics(folder, "raw") == pytest.approx(wanted)


def test_predictions_are_read_like_any_stages(files: dict[str, Path], tmp_path: Path) -> None:
    posts = read_predictions(scored(files, tmp_path / "out"), "raw")
    assert [post.id for post in posts] == ["0", "1", "2", "3", "4"]
    assert [post.gold for post in posts] == [1] * 5
    assert [post.predicted for post in posts] == [1, 0, 1, 0, 1]
    assert [post.present for post in posts] == [("words",), ("words",), ("words",), (), ("words",)]
    assert [post.probabilities for post in posts] == [[]] * 5
    facts = read_facts(tmp_path / "out")
    assert (facts.name, facts.simulated, facts.classes, facts.modalities) == (
        "pins",
        True,
        ["wrong", "right"],
        ("words",),
    )


def test_the_bootstraps_accuracy_is_the_share_of_right_triplets(files: dict[str, Path], tmp_path: Path) -> None:
    posts = read_predictions(scored(files, tmp_path / "out"), "raw")
    ours = Scored([post.id for post in posts], [post.gold for post in posts], [post.predicted for post in posts])
    none = ours._replace(predicted=[0] * 5)
    found = bootstrap([ours], [none], "accuracy", "macro", draws=2000)
    assert found.mean == pytest.approx(3 / 5)
    share = np.random.default_rng(0).binomial(5, 0.6, 100_000) / 5
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(share, [0.025, 0.975])))


def test_a_published_file_scores_as_its_folder_does(files: dict[str, Path], tmp_path: Path) -> None:
    folders = scored(files, tmp_path / "a"), scored(files, tmp_path / "b", embeddings=str(files["glove.txt"]))
    for name in ("metrics.json", "similarity.json", "dataset.json"):
        one, other = ((folder / name).read_text() for folder in folders)
        assert one == other


def test_repeated_words_of_a_published_file_are_told(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with files["glove.txt"].open("a") as file:
        file.write("cake 5 5\n")
    folder = scored(files, tmp_path / "out", embeddings=str(files["glove.txt"]))
    assert "glove.txt: 1 vectors left out, an earlier one has their word" in capsys.readouterr().out
    assert json.loads((folder / "dataset.json").read_text())["repeated"] == 1


def test_without_embeddings_every_score_is_not_applicable(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = scored(files, tmp_path / "out", embeddings=None)
    nothing = dict.fromkeys(("accuracy", "covered_accuracy", "coverage"))
    assert json.loads((folder / "metrics.json").read_text()) == {
        "gold": nothing | {"triplets": 4},
        "raw": nothing | {"triplets": 5},
    }
    assert "gold: 4 triplets, n/a: no embeddings" in capsys.readouterr().out
    assert not any(post.applies for post in read_predictions(folder, "gold"))
    sets = json.loads((folder / "similarity.json").read_text())
    assert sets["MEN-TR-3k"]["rho"] is None
    assert sets["MEN-TR-3k"]["covered"] == 0


def test_facts_count_what_is_known(files: dict[str, Path], tmp_path: Path) -> None:
    """Phrases of `raw`: cake, T-Shirt!, zebra cake, pie, shirt, zebra, Cake."""
    facts = json.loads((scored(files, tmp_path / "out") / "dataset.json").read_text())
    assert facts["known"]["raw"] == {"phrases": 7, "known_phrases": 6, "words": 8, "known_words": 6}
    assert (facts["dim"], facts["words"]) == (2, 4)


def test_pairs_of_words_are_compared_set_by_set(files: dict[str, Path], tmp_path: Path) -> None:
    found = json.loads((scored(files, tmp_path / "out") / "similarity.json").read_text())
    few = {"rho": None, "low": None, "high": None, "pairs": 2, "covered": 1, "kind": "similar"}
    assert found["WS-353-SIM"] == few
    pairs = [Pair(a, b, number) for number, (a, b) in enumerate([("cake", "shirt"), ("pie", "cake")] * 30)]
    assert found["MEN-TR-3k"] == spearman(KNOWN, pairs)._asdict() | {"kind": "related"}


def test_without_sets_no_pairs_are_compared(files: dict[str, Path], tmp_path: Path) -> None:
    assert not (scored(files, tmp_path / "out", similarity=None) / "similarity.json").exists()


def test_phrases_are_cleaned_as_the_corpus_was() -> None:
    """With a blank "T-Shirt!" is the two words t and shirt."""
    triplets = Triplets.of([("T-Shirt!", "shirt", "cake")])
    assert [judge(KNOWN, triplets, separator).facts["words"] for separator in ("", " ")] == [3, 4]


def test_tables_of_some_rows_at_a_time_are_the_same_predictions(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = pq.read_table(scored(files, tmp_path / "whole") / "predictions.parquet")
    monkeypatch.setattr(step, "ROWS", 2)
    assert pq.read_table(scored(files, tmp_path / "parts") / "predictions.parquet").equals(whole)


def test_a_broken_file_of_triplets_is_named_and_leaves_no_predictions(files: dict[str, Path], tmp_path: Path) -> None:
    with (files["triplets"] / "raw.tsv").open("a") as file:
        file.write("one\ttwo\n")
    with pytest.raises(ValueError, match=r"raw\.tsv, line 6"):
        scored(files, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_published_words_are_looked_up_as_they_are_before_they_are_cleaned() -> None:
    """t-shirt is nearer to Paris, tshirt and paris to each other: by hand."""
    words = ["Paris", "paris", "t-shirt", "tshirt", "x"]
    known = Embeddings(words, np.array([[1, 0], [0, 1], [1, 0.1], [0, 1], [-1, 0]]))
    triplets = Triplets.of([("Paris", "t-shirt", "tshirt"), ("paris", "T-Shirt", "x"), ("Paris!", "tshirt", "t-shirt")])
    assert judge(known, triplets).right.tolist() == [True, True, True]
