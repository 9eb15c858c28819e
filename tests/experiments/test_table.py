"""Mirrors experiments/table.py and experiments/comparison.py."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import f1_score

from datamodules.posts import VERSION
from experiments.comparison import compare
from experiments.documents import markdown
from experiments.results import read_metrics, read_predictions
from experiments.runner import StageFailed
from experiments.table import departures, main, results_table
from experiments.tables import load_table

RIGHT = {"Base Classifier": 0.7, "Full Model": 0.9}
REAL = {"posts": 2409, "corpus": "wild"}


def _line(text: str, *starts: str) -> list[str]:
    """Cells of the one line that begins with these cells."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    (found,) = [line for line in lines if line[: len(starts)] == list(starts)]
    return found


def test_ours_stands_beside_published_with_mean_spread_and_test(tmp_path: Path, capsys, fake_runs) -> None:
    runs = fake_runs(RIGHT, tmp_path, **REAL)
    words = ["cast_7", "--experiments", "cast_msd", "--rows", "Full Model", "--seeds", "6"]
    assert main(words, run=runs) == 0
    text = capsys.readouterr().out
    assert "not comparable" not in text.lower()
    full = _line(text, "msd", "Full Model [c]")
    f1 = [100 * read_metrics(tmp_path / f"cast_msd-Full_Model-{seed}")["f1"] for seed in range(6)]
    assert full[6:9] == ["85.70", f"{np.mean(f1):.2f} ± {np.std(f1, ddof=1):.2f}", "6"]
    assert full[9].startswith("+")
    assert full[10] == "<0.001"
    assert full[11] == "0.0312"  # 2 of 2^6 sign vectors
    assert _line(text, "msd", "Base Classifier")[8:] == ["6", "–", "–", "–"]
    assert "[a] The paper doesn't state the averaging" in text
    assert "exact two-sided p" not in text


def test_simulated_posts_stand_in_a_block_of_their_own(tmp_path: Path, capsys, fake_runs) -> None:
    runs = fake_runs(RIGHT, tmp_path, name="network", simulated=True)
    assert main(["cast_7", "--experiments", "cast_msd", "--profile", "demo", "--seeds", "3"], run=runs) == 0
    published, ours = capsys.readouterr().out.split("ours, not comparable")
    assert "network" not in published
    assert "85.70" in published
    assert "85.70" not in ours.split("\n[", 1)[0]
    assert "simulated posts of our own" in ours
    lines = [line for line in ours.splitlines() if line.startswith("|")][2:]
    assert all(line.startswith("| network (simulated) |") for line in lines)
    assert len(lines) == 5
    assert "3 seeds can't give an exact two-sided p below 0.25" in ours


@pytest.mark.parametrize(
    ("facts", "profile", "settings", "reason"),
    [
        ({"name": "msd_text"}, None, [], "data set msd_text, the paper's is msd"),
        ({"posts": 500}, None, [], "500 test posts, the paper's are 2,409"),
        ({"corpus": "flickr8k"}, None, [], "corpus flickr8k, the paper's is wild"),
        ({}, "demo", [], "profile demo"),
        ({}, None, ["--model.lr=1"], "changed settings --model.lr=1"),
    ],
)
def test_other_data_or_settings_are_not_comparable(
    facts: dict, profile: str | None, settings: list[str], reason: str, tmp_path: Path, fake_runs
) -> None:
    runs = fake_runs(RIGHT, tmp_path, **{**REAL, **facts})
    results = {"cast_msd": runs("cast_msd", {"Full Model": []}, [0])}
    text = results_table(load_table("cast_7"), results, departures(profile, settings))
    assert f"Not comparable with the published numbers: {reason}" in text


