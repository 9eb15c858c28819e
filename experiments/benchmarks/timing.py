"""Two ways to compute the same, timed in turns."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch

Result = TypeVar("Result")


@dataclass(frozen=True)
class Sides(Generic[Result]):
    """Two functions that return the same; what the second saves is what is measured."""

    first: Callable[[], Result]
    second: Callable[[], Result]


@dataclass(frozen=True)
class Wanted:
    """What a measurement should reach; None is not asked for."""

    least: float | None = None  # ratio
    most: float | None = None  # ratio
    seconds: float | None = None  # of the first side


@dataclass(frozen=True)
class Comparison:
    """A row of the page.

    Args:
        name: what is computed.
        first: the first side in a few words.
        second: the second side.
        sizes: how much was computed, of what.
        first_seconds: of the first side.
        second_seconds: of the second side.
        wanted: what it should reach.
        note: what a reader should know to judge the ratio.
    """

    name: str
    first: str
    second: str
    sizes: str
    first_seconds: float
    second_seconds: float
    wanted: Wanted = Wanted()
    note: str = ""

    @property
    def ratio(self) -> float:
        """First side's time over the second's."""
        return self.first_seconds / self.second_seconds

    @property
    def verdict(self) -> str:
        """What was wanted and whether it is reached; empty where nothing was."""
        wanted = self.wanted
        if wanted.least is not None:
            return f"at least {wanted.least:g}: {_word(self.ratio >= wanted.least)}"
        if wanted.most is not None:
            return f"at most {wanted.most:g}: {_word(self.ratio <= wanted.most)}"
        if wanted.seconds is not None:
            return f"first below {wanted.seconds:g} s: {_word(self.first_seconds < wanted.seconds)}"
        return ""


def alternating(sides: Sides, repeats: int, device: torch.device) -> tuple[float, float]:
    """Best seconds of both sides out of `repeats` turns each; who begins changes, so that noise hits both alike."""
    seconds: dict[Callable, list[float]] = {sides.first: [], sides.second: []}
    for turn in range(repeats):
        order = (sides.first, sides.second) if turn % 2 == 0 else (sides.second, sides.first)
        for side in order:
            begun = now(device)
            side()
            seconds[side].append(now(device) - begun)
    return min(seconds[sides.first]), min(seconds[sides.second])


def now(device: torch.device) -> float:
    """Seconds on a clock, after all that was given to the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def _word(reached: bool) -> str:
    return "reached" if reached else "missed"
