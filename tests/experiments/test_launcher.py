"""Mirrors experiments/launcher.py: what a fork finds, what kills it, what it outlives."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.launcher import GPUS, Launcher, Started
from experiments.runner import write_description
from experiments.stages import Stage

TOYS = """
import json, os, sys, time
def tell(job):
    main = sys.modules["__main__"]
    found = {"spec": main.__spec__.name, "words": sys.argv[1:], "rank": os.environ.get("LOCAL_RANK")}
    found |= {"imported": "lightning" in sys.modules, "read": sys.stdin.read()}
    (job.folder / "found.json").write_text(json.dumps(found))
def wait(job):
    (job.folder / "pid").write_text(str(os.getpid()))
    time.sleep(job.settings["seconds"])
def leave(job):
    os._exit(0)
"""


@pytest.fixture
def store(write_toys: Callable[[str], Path]) -> Path:
    return write_toys(TOYS)


def begin(stage: Stage, store: Path, launcher: Launcher) -> tuple[Path, Started]:
    folder = stage.folder(store)
    folder.mkdir(parents=True)
    write_description(stage, store)
    with (folder / "log.txt").open("ab") as log:
        return folder, launcher.start(folder, log.fileno())


@pytest.mark.parametrize("stages", [1, 2])
def test_a_fork_is_as_the_command_would_be(stages: int, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lightning's launcher starts further devices by `-m` with the name of the main module and the same words."""
    monkeypatch.setenv("LOCAL_RANK", "1")
    with Launcher(stages) as launcher:
        folder, started = begin(Stage("told", "toys:tell", {}), store, launcher)
        wait_for(started.has_ended)
    assert (folder / "DONE").exists(), (folder / "log.txt").read_text()
    found = json.loads((folder / "found.json").read_text())
    imported = stages > 1 and not any(Path("/dev", name).exists() for name in GPUS)
    expected = {"spec": "experiments.stage", "words": [str(folder)], "rank": None, "imported": imported, "read": ""}
    assert found == expected


def test_a_killed_stage_has_ended_and_its_log_says_how(store: Path) -> None:
    with Launcher(1) as launcher:
        folder, started = begin(Stage("long", "toys:wait", {"seconds": 600}), store, launcher)
        wait_for(lambda: (folder / "pid").exists() and bool((folder / "pid").read_text()))
        assert not started.has_ended()
        os.kill(int((folder / "pid").read_text()), signal.SIGKILL)
        wait_for(started.has_ended)
    assert "ended by SIGKILL" in (folder / "log.txt").read_text()
    assert not (folder / "DONE").exists()


def test_a_stage_that_leaves_before_its_end_is_not_done(store: Path) -> None:
    with Launcher(1) as launcher:
        folder, started = begin(Stage("left", "toys:leave", {}), store, launcher)
        wait_for(started.has_ended)
    assert "stopped before its end" in (folder / "log.txt").read_text()
    assert not (folder / "DONE").exists()


def test_a_stage_goes_on_without_its_launcher(store: Path) -> None:
    with Launcher(1) as launcher:
        folder, started = begin(Stage("long", "toys:wait", {"seconds": 1}), store, launcher)
        wait_for((folder / "pid").exists)
    wait_for(started.has_ended)
    assert (folder / "DONE").exists()


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