def test_another_base_classifier_is_not_comparable(tmp_path: Path, fake_runs) -> None:
    (folder,) = fake_runs(RIGHT, tmp_path, **REAL)("cast_msd", {"Full Model": []}, [0]).values()
    (folder / "config.yaml").write_text("model: {init_args: {base: {class_path: lightning_modules.BertCnn}}}\n")
    text = results_table(load_table("cast_7"), {"cast_msd": {("Full Model", 0): folder}})
    assert "Not comparable with the published numbers: base classifier BertCnn, the paper's is MMSD-BERT" in text


def test_devices_and_paths_leave_ours_comparable() -> None:
    free = ["--trainer.devices=4", "--protocol.benchmark=data/msd", "--protocol.similarity=/data/sets"]
    assert departures("paper", free) == []


def test_departures_name_files_without_their_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vectors").mkdir()
    (tmp_path / "vectors" / "glove.txt").touch()
    monkeypatch.chdir(tmp_path)
    for given, shown in {
        f"--protocol.vectors.GloVe={tmp_path}/vectors/glove.txt": "--protocol.vectors.GloVe=glove.txt",
        "--protocol.vectors.GloVe=vectors/glove.txt": "--protocol.vectors.GloVe=glove.txt",
        "--protocol.image.weights=vectors": "--protocol.image.weights=vectors",
        "--protocol.image.weights=timm/vgg16.tv_in1k": "--protocol.image.weights=timm/vgg16.tv_in1k",
        "--protocol.clicked.clicks=~/gone/clicks.jsonl": "--protocol.clicked.clicks=clicks.jsonl",
        "--protocol.triplets={raw: /my data/raw.tsv, b: ~/b.tsv}": "--protocol.triplets={raw: raw.tsv, b: b.tsv}",
        '--protocol.triplets={"raw": "/data/raw.tsv"}': '--protocol.triplets={"raw": "raw.tsv"}',
        "--model.lr=1": "--model.lr=1",
    }.items():
        assert departures(None, [given]) == [f"changed settings {shown}"]


def test_the_copied_number_and_the_papers_slips_have_footnotes(tmp_path: Path, fake_runs) -> None:
    runs = fake_runs(RIGHT, tmp_path, averaging="weighted", simulated=True)
    text = results_table(load_table("cast_7"), {"cast_mhp": runs("cast_mhp", {"Base Classifier": []}, [0])})
    (base,) = [line for line in text.splitlines() if "76.30" in line]
    assert "76.30 (copied)" in base
    mark = base.split("Base Classifier [")[1][0]
    assert f"[{mark}] Copied by the authors from Botelho et al. (2021)" in text


def test_controls_have_no_published_number(tmp_path: Path, capsys, fake_runs) -> None:
    runs = fake_runs(RIGHT, tmp_path, **REAL)
    main(["cast_7", "--experiments", "cast_msd", "--controls", "--seeds", "2"], run=runs)
    control = [line for line in capsys.readouterr().out.splitlines() if "Full, comments shuffled" in line]
    assert [cell.strip() for cell in control[0].split("|")][3] == "–"
    assert runs.calls[0][1]["Full, comments shuffled"] == ["--protocol.retrieval.comment_control=shuffled"]


def test_settings_go_to_the_runs_and_a_dry_run_prints_no_table(tmp_path: Path, capsys, fake_runs) -> None:
    runs = fake_runs(RIGHT, tmp_path)
    assert main(["cast_7", "--dry_run", "--jobs", "3", "--trainer.devices=2", "--store", "elsewhere"], run=runs) == 0
    assert [call[0] for call in runs.calls] == ["cast_mvsa", "cast_itr", "cast_msd", "cast_mhp"]
    how = runs.calls[0][2]
    assert (how["overrides"], how["jobs"], how["store"]) == (["--trainer.devices=2"], 3, Path("elsewhere"))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("style", "piece"), [("latex", r"\toprule"), ("html", "<table>"), ("markdown", "| Data set")])
