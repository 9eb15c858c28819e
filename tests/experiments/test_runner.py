"""Mirrors experiments/runner.py: stages that are killed, shared, failed, set aside, accepted."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.runner import StageFailed, accept, holders, run_stages, set_aside
from experiments.stages import Stage

TOYS = """
import json, os, time
def count(job):
    with (job.folder / "starts").open("a") as file:
        file.write(f"{os.getpid()}\\n")
    done = job.folder / "steps"
    for step in range(len(done.read_text()) if done.exists() else 0, job.settings["steps"]):
        time.sleep(job.settings["pause"])
        with done.open("a") as file:
            file.write("x")
        print(f"step {step}", flush=True)
    before = [json.loads((path / "value.json").read_text()) for path in job.inputs.values()]
    (job.folder / "value.json").write_text(json.dumps(sum(before) + job.settings["steps"]))
def fail(job):
    raise ValueError("no such luck")
"""


@pytest.fixture
def store(write_toys: Callable[[str], Path]) -> Path:
    return write_toys(TOYS)


def toy(name: str, steps: int = 2, pause: float = 0.0, **inputs: Stage) -> Stage:
    return Stage(name, "toys:count", {"steps": steps, "pause": pause}, inputs)


def value(stage: Stage, store: Path) -> int:
    return int(json.loads((stage.folder(store) / "value.json").read_text()))


def test_inputs_run_first_and_finished_stages_are_not_run_again(store: Path) -> None:
    first = toy("first")
    last = toy("last", steps=3, before=first)
    run_stages([last], store)
    run_stages([last], store)
    assert value(last, store) == 5
    assert len((first.folder(store) / "starts").read_text().split()) == 1


def test_a_killed_stage_goes_on_and_gives_the_undisturbed_result(store: Path) -> None:
    stage = toy("slow", steps=6, pause=0.15)
    process = start_runner(stage, store)
    steps = stage.folder(store) / "steps"
    wait_for(lambda: steps.exists() and len(steps.read_text()) >= 2)
    for pid in [*holders(stage.folder(store) / "log.txt"), str(process.pid)]:
        os.kill(int(pid), signal.SIGKILL)
    process.wait()
    assert not stage.is_done(store)
    run_stages([stage], store)
    assert (steps.read_text(), value(stage, store)) == ("xxxxxx", 6)
    assert len((stage.folder(store) / "starts").read_text().split()) == 2


def test_an_orphan_goes_on_alone_and_its_work_counts(store: Path) -> None:
    stage = toy("slow", steps=5, pause=0.2)
    process = start_runner(stage, store)
    wait_for((stage.folder(store) / "steps").exists)
    process.kill()
    process.wait()
    said: list[str] = []
    run_stages([stage], store, say=said.append)
    assert len((stage.folder(store) / "starts").read_text().split()) == 1
    assert any("waiting for it" in line for line in said)


def test_two_runners_share_the_work(store: Path) -> None:
    stages = [toy(f"part{number}", steps=3, pause=0.1) for number in range(3)]
    others = [start_runner(stage, store) for stage in stages]
    run_stages(stages, store, jobs=2)
    for process in others:
        assert process.wait() == 0
    starts = [len((stage.folder(store) / "starts").read_text().split()) for stage in stages]
    assert starts == [1, 1, 1]


def test_a_failed_stage_is_named_with_the_end_of_its_log(store: Path) -> None:
    with pytest.raises(StageFailed, match=r"(?s)stage broken failed.*no such luck"):
        run_stages([Stage("broken", "toys:fail")], store)


def test_from_sets_the_stage_and_what_follows_aside(store: Path) -> None:
    first = toy("first")
    last = toy("last", before=first)
    run_stages([last], store)
    moved = set_aside([last], "last", store)
    assert first.is_done(store)
    assert not last.is_done(store)
    assert (moved[last.folder_name] / "value.json").exists()


def test_accept_takes_finished_stages_of_equal_settings_after_an_edit(store: Path) -> None:
    first, other = toy("first"), toy("first", steps=9)
    run_stages([first], store)
    edited = Stage("first", "toys:count", first.settings)
    edited.__dict__["sources"] = "after the edit"
    assert edited.fingerprint != first.fingerprint
    after = toy("after", before=first)
    run_stages([after], store)
    chain = Stage("after", "toys:count", after.settings, {role: edited for role in after.inputs})
    taken = {edited.folder_name: first.folder_name, chain.folder_name: after.folder_name}
    assert accept([chain], store, dry_run=True) == taken
    assert not edited.folder(store).exists()
    assert accept([chain], store) == taken
    assert value(edited, store) == 2
    assert accept([other], store) == {}


def start_runner(stage: Stage, store: Path) -> "subprocess.Popen[bytes]":
    program = (
        "import sys, json; from pathlib import Path; from experiments.stages import Stage; "
        "from experiments.runner import run_stages; "
        "run_stages([Stage(sys.argv[1], 'toys:count', json.loads(sys.argv[2]))], Path(sys.argv[3]))"
    )
    return subprocess.Popen([sys.executable, "-c", program, stage.name, json.dumps(stage.settings), str(store)])


def wait_for(condition, seconds: float = 60.0) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
