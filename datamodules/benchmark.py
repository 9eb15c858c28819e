"""A benchmark as one task sees it: the parts of a split and the posts' classes. Imports no torch."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from datamodules.posts import Posts

Part = Literal["train", "validation", "test", "unlabelled"]
UNLABELLED = -100  # as `encoders.batches`, which imports torch


class Benchmark:
    """Posts of one task, in the parts of a split.

    Args:
        folder: prepared data set.
        task: which of its labels.
        protocol: which split; the published one is `paper`.

    Raises:
        FileNotFoundError: the folder holds no prepared data set.
    """

    def __init__(self, folder: Path | str, task: str, protocol: str = "paper") -> None:
        self.folder, self.task, self.protocol = Path(folder), task, protocol

    @property
    def classes(self) -> list[str]:
        """C class names, in the order of the labels."""
        return self.posts.classes(self.task)

    def ids(self, part: Part) -> list[str]:
        """Post ids of a part; training posts without a label are left out."""
        if part not in self.parts:
            raise ValueError(f"{self.folder}: split {self.protocol!r} has no part {part!r}, only {[*self.parts]}")
        ids = self.parts[part]
        if part != "train":
            return ids
        labelled = [post for post in ids if post in self.labels]
        if not labelled:
            raise ValueError(f"{self.folder}: no training post has a label of task {self.task!r}")
        return labelled

    def gold(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Class of each post, UNLABELLED where it has none."""
        return np.array([self.labels.get(post, UNLABELLED) for post in ids], dtype=np.int64)

    def shares(self) -> NDArray[np.float32]:
        """Share of each class among the training posts, (C,): what is said of a post that shows nothing."""
        learned = self.gold(self.ids("train"))
        return (np.bincount(learned, minlength=len(self.classes)) / len(learned)).astype(np.float32)

    @cached_property
    def posts(self) -> Posts:
        return Posts(self.folder)

    @cached_property
    def parts(self) -> dict[str, list[str]]:
        """Ids of each part."""
        return self.posts.split(self.protocol)

    @cached_property
    def labels(self) -> dict[str, int]:
        """Class of each labelled post."""
        return self.posts.labels(self.task)
