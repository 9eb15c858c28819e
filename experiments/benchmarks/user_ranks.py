"""Exact ranks among all users: beside the matrix products alone, and the memory that they take."""

import json
from dataclasses import asdict, replace

import torch
from torch import Tensor

from experiments.benchmarks.fresh_process import gigabytes, grown
from experiments.benchmarks.material import Material
from experiments.benchmarks.timelines_network import TimelinesSizes
from experiments.benchmarks.timing import Comparison, Sides, Wanted, alternating
from retrieval.ranks import BLOCK, true_ranks

REPEATS = 2
RANKS = Wanted(most=2)
BLOCKS = 3  # of similarities that may be held at once: one, its comparison, and as much for all else
FEWER = 40  # times fewer users where memory is measured: it is that of blocks


def drawn(sizes: TimelinesSizes, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Queries (Q, D), users (K, D), and each query's user (Q, 1)."""
    draws = torch.Generator().manual_seed(0)
    queries, users = (torch.randn(count, sizes.size, generator=draws) for count in (sizes.queries, sizes.users))
    for vectors in (queries, users):  # in place: no copy would be held beside them
        vectors.div_(torch.linalg.vector_norm(vectors, dim=1, keepdim=True))
    true = torch.randint(0, sizes.users, (sizes.queries, 1), generator=draws)
    return queries.to(device), users.to(device), true.to(device)


def sides(sizes: TimelinesSizes, device: torch.device) -> Sides[Tensor]:
    """Ranks, and the similarities alone, in blocks of the same size; returns the last block of these."""
    queries, users, true = drawn(sizes, device)
    return Sides(lambda: true_ranks(queries, users, true), lambda: products(queries, users))


def products(queries: Tensor, users: Tensor) -> Tensor:
    """Similarities block by block, into memory that is there."""
    step = max(1, BLOCK // len(users))
    block = queries.new_empty(min(step, len(queries)), len(users))
    for part in queries.split(step):
        torch.mm(part, users.T, out=block[: len(part)])
    return block


def memory_of_ranks(sizes: str) -> int | None:
    """In a process of its own: bytes beside queries and users."""
    queries, users, true = drawn(TimelinesSizes(**json.loads(sizes)), torch.device("cpu"))
    return grown(lambda: true_ranks(queries, users, true))


def extra_memory(sizes: TimelinesSizes) -> float | None:
    """Gigabytes that ranks take beside queries and users, in a fresh process on the CPU; None where it is not told."""
    return gigabytes(f"{__name__}:{memory_of_ranks.__name__}", json.dumps(asdict(of_memory(sizes))))


def of_memory(sizes: TimelinesSizes) -> TimelinesSizes:
    """All queries, so that what grows with them is seen, among so few users that it takes seconds."""
    return replace(sizes, queries=sizes.all_queries, users=max(1, sizes.users // FEWER))


def measure(material: Material) -> list[Comparison]:
    """One row."""
    sizes, device = material.sizes.timelines, material.device
    first, second = alternating(sides(sizes, device), REPEATS, device)
    shown = (
        f"{sizes.queries:,} queries, one true user each, {sizes.users:,} users, {sizes.size:,} wide; blocks of "
        f"{BLOCK:,} similarities; best of {REPEATS}"
    )
    note = f"{_sample(sizes)}{_memory(extra_memory(sizes), sizes)}"
    name = "ranks among all users"
    return [Comparison(name, "ranks", "their matrix products alone", shown, first, second, RANKS, note)]


def _sample(sizes: TimelinesSizes) -> str:
    if sizes.queries >= sizes.all_queries:
        return ""
    return (
        f"A sample: {sizes.all_queries:,} queries are {sizes.all_queries / sizes.queries:g} times as many such blocks. "
    )


def _memory(gigabytes: float | None, sizes: TimelinesSizes) -> str:
    if gigabytes is None:
        return ""
    most, all_of_them = (numbers * torch.float32.itemsize / 1e9 for numbers in (BLOCKS * BLOCK, sizes.similarities))
    verdict = "reached" if gigabytes <= most else "missed"
    measured = of_memory(sizes)
    return (
        f"Beside {measured.queries:,} queries and {measured.users:,} users ranks add {gigabytes:.3f} GB to a fresh "
        f"process on the CPU, the most it ever held less what it holds before (at most {BLOCKS} blocks, {most:.3f} GB: "
        f"{verdict}); all similarities to {sizes.users:,} users would be {all_of_them:.0f} GB."
    )