def test_every_format_is_written_whole(style: str, piece: str, tmp_path: Path, fake_runs) -> None:
    out = tmp_path / "deep" / "table"
    words = ["cast_7", "--experiments", "cast_msd", "--seeds", "2", "--format", style, "--out", str(out)]
    main(words, run=fake_runs(RIGHT, tmp_path))
    assert piece in out.read_text()
    assert [path.name for path in out.parent.iterdir()] == ["table"]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["cast_8"], 'Did you mean "cast_7"'),
        (["lst"], 'Did you mean "list"'),
        (["cast_7", "--experiments", "cast_mds"], 'Did you mean "cast_msd"'),
        (["cast_7", "--rows", "Base+Comm"], 'Did you mean "Base+Com"'),
        (["cast_7", "--profile", "dmo"], 'Did you mean "demo"'),
    ],
)
def test_mistyped_names_are_answered(words: list[str], hint: str, capsys) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(words)
    assert exit_.value.code == 2
    assert hint in capsys.readouterr().err


def test_a_failed_stage_is_told_without_a_traceback(capsys) -> None:
    def run(*_: object, **__: object) -> dict:
        raise StageFailed("stage teacher failed; its log is ...")

    with pytest.raises(SystemExit):
        main(["cast_7"], run=run)
    assert capsys.readouterr().err == "error: stage teacher failed; its log is ...\n"


def test_mistyped_options_are_answered(capsys) -> None:
    for words, hint in [(["--seed", "3"], 'Did you mean "--seeds"'), (["--model.lr", "1"], "--group.name=value")]:
        with pytest.raises(SystemExit):
            main(["cast_7", *words])
        assert hint in capsys.readouterr().err


def test_a_typo_is_answered_without_importing_torch() -> None:
    code = "import sys\ntry:\n import experiments.table as t; t.main(['cast_77'])\nexcept SystemExit: pass\n"
    code += "assert not {'torch', 'scipy', 'pyarrow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_posts_outside_another_split_can_be_left_out(tmp_path: Path, fake_runs) -> None:
    """Here those whose number is odd, as if they had a copy among the training posts."""
    posts = tmp_path / "posts"
    (posts / "splits").mkdir(parents=True)
    kept = {f"msd/{number}" for number in range(0, 60, 2)}
    pq.write_table(pa.table({"id": sorted(kept), "part": ["test"] * 30}), posts / "splits" / "apart.parquet")
    (posts / "dataset.json").write_text(json.dumps({"version": VERSION, "name": "msd"}))
    results = {"cast_msd": fake_runs(RIGHT, tmp_path, benchmark=posts)("cast_msd", {"Full Model": []}, [0])}
    text = markdown(compare(load_table("cast_7"), results, within="apart"))
    assert "Ours: 30 test posts of msd that are in its split 'apart' too" in text
    (folder,) = results["cast_msd"].values()
    scored = [post for post in read_predictions(folder) if post.id in kept]
    f1 = f1_score([post.gold for post in scored], [post.predicted for post in scored])
    assert f"{100 * f1:.2f}" in text


def test_an_experiment_whose_part_was_not_scored_is_left_out_and_named(tmp_path: Path, stage) -> None:
    table = load_table("pins_3")
    folder = stage(tmp_path / "scores", 0.8, 0)
    metrics = json.loads((folder / "metrics.json").read_text())
    (folder / "metrics.json").write_text(json.dumps({"raw": metrics["test"]}))
    predictions = pq.read_table(folder / "predictions.parquet")
    at = predictions.column_names.index("part")
    parts = pa.array(["raw"] * len(predictions))
    pq.write_table(predictions.set_column(at, "part", parts), folder / "predictions.parquet")
    results = {name: {("Model A", 0): folder} for name in ("pins", "pins_raw")}
    text = markdown(compare(table, results))
    assert "pins is left out: no 'voted' was scored, only raw." in text
    assert "RP10M (pins_raw)" in text
    assert "Gold RP10K (pins)" not in text
    with pytest.raises(ValueError, match="no part 'voted'; there are raw"):
        compare(table, {"pins": results["pins"]})
