"""Mirrors encoders/pooling.py."""

import torch

from encoders.pooling import masked_max, masked_mean


def test_masked_max_by_hand() -> None:
    states = torch.tensor([[[-3.0, 1.0], [-2.0, -5.0], [9.0, 9.0]]])
    assert masked_max(states, torch.tensor([[True, True, False]])).tolist() == [[-2.0, 1.0]]


def test_masked_mean_by_hand() -> None:
    states = torch.tensor([[[-5.0, 1.0], [-2.0, 0.0], [9.0, 9.0]]])
    assert masked_mean(states, torch.tensor([[True, True, False]])).tolist() == [[-3.5, 0.5]]


def test_rows_without_a_position_are_zero_and_move_no_gradient() -> None:
    for pooled in (masked_max, masked_mean):
        states = torch.randn(2, 3, 4, requires_grad=True)
        out = pooled(states, torch.tensor([[True, False, True], [False, False, False]]))
        out.sum().backward()
        assert not out[1].any()
        assert states.grad[0].any()
        assert not states.grad[1].any()
        assert not states.grad[0, 1].any()
