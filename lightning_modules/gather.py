"""Rows of all devices, with gradients."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, distributed


class Gathered(NamedTuple):
    """K parts of all devices, each in order of rank."""

    parts: list[Tensor]  # K of (n, ...)
    sizes: list[list[int]]  # by rank, K numbers of rows each


def gather_rows(parts: Sequence[Tensor]) -> Gathered:
    """Join each part's rows of all devices, which may bring different numbers of them; on one device they stay.

    The parts have the same width and type. All go through one exchange, and so do their gradients: a row's is the sum
    of those that it gets on every device. Every device must call this, and backward through it, equally often.
    """
    own = [len(part) for part in parts]
    if not (distributed.is_available() and distributed.is_initialized()) or distributed.get_world_size() == 1:
        return Gathered(list(parts), [own])
    device = parts[0].device
    counts = [torch.zeros(len(own), dtype=torch.int64, device=device) for _ in range(distributed.get_world_size())]
    distributed.all_gather(counts, torch.tensor(own, device=device))
    sizes = [count.tolist() for count in counts]
    joint = _Gather.apply(torch.cat(list(parts)), [sum(each) for each in sizes])
    pieces = joint.split([size for each in sizes for size in each])
    return Gathered([torch.cat(pieces[part :: len(parts)]) for part in range(len(parts))], sizes)


class _Gather(torch.autograd.Function):
    """Rows (n, ...) of this device -> those of all, in order of rank."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, sizes: list[int]) -> Tensor:
        start = sum(sizes[: distributed.get_rank()])
        ctx.own = slice(start, start + len(rows))
        padded = rows.new_zeros(max(sizes), *rows.shape[1:])  # all_gather takes equal shapes only
        padded[: len(rows)] = rows
        found = [torch.empty_like(padded) for _ in sizes]
        distributed.all_gather(found, padded)
        return torch.cat([each[:size] for each, size in zip(found, sizes, strict=True)])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        total = gradients[0].clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total[ctx.own], None


class Dealt(NamedTuple):
    """Rows of all devices, counted by rank, in the order of the batch that was dealt to the devices in turns."""

    order: Tensor  # (B,) int64
    own: Tensor  # (b,) int64; where in this order the rows of this device are


def dealt(sizes: Sequence[int], device: torch.device) -> Dealt:
    """Find the order of the joint batch: the devices' first rows, their second rows, ..., given each one's number."""
    turn = torch.cat([torch.arange(size, device=device) for size in sizes])
    rank = torch.arange(len(sizes), device=device).repeat_interleave(torch.tensor(sizes, device=device))
    order = (turn * len(sizes) + rank).argsort()
    here = distributed.get_rank() if len(sizes) > 1 else 0
    return Dealt(order, (rank[order] == here).nonzero().squeeze(1))
