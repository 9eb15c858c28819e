"""Mirrors experiments/steps/evaluation.py: measured checkpoints, posts without a modality; what tables read."""

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from sklearn.metrics import f1_score

from experiments.run import main

ACTIONS = {"validate": "validation", "test": "test", "predict": "test"}


class Said:
    """What a command line printed, and its exit status."""

    def __init__(self, plan: Any, action: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        self.status = main([plan.experiment, action, "--profile", "demo", "--store", str(plan.store), *words])
        self.out, self.err = capsys.readouterr()

    @property
    def folder(self) -> Path:
        """Of the predictions that it names."""
        named = re.search(r"^predictions: (.*)$", self.out, re.MULTILINE)
        assert named is not None, self.err
        return Path(named[1]).parent


@pytest.fixture(scope="module")
def trained(planned: Any) -> Any:
    """Full Model; narrower than the profile says."""
    made = planned("--trainer.max_epochs=4", "--model.lr=0.01")
    made.run("student_1")
    return made


def scores(folder: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = json.loads((folder / "metrics.json").read_text())
    return found


# checkpoints
@pytest.mark.parametrize("action", ACTIONS)
def test_a_measured_checkpoint_has_the_metrics_of_its_stage(
    trained: Any, action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, part = trained.folder("student_1"), ACTIONS[action]
    said = Said(trained, action, [f"--ckpt_path={folder / 'best.ckpt'}", *trained.overrides], capsys)
    assert said.status == 0, said.err
    assert scores(said.folder) == {part: scores(folder)[part]}


def test_predict_writes_the_stages_predictions_of_the_test_posts(
    trained: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = trained.folder("student_1")
    said = Said(trained, "predict", [f"--ckpt_path={folder / 'best.ckpt'}", *trained.overrides], capsys)
    known = [row for row in pq.read_table(folder / "predictions.parquet").to_pylist() if row["part"] == "test"]
    assert pq.read_table(said.folder / "predictions.parquet").to_pylist() == known


def test_each_checkpoint_has_a_folder_of_its_own(trained: Any, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [trained.folder(name) / "best.ckpt" for name in ("teacher", "student_1")]
    folders = {Said(trained, "test", [f"--ckpt_path={path}", *trained.overrides], capsys).folder for path in paths}
    assert len(folders) == 2


def test_without_a_checkpoint_the_protocols_last_is_measured(trained: Any, capsys: pytest.CaptureFixture[str]) -> None:
    said = Said(trained, "test", trained.overrides, capsys)
    assert scores(said.folder) == {"test": scores(trained.folder("student_1"))["test"]}


def test_a_checkpoint_brings_its_own_models_settings(trained: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Not its data's: those, and all that the command line says of the model, stay."""
    folder = trained.folder("teacher")
    words = [word for word in trained.overrides if not word.startswith("--model.base")]
    assert words != trained.overrides
    said = Said(trained, "test", [f"--ckpt_path={folder / 'best.ckpt'}", *words], capsys)
    assert scores(said.folder) == {"test": scores(folder)["test"]}


def test_another_models_checkpoint_is_refused_by_name(trained: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = trained.folder("student_1") / "best.ckpt"
    said = Said(trained, "test", [f"--ckpt_path={path}", *trained.overrides, "--model.comments=false"], capsys)
    assert said.status == 1
    assert f"{path}: not a checkpoint of this model" in said.err


def test_a_poisoned_checkpoint_is_refused_by_name_and_not_run(
    trained: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Poison:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "harm",))

    torch.save({"state_dict": {}, "hyper_parameters": {}, "callbacks": Poison()}, tmp_path / "poison.ckpt")
    said = Said(trained, "test", [f"--ckpt_path={tmp_path / 'poison.ckpt'}", *trained.overrides], capsys)
    assert said.status == 1
    assert "poison.ckpt" in said.err
    assert not (tmp_path / "harm").exists()


def test_a_missing_checkpoint_is_named(trained: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = Said(trained, "test", [f"--ckpt_path={tmp_path / 'none.ckpt'}", *trained.overrides], capsys)
    assert said.status == 1
    assert "none.ckpt" in said.err


# what is written
def test_scores_are_in_the_csv_beside_the_curves(trained: Any) -> None:
    folder = trained.folder("student_1")
    with (folder / "log" / "metrics.csv").open(newline="") as file:
        last = list(csv.DictReader(file))[-1]
    for part, metrics in scores(folder).items():
        assert {name: float(last[f"{part}/{name}"]) for name in metrics} == pytest.approx(metrics)


@pytest.mark.parametrize("part", ["validation", "test"])
def test_metrics_are_scikit_learns_of_the_predictions(trained: Any, part: str) -> None:
    rows = pq.read_table(trained.folder("student_1") / "predictions.parquet").to_pylist()
    gold, predicted = zip(*((row["gold"], row["predicted"]) for row in rows if row["part"] == part), strict=True)
    by_hand = f1_score(gold, predicted, average="weighted", zero_division=0)
    assert scores(trained.folder("student_1"))[part]["f1"] == pytest.approx(by_hand, abs=1e-6)


def test_predictions_keep_the_comments_with_an_attention_that_sums_to_one(trained: Any) -> None:
    for row in pq.read_table(trained.folder("student_1") / "predictions.parquet").to_pylist():
        assert len(row["comments"]) == 5
        assert sum(row["image_attention"]) == pytest.approx(1, abs=1e-5)
        assert sum(row["text_attention"]) == pytest.approx(1, abs=1e-5)


def test_results_on_simulated_posts_say_so(trained: Any) -> None:
    dataset = json.loads((trained.folder("student_1") / "dataset.json").read_text())
    assert dataset["simulated"] is True


# posts that lack something
@pytest.fixture(scope="module")
def made(planned: Any) -> Any:
    """Posts of the simulated network, prepared."""
    plan = planned()
    plan.run("benchmark", "corpus")
    return plan


def without(column: str, posts: Path, target: Path) -> Path:
    """A prepared data set whose posts lack one column."""
    shutil.copytree(posts, target)
    for part in (target / "posts").glob("*.parquet"):
        table = pq.read_table(part)
        at = table.schema.get_field_index(column)
        pq.write_table(table.set_column(at, table.schema.field(at), pa.nulls(len(table), table.schema.types[at])), part)
    about = json.loads((target / "dataset.json").read_text())
    (target / "dataset.json").write_text(json.dumps(about | {"name": f"{about['name']}_without_{column}"}))
    return target


@pytest.mark.parametrize(
    ("column", "lacking"),
    [
        ("media", ["benchmark"]),
        ("text", ["benchmark"]),
        ("comments", ["corpus"]),
        ("media", ["benchmark", "corpus"]),
        ("text", ["benchmark", "corpus"]),
    ],
)
def test_posts_without_a_modality_train_and_predict(
    column: str, lacking: list[str], made: Any, planned: Any, tmp_path: Path
) -> None:
    """No benchmark has comments of its own: those of its posts are the corpus's."""
    whole = {name: made.folder(name) / "posts" for name in ("benchmark", "corpus")}
    folders = whole | {name: without(column, whole[name], tmp_path / name) for name in lacking}
    plan = planned(*(f"--protocol.{name}={folder}" for name, folder in folders.items()))
    plan.run("student_1")
    for name in ("teacher", "student_1"):
        found = plan.probabilities(name)
        assert len(found) == 18, "7 validation posts and 11 test posts of 40"
        torch.testing.assert_close(found.sum(1), torch.ones(18))
        assert found.std(0).max() > 0 or column == "comments", "told apart by what they have"
