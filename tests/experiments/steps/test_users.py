"""Mirrors experiments/steps/users.py, on a small simulated network."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from datamodules.timelines import Timelines
from experiments.stage import Job, job_of
from experiments.steps.users import measure_checkpoint

TEXT_USER = "--model.pairs=[{anchor: text, other: user, weight: 1}]"


@pytest.fixture(scope="module")
def row(planned: Any) -> Any:
    """The row of all pairs, trained and ranked."""
    made = planned(experiment="du2mce")
    made.run("ranks")
    return made


@pytest.fixture(scope="module")
def bridging(planned: Any) -> Any:
    made = planned("--protocol.source=bridging", experiment="du2mce")
    made.run("ranks")
    return made


def users_of(job: Job) -> list[str]:
    return Timelines(job.inputs["timelines"]).users


def weights(made: Any, name: str) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(made.folder(name) / "best.ckpt")["state_dict"]
    return found


def test_the_epoch_of_the_smallest_joint_score_is_the_best(row: Any) -> None:
    log = next(row.folder("embed").glob("log/*.csv")).read_text().splitlines()
    at = log[0].split(",").index("val/joint")
    joint = [float(value) for line in log[1:] if (value := line.split(",")[at])]
    facts = json.loads((row.folder("embed") / "fit.json").read_text())
    assert (facts["monitor"], len(joint)) == ("val/joint", 2)
    assert facts["score"] == pytest.approx(min(joint), rel=1e-5)


def test_bridging_moves_pictures_alone_from_where_the_first_training_ended(bridging: Any) -> None:
    first, second = weights(bridging, "embed"), weights(bridging, "bridge")
    moved = {name for name in first if not torch.equal(first[name], second[name])}
    assert moved
    assert all("image" in name for name in moved)


def test_the_first_training_of_bridging_is_the_row_of_text_and_user(bridging: Any, planned: Any) -> None:
    made = planned(TEXT_USER, experiment="du2mce")
    assert made.folder("embed") == bridging.folder("embed")
    assert made.stages["embed"].is_done(made.store)


def test_a_training_that_is_gone_on_with_ends_with_the_weights_of_an_undisturbed_one(
    row: Any, planned: Any, tmp_path: Path
) -> None:
    """What a kill after two of four epochs leaves are the checkpoints of two."""
    whole = planned("--trainer.max_epochs=4", experiment="du2mce")
    again = planned.elsewhere(whole, tmp_path / "runs", but=("embed", "ranks"))
    shutil.copytree(row.folder("embed") / "checkpoints", again.folder("embed") / "checkpoints")
    last = []
    for made in (whole, again):
        made.run("embed")
        last.append(torch.load(made.folder("embed") / "checkpoints" / "last.ckpt"))
    assert last[0]["global_step"] == last[1]["global_step"]
    torch.testing.assert_close(last[1]["state_dict"], last[0]["state_dict"], rtol=0, atol=0)


@pytest.mark.parametrize("action", ["validate", "test"])
def test_a_checkpoint_is_measured_on_either_part(
    action: str, row: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = job_of(tmp_path / "measured", row.stages["embed"].description(row.store))
    measure_checkpoint(job, action, row.folder("embed") / "best.ckpt")
    found = json.loads(capsys.readouterr().out)
    assert found["joint"] == pytest.approx(found.pop("joint of learned pairs"))
    assert set(found) == {"text_user", "image_text", "image_user", "joint"}
    if action == "test":
        assert found == pytest.approx(row.scores("ranks")["test"], rel=1e-4)


def test_the_joint_score_of_a_measured_checkpoint_is_the_table_s_for_one_pair_as_well(
    bridging: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = job_of(tmp_path / "measured", bridging.stages["embed"].description(bridging.store))  # of text and user
    measure_checkpoint(job, "test", bridging.folder("bridge") / "best.ckpt")
    found = json.loads(capsys.readouterr().out)
    assert found.pop("joint of learned pairs") == pytest.approx(found["text_user"] / len(users_of(job)))
    assert found == pytest.approx(bridging.scores("ranks")["test"], rel=1e-4)


def test_there_is_nothing_to_predict(row: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="these models predict no classes"):
        measure_checkpoint(job_of(tmp_path, row.stages["embed"].description(row.store)), "predict", tmp_path)
