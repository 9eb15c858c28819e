"""Runs stages, each as its own process in its own folder of one store; `experiments.launcher` starts them.

The stage's log is its standard output and its lock: every process of the stage inherits the open file, and the kernel
frees the lock when the last of them dies. So a killed runner leaves no doubt about who writes, an orphan's work counts,
and two runners on one store share the work.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from encoders.atomic import write_json
from experiments.launcher import Launcher, Started
from experiments.stages import Stage, ordered

POLL = 0.05  # seconds between looks at the running stages


class StageFailed(RuntimeError):
    """A stage ended without DONE; the message holds the last line of its log."""


@dataclass
class Running:
    """A stage that some process works on: one that we started, or another runner's."""

    stage: Stage
    log: Path
    started: Started | None
    shown: int  # bytes of the log that were printed


def run_stages(stages: Sequence[Stage], store: Path, jobs: int = 1, say: Callable[[str], None] = print) -> None:
    """Run what is missing, at most `jobs` stages side by side, inputs first.

    Raises:
        StageFailed: names the stage, its log and the log's last line; finished stages stay finished.
    """
    plan = ordered(list(stages))
    todo = [stage for stage in plan if not stage.is_done(store)]
    number = {stage.folder_name: f"[{plan.index(stage) + 1}/{len(plan)}]" for stage in todo}
    running: list[Running] = []
    if jobs > 1:  # threads of stages side by side would wait for each other's cores
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // jobs)))
    if not todo:
        return
    try:
        with Launcher(len(todo)) as launcher:
            while todo or running:
                ready = (stage for stage in todo if _is_ready(stage, store))
                for stage in list(islice(ready, jobs - len(running))):  # looks at no stage while all are busy
                    todo.remove(stage)
                    if not stage.is_done(store):
                        say(f"{number[stage.folder_name]} {stage.folder_name}")
                        running.append(start(stage, store, launcher, say))
                running = [at for at in running if not _has_ended(at, store, launcher, say)]
                time.sleep(POLL)
    except KeyboardInterrupt:
        say("interrupted; the same command goes on where this stopped")
        raise


def start(stage: Stage, store: Path, launcher: Launcher, say: Callable[[str], None] = print) -> Running:
    """Start the stage's process, or watch the one that another runner has started."""
    folder = stage.folder(store)
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log.txt"
    with log.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"  {stage.folder_name} is at work in process {', '.join(holders(log)) or '?'}; waiting for it")
            return Running(stage, log, None, log.stat().st_size)
        shown = log.stat().st_size
        if stage.is_done(store):  # another runner finished it since we looked
            return Running(stage, log, None, shown)
        write_description(stage, store)
        return Running(stage, log, launcher.start(folder, file.fileno()), shown)


def write_description(stage: Stage, store: Path) -> None:
    """Put into the stage's folder what `experiments.stage` reads there."""
    write_json(stage.folder(store) / "stage.json", stage.description(store))


def holders(log: Path) -> list[str]:
    """Process numbers that hold the log open, so that a hung one can be found and ended."""
    found = []
    for link in Path("/proc").glob("[0-9]*/fd/1"):
        try:
            if link.resolve() == log.resolve():
                found.append(link.parts[2])
        except OSError:  # the process is another user's, or has just ended
            continue
    return found


def set_aside(stages: Sequence[Stage], name: str, store: Path, dry_run: bool = False) -> dict[str, Path]:
    """Move the folders of stages called `name`, and of all that read them, out of the way; `--from`.

    Returns:
        folder name -> its new place.
    """
    stale: set[str] = set()
    moved: dict[str, Path] = {}
    for stage in ordered(list(stages)):
        if stage.name == name or any(before.folder_name in stale for before in stage.inputs.values()):
            stale.add(stage.folder_name)
            if stage.folder(store).exists():
                moved[stage.folder_name] = _set_aside(stage.folder(store), store, dry_run)
    return moved


def _set_aside(folder: Path, store: Path, dry_run: bool = False) -> Path:
    aside = store / f"aside-{folder.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    if not dry_run:
        folder.rename(aside)
    return aside


def accept(stages: Sequence[Stage], store: Path, dry_run: bool = False) -> dict[str, str]:
    """Take the newest finished folder of equal settings as each missing stage, after an edit that changes no result.

    Returns:
        folder name of each such stage -> name of the folder that it takes.
    """
    taken: dict[str, str] = {}
    for stage in ordered(list(stages)):
        if stage.is_done(store):
            continue
        wanted = _without_code(stage.description(store), taken)
        for done in sorted(store.glob(f"{stage.name}-*/DONE"), key=lambda path: path.stat().st_mtime, reverse=True):
            if _without_code(json.loads((done.parent / "stage.json").read_text()), taken) == wanted:
                taken[stage.folder_name] = done.parent.name
                if not dry_run:
                    _take(done.parent, stage.folder(store), store)
                break
    return taken


def _take(done: Path, folder: Path, store: Path) -> None:
    if folder.exists():  # an unfinished try
        _set_aside(folder, store)
    os.symlink(done.resolve(), folder, target_is_directory=True)


def _without_code(description: dict[str, Any], taken: dict[str, str]) -> dict[str, Any]:
    """A stage's description without fingerprints of code: inputs by their stage's name alone."""
    names = {role: _settings_chain(Path(path), taken) for role, path in description["inputs"].items()}
    kept = ("name", "function", "settings", "contents")  # where outside files lie is of no matter
    return {key: description.get(key) for key in kept} | {"inputs": names}


def _settings_chain(folder: Path, taken: dict[str, str]) -> object:
    file = folder.with_name(taken.get(folder.name, folder.name)) / "stage.json"
    return _without_code(json.loads(file.read_text()), taken) if file.is_file() else folder.name


def _is_ready(stage: Stage, store: Path) -> bool:
    return all(before.is_done(store) for before in stage.inputs.values())


def _has_ended(at: Running, store: Path, launcher: Launcher, say: Callable[[str], None]) -> bool:
    _show(at, say)
    if not (at.started.has_ended() if at.started else _is_free(at.log)):
        return False
    _show(at, say)
    if at.stage.is_done(store):
        return True
    if at.started is None:  # another runner's stage died: it is ours to start again
        at.__dict__.update(start(at.stage, store, launcher, say).__dict__)
        return False
    lines = [line for line in at.log.read_text(errors="replace").splitlines() if line.strip()] or ["(nothing)"]
    raise StageFailed(f"stage {at.stage.name} failed: {lines[-1]}\n(the whole log: {at.log})")


def _is_free(log: Path) -> bool:
    with log.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _show(at: Running, say: Callable[[str], None]) -> None:
    """Print the whole lines that the stage's log has gained."""
    with at.log.open("rb") as file:
        file.seek(at.shown)
        new = file.read()
    end = new.rfind(b"\n") + 1
    at.shown += end
    for line in new[:end].decode(errors="replace").splitlines():
        if line.strip():
            say(f"  {at.stage.name}: {line}")
