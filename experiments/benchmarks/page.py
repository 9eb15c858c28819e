"""`docs/benchmarks.md`: one section a device, the others' kept."""

import os
import platform
import re
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from experiments.benchmarks.timing import Comparison
from experiments.documents import Block, Document, markdown, save

TITLE = "Benchmarks"
INTRO = (
    "Written by `make bench` (`python -m experiments.bench`). Both sides of a row compute the same "
    "(`tests/experiments/test_bench.py`) and are timed in turns in one process, so that a busy machine hits both; a "
    "time is the best of its turns unless the list says otherwise. The ratio is the first time over the second."
)
NO_GPU = "**Figures of a GPU wait for a machine that has one: the same command measures there and adds its section.**"
HEADER = ["measurement", "first / second", "first", "second", "ratio", "wanted"]


def device_name(device: torch.device) -> str:
    """What a section is called: the card, or the CPU's model and how many cores there are."""
    if device.type == "cuda":
        return f"GPU: {torch.cuda.get_device_name(device)}"
    return f"CPU: {cpu_model()}, {cores()} cores"


def cpu_model() -> str:
    """The processor's name, as the kernel tells it."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", info.read_text()) if info.is_file() else None
    return found[1].strip() if found else platform.processor() or platform.machine()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def write(path: Path, device: str, command: str, comparisons: Sequence[Comparison]) -> None:
    """Write the page, whole or not at all, with this device's section anew and those of others as they were."""
    own = f"## {device}"
    text = markdown(Document(TITLE, [], [_block(device, command, comparisons)]))
    kept = [section for section in _sections(path) if section.splitlines()[0] != own]
    sections = sorted([text[text.index(own) :].strip(), *kept])
    lacking = [] if any(section.startswith("## GPU: ") for section in sections) else [NO_GPU]
    save("\n\n".join([f"# {TITLE}", INTRO, *lacking, *sections]) + "\n", path)


def _block(device: str, command: str, comparisons: Sequence[Comparison]) -> Block:
    lines = [
        [
            row.name,
            f"{row.first} / {row.second}",
            _time(row.first_seconds),
            _time(row.second_seconds),
            f"{row.ratio:.2f}",
            row.verdict,
        ]
        for row in comparisons
    ]
    facts = (
        f"{time.strftime('%Y-%m-%d')}, CPU {cpu_model()}, {cores()} cores, torch {torch.__version__} with "
        f"{torch.get_num_threads()} threads, `{command}`."
    )
    details = "\n".join(f"- {row.name}: {row.sizes}. {row.note}".rstrip() for row in comparisons)
    return Block(device, HEADER, lines, [facts, details])


def _sections(path: Path) -> list[str]:
    text = path.read_text("utf-8") if path.is_file() else ""
    return [part.strip() for part in re.split(r"(?m)^(?=## )", text)[1:]]


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"
