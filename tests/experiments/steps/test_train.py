"""Mirrors experiments/steps/train.py: devices, kills, every experiment and every row; a small simulated network."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch

from experiments import names
from experiments.runner import run_stages
from experiments.tables import load_table

ROOT = Path(__file__).resolve().parents[3]
ONE_BATCH = ("--trainer.limit_train_batches=1", "--trainer.max_epochs=1")
EPOCHS = 15


# devices
@pytest.fixture(scope="module")
def one_and_two(planned: Any, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """Full Model on one device, in this process, and on two, in processes that Lightning's launcher starts.

    Without dropout: devices draw their own, so that its masks can't be those of one device.
    """
    still = tmp_path_factory.mktemp("still") / "text"
    shutil.copytree(weights / "text", still)
    config = json.loads((still / "config.json").read_text())
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (still / "config.json").write_text(json.dumps(config))
    words = (f"--model.text_encoder.init_args.weights={still}", "--trainer.max_epochs=4", "--model.lr=0.01")
    one = planned(*words)
    one.run("student_1")
    two = planned.elsewhere(planned(*words, "--trainer.devices=2"), tmp_path_factory.mktemp("pair"))
    run_stages([two.stages["student_1"]], two.store)
    return one, two


@pytest.mark.parametrize("name", ["teacher", "student_1"])
def test_two_devices_are_two_processes(one_and_two: tuple[Any, Any], name: str) -> None:
    assert "training on 2 devices" in (one_and_two[1].folder(name) / "log.txt").read_text()


@pytest.mark.parametrize("name", ["teacher", "student_1"])
def test_two_devices_give_the_metrics_of_one(one_and_two: tuple[Any, Any], name: str) -> None:
    one, two = (json.loads((plan.folder(name) / "metrics.json").read_text()) for plan in one_and_two)
    assert two["test"] == pytest.approx(one["test"], abs=1e-6)
    assert two["validation"] == pytest.approx(one["validation"], abs=1e-6)


@pytest.mark.parametrize("name", ["teacher", "student_1"])
def test_two_devices_give_the_predictions_of_one(one_and_two: tuple[Any, Any], name: str) -> None:
    one, two = one_and_two
    torch.testing.assert_close(two.probabilities(name), one.probabilities(name), rtol=0, atol=1e-4)


def test_two_devices_leave_each_post_once_in_the_order_of_one(one_and_two: tuple[Any, Any]) -> None:
    one, two = (pq.read_table(plan.folder("student_1") / "predictions.parquet") for plan in one_and_two)
    assert two["id"].to_pylist() == one["id"].to_pylist()


def test_two_devices_leave_no_files_that_one_does_not(one_and_two: tuple[Any, Any]) -> None:
    one, two = ({path.name for path in plan.folder("student_1").iterdir()} for plan in one_and_two)
    assert two - one == {"log.txt"}, "of the stage's own process"


# kills
@pytest.fixture(scope="module")
def killed(planned: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[str], float]:
    """A teacher whose whole process group was killed in training, gone on with by the same command; when it ended."""
    made = planned.elsewhere(planned(f"--trainer.max_epochs={EPOCHS}"), tmp_path_factory.mktemp("killed"))
    own = ["--profile", "demo", "--store", str(made.store), "--rows", "Full Model", "--stage", "teacher"]
    command = [sys.executable, "-m", "experiments.run", made.experiment, *own, *made.overrides]
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL)
    last, log = made.folder("teacher") / "checkpoints" / "last.ckpt", made.folder("teacher") / "log.txt"
    try:
        wait_for(lambda: last.exists() and f"epoch 1/{EPOCHS}" in log.read_text(), process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert not (made.folder("teacher") / "DONE.part").exists(), "killed too late to mean anything"
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return made, command, (made.folder("teacher") / "DONE").stat().st_mtime


def test_a_killed_training_goes_on_where_it_stopped(killed: tuple[Any, list[str], float]) -> None:
    epochs = re.findall(rf"^epoch (\d+)/{EPOCHS}:", (killed[0].folder("teacher") / "log.txt").read_text(), re.MULTILINE)
    assert (epochs.count("1"), epochs[-1]) == (1, str(EPOCHS))


def test_a_killed_training_predicts_like_an_undisturbed_one(killed: tuple[Any, list[str], float], planned: Any) -> None:
    """Bit by bit, dropout and all: each epoch has its own seed."""
    whole = planned(f"--trainer.max_epochs={EPOCHS}")
    whole.run("teacher")
    torch.testing.assert_close(killed[0].probabilities("teacher"), whole.probabilities("teacher"), rtol=0, atol=0)


def test_a_killed_training_keeps_the_curve_of_the_epochs_before(killed: tuple[Any, list[str], float]) -> None:
    epochs: set[int] = set()
    for path in (killed[0].folder("teacher") / "log").glob("*.csv"):
        with path.open(newline="") as file:
            epochs |= {int(row["epoch"]) for row in csv.DictReader(file) if row["epoch"]}  # the last has test scores
    assert epochs == set(range(EPOCHS))


def test_a_finished_stage_is_not_run_again(killed: tuple[Any, list[str], float]) -> None:
    made, command, ended = killed
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    assert (made.folder("teacher") / "DONE").stat().st_mtime == ended


def test_the_last_epoch_is_kept_to_go_on_from_best_or_not(planned: Any) -> None:
    """Else a kill would cost all epochs since the best."""
    folder = planned("--trainer.max_epochs=6", "--model.lr=0").run("teacher")  # no epoch is better than the first
    assert json.loads((folder / "fit.json").read_text())["best_epoch"] == "epoch=0"
    assert torch.load(folder / "checkpoints" / "last.ckpt")["epoch"] == 5


def test_training_can_be_stopped_early(planned: Any) -> None:
    """After so many epochs of no better validation loss, as the official code does."""
    folder = planned("--trainer.max_epochs=6", "--model.lr=0", "--protocol.early_stop=2").run("teacher")
    assert torch.load(folder / "checkpoints" / "last.ckpt")["epoch"] == 2


def test_a_best_checkpoint_is_stored_once_and_without_the_optimiser(planned: Any) -> None:
    folder = planned().run("teacher")
    assert (folder / "best.ckpt").stat().st_nlink == 2
    assert "optimizer_states" not in torch.load(folder / "best.ckpt")
    assert "optimizer_states" in torch.load(folder / "checkpoints" / "last.ckpt")


@pytest.mark.parametrize("words", [(), ("--trainer.max_epochs=6", "--model.lr=0", "--protocol.early_stop=2")])
def test_a_teacher_killed_after_training_is_only_measured(words: tuple[str], planned: Any, tmp_path: Path) -> None:
    whole = planned(*words)
    again = planned.elsewhere(whole, tmp_path / "runs")
    shutil.copytree(whole.run("teacher"), again.folder("teacher"))
    for name in ("best.ckpt", "fit.json", "metrics.json", "predictions.parquet", "dataset.json", "DONE"):
        (again.folder("teacher") / name).unlink()
    again.run("teacher")
    whole_last, last = (torch.load(plan.folder("teacher") / "checkpoints/last.ckpt") for plan in (whole, again))
    assert last["global_step"] == whole_last["global_step"], "nothing was trained"
    torch.testing.assert_close(last["state_dict"], whole_last["state_dict"], rtol=0, atol=0)
    torch.testing.assert_close(again.probabilities("teacher"), whole.probabilities("teacher"), rtol=0, atol=0)


def test_a_student_killed_after_labelling_learns_what_an_undisturbed_one_does(planned: Any, tmp_path: Path) -> None:
    whole = planned()
    labels = whole.run("student_1") / "pseudo_labels.parquet"
    again = planned.elsewhere(whole, tmp_path / "runs", but=("student_1",))
    again.folder("student_1").mkdir()
    shutil.copy2(labels, again.folder("student_1"))
    again.run("student_1")
    assert (again.folder("student_1") / labels.name).stat().st_mtime == labels.stat().st_mtime, "not labelled again"
    torch.testing.assert_close(again.probabilities("student_1"), whole.probabilities("student_1"), rtol=0, atol=0)


def test_a_poisoned_checkpoint_to_go_on_from_is_refused_and_not_run(planned: Any, tmp_path: Path) -> None:
    class Poison:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "harm",))

    made = planned.elsewhere(planned(), tmp_path / "runs")
    last = made.folder("teacher") / "checkpoints" / "last.ckpt"
    last.parent.mkdir(parents=True)
    torch.save({"state_dict": {}, "callbacks": Poison()}, last)
    with pytest.raises(Exception, match=r"last\.ckpt"):
        made.run("teacher")
    assert not (tmp_path / "harm").exists()


# every experiment, every row
@pytest.mark.parametrize("experiment", sorted(names.experiments()))
def test_every_experiment_trains_a_batch(experiment: str, planned: Any) -> None:
    """A new paper's words for a small network belong into conftest.py, beside the others'."""
    made = planned(*ONE_BATCH, experiment=experiment)
    trained = [name for name in made.stages if name in ("teacher", "student_1", "classifier", "embed")]
    made.run(*trained)
    for name in trained:
        weights = torch.load(made.folder(name) / "best.ckpt")["state_dict"]
        assert all(value.isfinite().all() for value in weights.values())
        if name != "embed":  # which says nothing of posts
            found = made.probabilities(name)
            assert found.isfinite().all()
            torch.testing.assert_close(found.sum(1), torch.ones(len(found)))


ROWS = [
    (experiment, row.name, list(row.overrides))
    for experiment, table in (("cast_mvsa", "cast_7"), ("emotion_reddit", "emotion_4"))
    for row in (*load_table(table).rows, *load_table(table).controls)
]


@pytest.mark.parametrize(
    ("experiment", "row", "overrides"), ROWS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_row_of_the_tables_trains_a_batch(experiment: str, row: str, overrides: list[str], planned: Any) -> None:
    made = planned(*ONE_BATCH, *overrides, experiment=experiment)
    last = list(made.stages)[-1]
    made.run(last)
    assert made.probabilities(last).isfinite().all(), row


def test_a_student_can_be_refitted_before_it_teaches(planned: Any) -> None:
    """The paper's other reading of self-training (section 3.4)."""
    made = planned(*ONE_BATCH, "--protocol.iterations=2", "--protocol.refit_teacher=true")
    assert [name for name in made.stages if name[-1].isdigit()] == ["student_1", "refit_1", "student_2"]
    made.run("student_2")
    assert made.probabilities("student_2").isfinite().all()


def wait_for(condition: Callable[[], bool], process: "subprocess.Popen[bytes]", seconds: float = 600.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, f"ended by itself with {process.returncode}"
        assert time.monotonic() < end
        time.sleep(0.005)
