"""Mirrors lightning_modules/distances.py."""

import math
from collections.abc import Callable

import pytest
import torch

from lightning_modules.distances import cosine_distance, euclidean, squared_euclidean

DISTANCES = [squared_euclidean, euclidean, cosine_distance]


def squared_by_hand(one: list[float], other: list[float]) -> float:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def cosine_by_hand(one: list[float], other: list[float]) -> float:
    product = sum(a * b for a, b in zip(one, other, strict=True))
    return 1 - product / (math.hypot(*one) * math.hypot(*other))


@pytest.mark.parametrize(
    ("distance", "by_hand"), zip(DISTANCES, (squared_by_hand, math.dist, cosine_by_hand), strict=True)
)
def test_a_distance_is_that_of_two_lists_of_numbers(distance: Callable, by_hand: Callable) -> None:
    one, other = torch.randn(2, 5, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = [
        [by_hand(a, b) for a, b in zip(*rows, strict=True)] for rows in zip(one.tolist(), other.tolist(), strict=True)
    ]
    found = distance(one, other)
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))
    torch.testing.assert_close(distance(other, one), found)


@pytest.mark.parametrize("distance", DISTANCES)
def test_any_axes_before_the_last_are_broadcast(distance: Callable) -> None:
    one, other = torch.randn(5, 1, 4), torch.randn(3, 4)
    assert distance(one, other).shape == (5, 3)


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_equal_vectors_are_at_0_with_a_finite_gradient(distance: Callable, scale: float) -> None:
    one, other = ((scale * torch.ones(6, 4)).requires_grad_() for _ in range(2))
    found = distance(one, other)
    found.sum().backward()
    assert one.grad.isfinite().all()
    assert other.grad.isfinite().all()
    if scale or distance is not cosine_distance:  # a zero vector has no direction
        torch.testing.assert_close(found, torch.zeros(6), rtol=0, atol=1e-5)


def test_the_guard_at_0_moves_no_other_distance() -> None:
    one = torch.tensor([1e-3, 0.0], dtype=torch.float64)
    torch.testing.assert_close(euclidean(one, one * 0).item(), 1e-3, rtol=1e-6, atol=0)
