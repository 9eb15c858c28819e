"""Mirrors experiments/steps/late.py; and `experiments.missing` on late fusion and all it is made of."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.missing import conditions
from experiments.missing import main as missing

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
