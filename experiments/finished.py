"""Finished stages and those that they come from, as they were planned. Imports no torch."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from experiments.stage import Job, job_of
from experiments.stages import Stage
from experiments.wiring import filled

# Stages that number words, pictures or users, which is what the rows of a model's weights stand for.
NUMBERING = ("timelines", "sentences", "word_vectors")


def check_numbering(checkpoint: Path, stage: Stage, store: Path) -> None:
    """See that a checkpoint is used with the words and users that it was trained on.

    Only one that lies in its run's folder tells them.

    Raises:
        ValueError: it was trained on others; names both folders.
    """
    own = next((folder for folder in checkpoint.absolute().parents[:2] if (folder / "stage.json").is_file()), None)
    trained = {} if own is None else stage_of(own).inputs
    for role in NUMBERING:
        if role in trained and role in stage.inputs:
            given = stage.inputs[role].folder(store)
            if trained[role].resolve().name != given.resolve().name:
                raise ValueError(
                    f"{checkpoint}: trained on {trained[role]}, but these settings give {given}, which numbers words "
                    "and users in another way; repeat the settings that it was trained with"
                )


def stage_of(folder: Path) -> Job:
    """A finished stage as it was planned, its inputs beside it in the store, wherever that lies now.

    Raises:
        FileNotFoundError: it is none.
    """
    path = folder / "stage.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no stage; give the folder of a finished one")
    plan = json.loads(path.read_text("utf-8"))
    inputs = {role: str(folder.parent / Path(other).name) for role, other in plan["inputs"].items()}
    return job_of(folder, plan | {"inputs": inputs})


def settings_of(folder: Path) -> dict[str, Any]:
    """A finished stage's settings, with folders for roles."""
    job = stage_of(folder)
    found: dict[str, Any] = filled(job.settings, job.folders)
    return found


def settings_above(folder: Path, name: str) -> dict[str, Any]:
    """Settings of the stage of that name that a finished one comes from.

    Raises:
        ValueError: it comes from none.
    """
    stages = {found.name.rsplit("-", 1)[0]: found for found in _above(folder)}
    if name not in stages:
        raise ValueError(f"{folder}: no stage {name!r} is among those that it comes from: {', '.join(stages)}")
    return settings_of(stages[name])


def _above(folder: Path) -> Iterator[Path]:
    """The stages that one comes from, nearest first in each line."""
    for found in stage_of(folder).inputs.values():
        yield found
        yield from _above(found)
