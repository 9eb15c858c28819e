"""A stage: one process, one folder, known by what it reads.

Nothing here imports torch, so that a plan is made and compared in a blink.
"""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from experiments.sources import class_paths, source_digest

SMALL_FILE = 256 * 2**20  # bytes; larger files are known by size and time, not by content


@dataclass(frozen=True)
class Stage:
    """One step of an experiment and all that its result depends on.

    Args:
        name: what it does; first part of its folder's name.
        function: "package.module:function", called as function(job) with an `experiments.stage.Job`.
        settings: plain values that the function reads; part of the fingerprint.
        inputs: role -> the stage whose folder is read; part of the fingerprint by their fingerprints.
        files: role -> outside file or folder that is read; part of the fingerprint by content, not by path.
        free: devices, workers, loggers: what the function reads but no result depends on.
    """

    name: str
    function: str
    settings: dict[str, Any] = field(default_factory=dict)
    inputs: "dict[str, Stage]" = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    free: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def sources(self) -> str:
        """Digest of the project's own code that the stage runs."""
        return source_digest(self.function.split(":")[0], *class_paths(self.settings))

    @cached_property
    def fingerprint(self) -> str:
        """12 hexadecimal digits over settings, inputs, files and sources."""
        content = {
            "function": self.function,
            "settings": self.settings,
            "inputs": {role: stage.fingerprint for role, stage in self.inputs.items()},
            "files": {role: content_digest(Path(path)) for role, path in self.files.items()},
            "sources": self.sources,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def folder_name(self) -> str:
        return f"{self.name}-{self.fingerprint}"

    def folder(self, store: Path) -> Path:
        return store / self.folder_name

    def is_done(self, store: Path) -> bool:
        return (self.folder(store) / "DONE").exists()

    def description(self, store: Path) -> dict[str, Any]:
        """What `experiments.stage` needs to run it, as plain values."""
        return {
            "name": self.name,
            "function": self.function,
            "settings": self.settings,
            "inputs": {role: str(stage.folder(store)) for role, stage in self.inputs.items()},
            "files": self.files,
            "contents": {role: content_digest(Path(path)) for role, path in self.files.items()},
            "free": self.free,
            "sources": self.sources,
        }


def ordered(stages: list[Stage]) -> list[Stage]:
    """Every stage once, inputs first, whatever rows they come from."""
    found: dict[str, Stage] = {}

    def visit(stage: Stage) -> None:
        if stage.folder_name not in found:
            for before in stage.inputs.values():
                visit(before)
            found[stage.folder_name] = stage

    for stage in stages:
        visit(stage)
    return list(found.values())


def content_digest(path: Path) -> str:
    """Digest of a file, or of what a prepared folder says of itself, or of a folder's files.

    Raises:
        FileNotFoundError: there is no such file; says what the settings expected there.
    """
    if path.is_dir():
        # of a prepared data set not the pictures, which may be many
        inside = ("dataset.json", "posts/*", "splits/*") if (path / "dataset.json").is_file() else ("**/*",)
        files = sorted(file for pattern in inside for file in path.glob(pattern) if file.is_file())
        parts = [f"{file.relative_to(path)} {_file_digest(file)}" for file in files]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file or folder; the experiment's settings name it")
    return _file_digest(path)


_digests: dict[tuple[str, int, int], str] = {}  # (path, size, time) -> digest, read once a process


def _file_digest(path: Path) -> str:
    stat = path.stat()
    key = (str(path), stat.st_size, stat.st_mtime_ns)
    if stat.st_size > SMALL_FILE:
        return f"{stat.st_size} {stat.st_mtime_ns}"
    if key not in _digests:
        with path.open("rb") as file:
            _digests[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return _digests[key]
