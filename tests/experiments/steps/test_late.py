"""Mirrors experiments/steps/late.py; and `experiments.missing` on late fusion and all it is made of."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.benchmark import Benchmark
from experiments.missing import conditions
from experiments.missing import main as missing
from experiments.stage import job_of
from experiments.steps.late import classify

VIEWS = ("test, image only", "test, text only")


def test_late_fusion_is_equation_2_post_by_post(late: Any) -> None:
    both = late.predictions("late", "test")
    image, text = (late.predictions(name, "test") for name in ("classifier", "fasttext"))
    assert set(both) == set(image) == set(text)
    for post, row in both.items():
        product = np.array(image[post]["probabilities"]) * np.array(text[post]["probabilities"])
        np.testing.assert_allclose(row["probabilities"], product / product.sum(), rtol=1e-4)
        assert row["predicted"] == product.argmax()


def test_with_one_modality_late_fusion_is_that_modalitys_classifier(late: Any) -> None:
    for view, name in zip(VIEWS, ("classifier", "fasttext"), strict=True):
        alone, own = late.predictions("late", view), late.predictions(name, "test")
        assert {post: row["predicted"] for post, row in alone.items()} == {
            post: row["predicted"] for post, row in own.items()
        }
    assert {tuple(row["present"]) for row in late.predictions("late", VIEWS[0]).values()} == {("image",)}


def test_what_was_taken_away_says_nothing(late: Any) -> None:
    """A post that is left with nothing gets the shares of the training classes, whatever its classifiers said of it."""
    folder = late.folder("late")
    job = job_of(folder, json.loads((folder / "stage.json").read_text()))
    found = classify(job, "test", {"nothing": {"image": 1.0, "text": 1.0}})["nothing"]
    assert not found.applies
    labels = Benchmark(late.folder("benchmark") / "posts", "emotion")
    np.testing.assert_allclose(found.probabilities, np.tile(labels.shares(), (len(found.ids), 1)))


def test_a_classifier_of_two_devices_is_evaluated_on_one(
    planned: Any, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made = planned("--trainer.max_epochs=1", experiment="emotion_reddit")
    made.run("classifier")
    twin = tmp_path / "classifier"
    shutil.copytree(made.folder("classifier"), twin)
    plan = json.loads((twin / "stage.json").read_text())
    plan["free"]["trainer"] |= {"devices": 2, "strategy": "ddp"}
    (twin / "stage.json").write_text(json.dumps(plan))
    assert missing([str(twin), "--rates", "1"]) == 0
    assert "EmotionClassifier + Pooling + CommonSpace (image, text)" in capfd.readouterr().out


def test_one_command_takes_modalities_away_from_every_kind_of_classifier(
    late: Any, common: Any, planned: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = planned("--trainer.max_epochs=1")
    cast.run("student_1")
    stages = [late.folder("late"), late.folder("fasttext"), common.folder("classifier"), cast.folder("student_1")]
    before = {folder: sorted(path.name for path in folder.rglob("*")) for folder in stages}
    assert missing([*map(str, stages), "--rates", "0.5", "1"]) == 0
    text = capsys.readouterr().out
    assert {folder: sorted(path.name for path in folder.rglob("*")) for folder in stages} == before
    for made, name, view in ((late, "late", VIEWS[0]), (common, "classifier", VIEWS[1])):
        folder, given = made.folder(name), view.removeprefix("test, ")
        (line,) = [line for line in text.splitlines() if line.startswith(f"| {folder.name}") and f"| {given} " in line]
        assert f"{100 * (made.scores(name)[view]['accuracy'] or 0):.2f}" in line
    (line,) = [line for line in text.splitlines() if f"| {late.folder('fasttext').name}" in line and "100 %" in line]
    assert line.count("n/a") == 3
    assert cast.folder("student_1").name in text


def test_the_conditions_are_all_alone_and_each_missing() -> None:
    asked = conditions(["image", "text"], [0.5])
    assert asked["image only"] == {"text": 1.0}
    assert asked["text missing in 50 %"] == {"text": 0.5}
    assert list(conditions(["text"], [])) == ["all modalities"]


def test_a_folder_of_no_classifier_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        missing([str(tmp_path)])
    assert f"{tmp_path}/stage.json: no finished classifier's folder" in capsys.readouterr().err
