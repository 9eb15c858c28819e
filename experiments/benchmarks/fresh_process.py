"""Memory that a fresh process takes beside what it holds already."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_RUN = """
import sys
from importlib import import_module
module, name = sys.argv[1].split(":")
print(getattr(import_module(module), name)(*sys.argv[2:]))
"""


def gigabytes(function: str, *words: str) -> float | None:
    """What "module:function", given these words in a fresh process, returns in bytes; None where it is not told."""
    command = [sys.executable, "-c", _RUN, function, *words]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(said) / 1e9 if said.strip() != "None" else None


def grown(work: Callable[[], object]) -> int | None:
    """The most bytes that this process ever held, less what it holds before the work; None where no kernel tells."""
    before = _held("VmRSS")
    work()
    most = _held("VmHWM")  # of this process alone; getrusage's begins with what the one that started it held
    return most - before if most is not None and before is not None else None


def _held(name: str) -> int | None:
    status = Path("/proc/self/status")
    lines = status.read_text("utf-8").splitlines() if status.is_file() else []
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), None)
