"""Distances between vectors that may be a model's choice."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

Distance = Callable[[Tensor, Tensor], Tensor]  # (..., K), (..., K) -> (...)


def squared_euclidean(one: Tensor, other: Tensor) -> Tensor:
    """|a - b|^2 over the last axis."""
    return (one - other).square().sum(-1)


def euclidean(one: Tensor, other: Tensor) -> Tensor:
    """|a - b| over the last axis, with a finite gradient at 0."""
    return (squared_euclidean(one, other) + 1e-12).sqrt()


def cosine_distance(one: Tensor, other: Tensor) -> Tensor:
    """1 - cos(a, b) over the last axis, in [0, 2]."""
    return 1 - F.cosine_similarity(one, other, dim=-1)
