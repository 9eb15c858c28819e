"""Mirrors experiments/slurm.py; `sbatch` and `squeue` are scripts that keep what they are told."""

import json
import shlex
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from experiments.slurm import submit
from experiments.stages import Stage

ROOT = Path(__file__).resolve().parents[2]
TOYS = (
    "def run(job):\n    (job.folder / 'out').write_text('made')\ndef fail(job):\n    raise ValueError('no such luck')\n"
)

# Keeps its words, one JSON list a job, and answers with a number, as `sbatch --parsable` does on a federated cluster.
SBATCH = """#!/usr/bin/env python3
import json, pathlib, sys
calls = pathlib.Path(__file__).parent / "calls"
with calls.open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
print(f"{100 + len(calls.read_text().splitlines())};cluster")
"""
# Every job that was submitted waits for ever.
SQUEUE = """#!/usr/bin/env python3
import json, pathlib
calls = pathlib.Path(__file__).parent / "calls"
for number, line in enumerate(calls.read_text().splitlines() if calls.exists() else [], start=101):
    (name,) = [word.removeprefix("--job-name=") for word in json.loads(line) if word.startswith("--job-name=")]
    print(name, number)
"""


class Cluster(NamedTuple):
    folder: Path

    @property
    def calls(self) -> list[list[str]]:
        """Words of each job, in order."""
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]

    def chains(self) -> list[str | None]:
        """Each job's dependency."""
        kept = [[word for word in call if word.startswith("--dependency=")] for call in self.calls]
        return [found[0].removeprefix("--dependency=") if found else None for found in kept]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("sbatch", SBATCH), ("squeue", SQUEUE)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (tmp_path / "toys.py").write_text(TOYS)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    return Cluster(folder)


@pytest.fixture
def stages() -> list[Stage]:
    """Two stages and a third that reads both."""
    one, two = Stage("one", "toys:run"), Stage("two", "toys:run")
    return [one, two, Stage("three", "toys:run", {}, {"one": one, "two": two})]


def finish(stage: Stage, store: Path) -> None:
    stage.folder(store).mkdir(parents=True)
    (stage.folder(store) / "DONE").write_text("{}")


def test_a_job_a_stage_waits_for_the_jobs_of_its_inputs(cluster: Cluster, stages: list[Stage], tmp_path: Path) -> None:
    assert submit(stages, tmp_path / "runs", "") == [stage.folder_name for stage in stages]
    assert cluster.chains() == [None, None, "afterok:101:102"]


def test_a_job_whose_input_failed_does_not_wait_for_ever(cluster: Cluster, stages: list[Stage], tmp_path: Path) -> None:
    submit(stages, tmp_path / "runs", "")
    assert ["--kill-on-invalid-dep=yes" in call for call in cluster.calls] == [False, False, True]


def test_finished_stages_are_neither_submitted_nor_waited_for(
    cluster: Cluster, stages: list[Stage], tmp_path: Path
) -> None:
    finish(stages[0], tmp_path / "runs")
    assert submit(stages, tmp_path / "runs", "") == [stage.folder_name for stage in stages[1:]]
    assert cluster.chains() == [None, "afterok:101"]


def test_submitting_twice_adds_nothing(cluster: Cluster, stages: list[Stage], tmp_path: Path) -> None:
    submit(stages, tmp_path / "runs", "")
    assert submit(stages, tmp_path / "runs", "") == []
    assert len(cluster.calls) == 3


def test_what_comes_later_waits_for_what_is_queued_already(
    cluster: Cluster, stages: list[Stage], tmp_path: Path
) -> None:
    submit(stages[:2], tmp_path / "runs", "")
    submit(stages, tmp_path / "runs", "")
    assert cluster.chains() == [None, None, "afterok:101:102"]


def test_the_options_are_handed_to_every_job(cluster: Cluster, stages: list[Stage], tmp_path: Path) -> None:
    submit(stages, tmp_path / "runs", '--gres=gpu:1 --comment="two words"')
    assert all({"--gres=gpu:1", "--comment=two words"} <= set(call) for call in cluster.calls)


def run_job(call: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run what was submitted as the cluster would: its script by a shell, its output appended to its file."""
    monkeypatch.setenv("SLURM_NTASKS", "4")
    (log,) = [word.removeprefix("--output=") for word in call if word.startswith("--output=")]
    with Path(log).open("a") as out:
        return subprocess.run(["sh", "-c", call[-1]], stdout=out, stderr=out, cwd=ROOT, check=False).returncode


def test_a_job_runs_its_stage_and_marks_it_done(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, store = Stage("one", "toys:run"), tmp_path / "runs of 'mine'"  # as a shell must not read it
    submit([stage], store, "")
    assert run_job(cluster.calls[0], monkeypatch) == 0, (stage.folder(store) / "log.txt").read_text()
    assert stage.is_done(store)
    assert (stage.folder(store) / "out").read_text() == "made"


def test_a_job_of_a_finished_stage_does_nothing(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, store = Stage("one", "toys:run"), tmp_path / "runs"
    submit([stage], store, "")
    (stage.folder(store) / "DONE").write_text("{}")
    assert run_job(cluster.calls[0], monkeypatch) == 0
    assert not (stage.folder(store) / "out").exists()


def test_a_failed_job_says_so_and_leaves_its_log(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or `afterok` would start what reads it."""
    stage, store = Stage("one", "toys:fail"), tmp_path / "runs"
    submit([stage], store, "")
    assert run_job(cluster.calls[0], monkeypatch) != 0
    assert not stage.is_done(store)
    assert "no such luck" in (stage.folder(store) / "log.txt").read_text()


def test_what_sbatch_refuses_is_told(cluster: Cluster, stages: list[Stage], tmp_path: Path) -> None:
    (cluster.folder / "sbatch").write_text("#!/bin/sh\necho 'invalid partition' >&2\nexit 1\n")
    with pytest.raises(ValueError, match="sbatch refused: invalid partition"):
        submit(stages, tmp_path / "runs", "--partition=none")


def test_a_machine_without_slurm_is_told(stages: list[Stage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="--slurm needs a machine that submits to SLURM"):
        submit(stages, tmp_path / "runs", "")


def test_the_script_is_one_line_that_a_shell_can_read(cluster: Cluster, stages: list[Stage], tmp_path: Path) -> None:
    submit(stages, tmp_path / "runs", "")
    assert all(call[-2] == "--wrap" and shlex.split(call[-1])[:2] == ["flock", "1;"] for call in cluster.calls)
