"""Gated recurrent units over packed sentences (Pins, section 4)."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence


class GatedRecurrentUnit(nn.Module):
    """The paper's cell: the reset gate acts on the state before the matrix product (Eq. 1-4).

    Sentences are packed step by step, longest first, as `torch.nn.utils.rnn` packs them: of N words in all, the first
    `sizes[0]` are the first words of all sentences, the next `sizes[1]` the second words of those that have one.

    Args:
        input_size: E, width of a word's vector.
        hidden_size: H, width of the state.
        gate_bias: b_r and b_u at the start (Section 5.1: 1.0).
    """

    def __init__(self, input_size: int, hidden_size: int, gate_bias: float = 1.0) -> None:
        super().__init__()
        # rows: reset gate, update gate, candidate; W of the equations is [of_word, of_state]
        self.of_word = nn.Parameter(torch.empty(3 * hidden_size, input_size).uniform_(-0.05, 0.05))
        self.of_state = nn.Parameter(torch.empty(3 * hidden_size, hidden_size).uniform_(-0.05, 0.05))
        self.bias = nn.Parameter(gate_biases(hidden_size, gate_bias))

    def forward(self, words: Tensor, sizes: list[int], state: Tensor) -> Tensor:
        """Map packed words (N, E) and first states (B, H), longest sentence first, to packed states (N, H)."""
        weights = self.of_word, self.of_state, self.bias
        with torch.autocast(words.device.type, enabled=False):  # its backward pass knows no mixed precision
            states: Tensor = _Unrolled.apply(words.to(self.bias.dtype), state.to(self.bias.dtype), *weights, sizes)
        return states


class ResetAfterGRU(nn.Module):
    """`torch.nn.GRU`, whose reset gate acts after the matrix product: another function than the paper's.

    Args:
        input_size, hidden_size, gate_bias: as in GatedRecurrentUnit.
    """

    def __init__(self, input_size: int, hidden_size: int, gate_bias: float = 1.0) -> None:
        super().__init__()
        self.gru = nn.GRU(input_size, hidden_size)
        own = dict(self.gru.named_parameters())
        with torch.no_grad():  # of its two biases the second stays 0: their sum counts, for the gates
            own["bias_ih_l0"].copy_(gate_biases(hidden_size, gate_bias))
            own["bias_hh_l0"].zero_()

    def forward(self, words: Tensor, sizes: list[int], state: Tensor) -> Tensor:
        """As GatedRecurrentUnit."""
        packed, _ = self.gru(PackedSequence(words, torch.tensor(sizes)), state[None].to(words.dtype))
        return packed.data


def gate_biases(hidden_size: int, value: float) -> Tensor:
    """(3 H,): the value for both gates, 0 for the candidate."""
    return torch.cat([torch.full((2 * hidden_size,), value), torch.zeros(hidden_size)])


class _Unrolled(torch.autograd.Function):
    """All steps of the cell. Backwards, what need not wait for the step after is computed for all steps at once."""

    @staticmethod
    def forward(
        ctx: Any, words: Tensor, state: Tensor, of_word: Tensor, of_state: Tensor, bias: Tensor, sizes: list[int]
    ) -> Tensor:
        width = state.shape[1]
        before, reset, states = (words.new_empty(len(words), width) for _ in range(3))  # h_{t-1}, r * h_{t-1}, h_t
        gates = torch.addmm(bias, words, of_word.T)  # (N, 3 H): what the word adds to r, u, c
        of_gates, of_candidate = of_state[: 2 * width].T, of_state[2 * width :].T
        ctx.first = len(state)
        steps = (each.split(sizes) for each in (gates, before, reset, states))
        for size, gate, h, rh, out in zip(sizes, *steps, strict=True):
            h.copy_(state[:size])
            r, u = gate[:, : 2 * width].addmm_(h, of_gates).sigmoid_().split(width, dim=1)  # Eq. 1-2
            torch.mul(r, h, out=rh)
            c = gate[:, 2 * width :].addmm_(rh, of_candidate).tanh_()  # Eq. 3
            state = torch.lerp(c, h, u, out=out)  # Eq. 4: u h_{t-1} + (1 - u) c
        ctx.save_for_backward(words, of_word, of_state, gates, before, reset)
        ctx.sizes = sizes
        return states

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        words, of_word, of_state, gates, before, reset = ctx.saved_tensors
        width, sizes = before.shape[1], ctx.sizes
        r, u, c = gates.split(width, dim=1)
        # of what stands within the brackets of Eq. 1-3: slopes first, gradients once they are multiplied
        inner = torch.cat([before * r * (1 - r), (before - c) * u * (1 - u), (1 - u) * (1 - c * c)], dim=1)  # (N, 3 H)
        state = before.new_zeros(ctx.first, width)  # gradient of h_t, from the steps after it
        steps = [each.split(sizes) for each in (gradients[0], r, u, inner)]
        for of_h, r_t, u_t, of_inner in zip(*(reversed(each) for each in steps), strict=True):
            of_r, of_u, of_c = of_inner.split(width, dim=1)
            at = state[: len(of_h)].add_(of_h)
            of_u.mul_(at)
            product = of_c.mul_(at) @ of_state[2 * width :]  # gradient of r * h_{t-1}
            of_r.mul_(product)
            at.mul_(u_t).addcmul_(product, r_t).addmm_(of_inner[:, : 2 * width], of_state[: 2 * width])
        of_gates, of_candidates = inner[:, : 2 * width].T @ before, inner[:, 2 * width :].T @ reset
        return inner @ of_word, state, inner.T @ words, torch.cat([of_gates, of_candidates]), inner.sum(0), None
