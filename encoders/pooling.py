"""Rows pooled over the positions that are there."""

from torch import Tensor, finfo


def masked_max(states: Tensor, mask: Tensor) -> Tensor:
    """Largest value per dimension over the True positions: (S, T, H), (S, T) -> (S, H); zero where there is none."""
    largest = states.masked_fill(~mask.unsqueeze(-1), finfo(states.dtype).min).amax(1)  # (S, H)
    return largest.masked_fill(~mask.any(1, keepdim=True), 0.0)


def masked_mean(states: Tensor, mask: Tensor) -> Tensor:
    """Mean per dimension over the True positions: (S, T, H), (S, T) -> (S, H); zero where there is none."""
    weight = mask.unsqueeze(-1).to(states.dtype)  # (S, T, 1)
    return (states * weight).sum(1) / weight.sum(1).clamp(min=1)
