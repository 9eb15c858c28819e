"""Negatives of an epoch (Emotion, Eq. 13): drawn for all posts at once, or post by post."""

import numpy as np
from numpy.typing import NDArray

from datamodules.modal_rows import OtherClasses
from experiments.benchmarks.emotion_posts import CLASSES, NEGATIVES
from experiments.benchmarks.material import Material
from experiments.benchmarks.timing import Comparison, Sides, alternating


def one_by_one(
    label: NDArray[np.int64], usable: NDArray[np.bool_], rng: np.random.Generator, g: int
) -> NDArray[np.int64]:
    """For each post g usable posts of other classes, (E, g)."""
    others = [np.flatnonzero(usable & (label != number)) for number in range(len(CLASSES))]
    return np.stack([rng.choice(others[number], g) for number in label])


def labelled(posts: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Random classes (E,), and which posts have a text to draw (E,): nine of ten."""
    rng = np.random.default_rng(0)
    return rng.integers(0, len(CLASSES), posts), rng.random(posts) < 0.9


def sides(posts: int) -> Sides[NDArray[np.int64]]:
    """Both ways on the same posts; returns (E, g), not the same draws."""
    label, usable = labelled(posts)
    others = OtherClasses.of(label, usable)
    return Sides(
        lambda: one_by_one(label, usable, np.random.default_rng(0), NEGATIVES),
        lambda: others.draw(np.random.default_rng(0), NEGATIVES),
    )


def measure(material: Material) -> list[Comparison]:
    """One row; both sides run on the CPU."""
    sizes = material.sizes
    first, second = alternating(sides(sizes.emotion_posts), sizes.repeats, material.device)
    shown = f"{sizes.emotion_posts:,} posts of {len(CLASSES)} classes, g = {NEGATIVES}; NumPy on the CPU"
    note = "Once an epoch; both draw evenly from all posts of other classes, but not the same ones."
    return [Comparison("negatives of an epoch", "loop over posts", "at once", shown, first, second, note=note)]
