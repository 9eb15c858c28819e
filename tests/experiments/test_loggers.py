"""Mirrors experiments/loggers.py: CSV always, W&B beside it without ever asking."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from lightning.pytorch.loggers import CSVLogger, WandbLogger

from experiments.loggers import loggers
from experiments.stage import Job


class Offline(NamedTuple):
    """What a stage leaves that logged one value."""

    folder: Path
    run: Any


@pytest.fixture(autouse=True, scope="module")
def _no_key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """A machine on which nobody has logged in; a question would fail, since pytest has taken the keyboard away."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WANDB_API_KEY", "WANDB_MODE"):
            patch.delenv(name, raising=False)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr(sys, "argv", [*sys.argv, "--data.secret=hush"])
        yield patch


@pytest.fixture(scope="module")
def offline(_no_key: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Offline:
    folder = tmp_path_factory.mktemp("runs") / "student_1-0123456789ab"
    folder.mkdir()
    made: Any = loggers(job(folder, "auto"))
    for logger in made:
        logger.log_metrics({"train/loss": 0.5}, step=3)
        logger.save()
    run = made[1].experiment
    run.finish()
    return Offline(folder, run)


def job(folder: Path, mode: str) -> Job:
    retrieve = folder.parent / "retrieve"
    retrieve.mkdir(exist_ok=True)
    (retrieve / "stage.json").write_text('{"settings": {"retrieval": {"comment_control": "shuffled"}}}')
    settings = {"seed": 3, "data": {"comment_drop": 0.5}}
    return Job(folder, settings, {"retrieve": retrieve}, {}, {"wandb": mode, "experiment": "cast_msd"})


def test_a_stage_says_what_it_is(offline: Offline) -> None:
    """Seed, data and retrieval tell Full, Base+Com+ST and the controls apart."""
    config = dict(offline.run.config)
    assert (config["stage"], config["seed"]) == ("student_1", 3)
    assert config["data"] == {"comment_drop": 0.5}
    assert config["retrieval"] == {"comment_control": "shuffled"}
    assert "comment_control: shuffled" in (offline.folder / "log" / "hparams.yaml").read_text()


def test_with_a_key_but_no_network_a_run_is_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setattr("experiments.loggers.getproxies", dict)
    made: Any = loggers(job(tmp_path, "auto"))
    assert made[1].experiment.offline
    made[1].experiment.finish()


def kinds(folder: Path, mode: str) -> list[type]:
    return [type(logger) for logger in loggers(job(folder, mode))]


@pytest.mark.parametrize("mode", ["auto", "offline"])
def test_csv_and_wandb_stand_side_by_side(mode: str, tmp_path: Path) -> None:
    assert kinds(tmp_path, mode) == [CSVLogger, WandbLogger]


def test_off_is_csv_alone(tmp_path: Path) -> None:
    assert kinds(tmp_path, "off") == [CSVLogger]


def test_wandbs_own_switch_is_heeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert kinds(tmp_path, "auto") == [CSVLogger]


def test_another_word_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='wandb is "online"; it takes auto, offline or off'):
        loggers(job(tmp_path, "online"))


def test_without_a_key_a_run_is_offline(offline: Offline) -> None:
    assert offline.run.offline


def test_an_experiment_is_a_group_and_a_stage_a_job_type(offline: Offline) -> None:
    found = (offline.run.group, offline.run.job_type, offline.run.name)
    assert found == ("cast_msd", "student_1", "student_1-0123456789ab")


def test_an_offline_run_lies_in_the_stages_folder_ready_to_be_synced(offline: Offline) -> None:
    assert len(list(offline.folder.glob("wandb/offline-run-*/*.wandb"))) == 1


def test_values_can_be_read_without_wandb(offline: Offline) -> None:
    assert (offline.folder / "log" / "metrics.csv").read_text().splitlines() == ["step,train/loss", "3,0.5"]


def test_wandb_keeps_no_command_line(offline: Offline) -> None:
    kept = [path for path in offline.folder.rglob("*") if path.is_file() and b"hush" in path.read_bytes()]
    assert kept == []
