"""The command line's answer to a plain question."""

import subprocess
import sys

from experiments.benchmarks.material import Material
from experiments.benchmarks.timing import Comparison, Sides, Wanted, alternating

REPEATS = 7  # they are short


def sides() -> Sides[str]:
    """Both as processes of their own; returns what they print."""
    return Sides(lambda: _printed("-m", "experiments.run", "list"), lambda: _printed("-c", "pass"))


def measure(material: Material) -> list[Comparison]:
    """One row."""
    first, second = alternating(sides(), REPEATS, material.device)
    wanted = Wanted(seconds=0.5)
    shown = f"a process each, best of {REPEATS}"
    listing = "`python -m experiments.run list`"
    return [Comparison("start of the command line", listing, "`python -c pass`", shown, first, second, wanted)]


def _printed(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True).stdout
