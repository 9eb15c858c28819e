"""Which posts a step sees and which of their comments it keeps, from (seed, epoch, post) alone."""

import math
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TypeVar

import lightning as L
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset
from torch.utils.data.distributed import DistributedSampler

T = TypeVar("T")
Key = tuple[int, int]  # (epoch, index of the post); index FILLER for a row that only fills a device's share
FILLER = -1
_STREAMS = 2**32  # seeds and epochs share one word of the generator's key


class GlobalBatches(DistributedSampler[list[Key]]):
    """One device's share of every global batch, so that the number of devices does not change the experiment.

    Yields one list of keys a step, for `BatchLoader(rows, sampler=..., batch_size=None)`. It is a DistributedSampler
    because Lightning replaces any other sampler under DDP, whatever `use_distributed_sampler` says of custom ones, and
    because Lightning then calls `set_epoch`. The share of an incomplete last batch is filled up with `FILLER` keys:
    every device makes the same number of steps with the same number of rows.

    Args:
        size: posts an epoch; indices are 0 ... size - 1.
        batch_size: posts of a step, all devices together.
        seed: with the epoch it fixes the order; at least 0.
        rank: this device, in [0, world).
        world: number of devices.
        shuffle: a new order every epoch; otherwise 0, 1, 2, ...

    Raises:
        ValueError: `batch_size` is not a positive multiple of `world`.
    """

    def __init__(
        self, size: int, batch_size: int, *, seed: int = 0, rank: int = 0, world: int = 1, shuffle: bool = True
    ) -> None:
        if batch_size < 1 or batch_size % world:
            raise ValueError(
                f"batch_size {batch_size} is the global batch and cannot be split evenly over {world} devices; "
                f"use a multiple of {world}, or devices that divide {batch_size}"
            )
        super().__init__(range(size), num_replicas=world, rank=rank, shuffle=shuffle, seed=seed)  # type: ignore[arg-type]
        self.size, self.batch_size, self.world = size, batch_size, world

    def __len__(self) -> int:
        """Steps of an epoch, the same on every device."""
        return math.ceil(self.size / self.batch_size)

    def __iter__(self) -> Iterator[list[Key]]:
        epoch = self.epoch
        order = np.random.default_rng([self.seed, epoch]).permutation(self.size) if self.shuffle else range(self.size)
        for start in range(0, self.size, self.batch_size):
            batch = order[start : start + self.batch_size]
            share = [(epoch, int(index)) for index in batch[self.rank :: self.world]]
            yield share + [(epoch, FILLER)] * (math.ceil(len(batch) / self.world) - len(share))


class WithQueries(GlobalBatches):
    """Labelled posts, and after them the unlabelled posts that were retrieved for them (Section 3.4).

    Args:
        followers: per labelled post the indices of its unlabelled posts.
        batch_size, seed, rank, world: as in GlobalBatches; counted in labelled posts.
    """

    def __init__(
        self, followers: Sequence[Sequence[int]], batch_size: int, *, seed: int = 0, rank: int = 0, world: int = 1
    ) -> None:
        super().__init__(len(followers), batch_size, seed=seed, rank=rank, world=world)
        self.followers = followers

    def __iter__(self) -> Iterator[list[Key]]:
        for keys in super().__iter__():
            labelled = [key for key in keys if key[1] != FILLER]
            yield keys + [(epoch, follower) for epoch, index in labelled for follower in self.followers[index]]


class WithShuffled(GlobalBatches):
    """Labelled posts beside `per_post` times as many unlabelled ones, drawn from all of them (official code).

    Every unlabelled post comes once an epoch; where some queries have fewer than `per_post`, the last steps run short.

    Args:
        size: labelled posts; their indices are 0 ... size - 1.
        batch_size: labelled posts of a step, all devices together.
        unlabelled: unlabelled posts; their indices are size ... size + unlabelled - 1.
        per_post: K, unlabelled posts for each labelled one.
        seed, rank, world: as in GlobalBatches.
    """

    def __init__(
        self,
        size: int,
        batch_size: int,
        *,
        unlabelled: int,
        per_post: int,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        super().__init__(size, batch_size, seed=seed, rank=rank, world=world)
        self.beside = GlobalBatches(unlabelled, per_post * batch_size, seed=seed, rank=rank, world=world)

    def set_epoch(self, epoch: int) -> None:
        super().set_epoch(epoch)
        self.beside.set_epoch(epoch)

    def __iter__(self) -> Iterator[list[Key]]:
        for labelled, unlabelled in zip_longest(super().__iter__(), self.beside, fillvalue=()):
            shifted = [(epoch, index if index == FILLER else self.size + index) for epoch, index in unlabelled]
            yield [*labelled, *shifted]


class BatchLoader(DataLoader[T]):
    """A DataLoader whose workers start with the first batch, not with the iterator.

    When Lightning resumes, it makes the iterator first and calls `set_epoch` afterwards: workers that started with the
    iterator would have fetched their first batches from an epoch before.
    """

    def __iter__(self) -> Iterator[T]:  # type: ignore[override]
        yield from super().__iter__()


def loader(rows: Dataset[T], batches: GlobalBatches, num_workers: int) -> BatchLoader[T]:
    """Rows by the sampler's lists of keys."""
    return BatchLoader(
        rows,
        sampler=batches,
        batch_size=None,  # the sampler yields whole batches
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
        pin_memory=torch.cuda.is_available(),
    )


def device_of(data: L.LightningDataModule) -> tuple[int, int]:
    """This device and the number of them."""
    return (data.trainer.global_rank, data.trainer.world_size) if data.trainer else (0, 1)


def kept_comments(
    present: NDArray[np.bool_], identity: NDArray[np.uint64], epoch: NDArray[np.int64], seed: int, drop: float
) -> NDArray[np.float32]:
    """How often each comment counts after the student's comment drop (Section 3.4).

    Each comment is dropped with probability `drop`, independently; if none is left, one of them, drawn evenly, stays.
    The kept ones are then repeated in their order until the list has N entries again, as in the official code: of k
    kept ones the first N mod k count N // k + 1 times, the others N // k times.
    The generator is counter-based: its key is (seed, epoch, post), so no worker, device or resumption changes a draw.

    Args:
        present: (B, N), the comments there are.
        identity: (B,) `identity_of` each post.
        epoch: (B,), in [0, 2**32).
        seed: in [0, 2**32).
        drop: probability, in [0, 1); the paper's is 0.5.

    Returns:
        (B, N) multiplicities; rows sum to N, rows without comments to 0.
    """
    rows, width = present.shape
    keys = np.stack([np.uint64(seed * _STREAMS) + epoch.astype(np.uint64), identity], axis=1)  # (B, 2)
    raw = [np.random.Philox(key=key).random_raw(width + 1) for key in keys]
    draws = np.array(raw, dtype=np.float64).reshape(rows, width + 1) / 2.0**64  # (B, N + 1) in [0, 1]
    kept = present & (draws[:, :width] >= drop)
    spared = np.floor(draws[:, width] * present.sum(1)).clip(max=present.sum(1) - 1)  # (B,)
    kept |= ~kept.any(1, keepdims=True) & present & (present.cumsum(1) - 1 == spared[:, None])
    count = np.maximum(kept.sum(1, keepdims=True), 1)  # (B, 1)
    times = width // count + (kept.cumsum(1) - 1 < width % count)
    return np.where(kept, times, 0).astype(np.float32)
