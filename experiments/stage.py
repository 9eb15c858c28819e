"""`python -m experiments.stage FOLDER`: run the one stage that the folder describes.

Started by `experiments.launcher` (or a cluster's job), under the folder's lock; Lightning's own starts it again
for every further device.
"""

import json
import os
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from experiments.sources import class_paths, source_digest


@dataclass(frozen=True)
class Job:
    """What a stage's function is given.

    Args:
        folder: where it writes; kept between tries, so that it can go on.
        settings: plain values, as planned.
        inputs: role -> folder of a finished stage.
        files: role -> outside file or folder.
        free: devices, workers, loggers.
    """

    folder: Path
    settings: dict[str, Any]
    inputs: dict[str, Path]
    files: dict[str, Path]
    free: dict[str, Any]

    @property
    def folders(self) -> dict[str, Path]:
        """What "{role}" stands for: the folder of a stage, or the prepared posts in it, or the outside folder."""
        made = {role: path / "posts" if (path / "posts").is_dir() else path for role, path in self.inputs.items()}
        return {**self.files, **made}

    @property
    def device(self) -> str:
        """The accelerator that the trainer would take, "cuda" or "cpu"; stages without a trainer use one of it."""
        import torch

        wanted = self.free["trainer"].get("accelerator", "auto")
        return "cuda" if wanted in ("auto", "gpu", "cuda") and torch.cuda.is_available() else "cpu"


def job_of(folder: Path, plan: dict[str, Any]) -> Job:
    """A planned stage (`Stage.description`) as a job in some folder."""
    paths = {role: {key: Path(path) for key, path in plan[role].items()} for role in ("inputs", "files")}
    return Job(folder, plan["settings"], paths["inputs"], paths["files"], plan["free"])


def main(folder: Path) -> None:
    """Run the stage and leave `DONE.part`, which the calling process renames to `DONE`.

    Raises:
        RuntimeError: the project's code changed between the plan and this start.
    """
    plan = json.loads((folder / "stage.json").read_text())
    module, name = plan["function"].split(":")
    sources = source_digest(module, *class_paths(plan["settings"]))
    if sources != plan["sources"]:
        raise RuntimeError(f"{folder}: the code was edited after the plan was made; start the command again")
    start = time.time()
    getattr(import_module(module), name)(job_of(folder, plan))
    if os.environ.get("LOCAL_RANK", "0") == "0" and os.environ.get("NODE_RANK", "0") == "0":
        facts = {"seconds": round(time.time() - start, 1), "finished": time.strftime("%Y-%m-%d %H:%M:%S")}
        (folder / "DONE.part").write_text(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
