"""Pins' recurrent unit, whose reset gate acts before the matrix product, beside `torch.nn.GRU`, where it acts after."""

from collections.abc import Callable
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from experiments.benchmarks.material import Material
from experiments.benchmarks.pins_network import PinsSizes
from experiments.benchmarks.timing import Comparison, Sides, Wanted, alternating
from lightning_modules.gru import GatedRecurrentUnit

REPEATS = 10
SHORTEST, LONGEST = 4, 20  # words that are read of a sentence, where lengths differ
ON_CPU = Wanted(most=1.10)
Found = tuple[Tensor, Tensor]  # states (N, H) and gradients of words' vectors (N, E)


def full(sizes: PinsSizes) -> list[int]:
    """Sentences that have so many words, word by word: all of them."""
    return [sizes.batch] * (sizes.length + 1)


def drawn(sizes: PinsSizes) -> list[int]:
    """The same for lengths that are drawn evenly."""
    lengths = np.random.default_rng(0).integers(SHORTEST, LONGEST, sizes.batch, endpoint=True)
    return [int((lengths > place).sum()) for place in range(lengths.max())]


def cells(sizes: PinsSizes, device: torch.device, reset_bias: float = 1.0) -> tuple[GatedRecurrentUnit, nn.GRU]:
    """Both with the same weights; with a high bias of the reset gates, which it opens, they compute the same."""
    torch.manual_seed(0)
    ours, theirs = GatedRecurrentUnit(sizes.embedding, sizes.state), nn.GRU(sizes.embedding, sizes.state)
    with torch.no_grad():
        ours.bias[: sizes.state] = reset_bias
        own = (ours.of_word, ours.of_state, ours.bias, torch.zeros_like(ours.bias))
        for to, value in zip(theirs.parameters(), own, strict=True):
            to.copy_(value)
    return ours.to(device), theirs.to(device)


def sides(sizes: PinsSizes, steps: list[int], device: torch.device, reset_bias: float = 1.0) -> Sides[Found]:
    """Forwards and backwards on the same words; `torch.nn.GRU` has them padded where all sentences are as long."""
    ours, theirs = cells(sizes, device, reset_bias)
    words, first, wanted = (
        torch.randn(rows, width).to(device)
        for rows, width in ((sum(steps), sizes.embedding), (steps[0], sizes.state), (sum(steps), sizes.state))
    )
    packed, even = torch.tensor(steps), len(set(steps)) == 1

    def of_theirs(given: Tensor) -> Tensor:
        if even:
            states: Tensor = theirs(given.view(len(steps), steps[0], -1), first[None])[0]
            return states.flatten(0, 1)
        return theirs(PackedSequence(given, packed), first[None])[0].data

    def both_ways(states_of: Callable[[Tensor], Tensor]) -> Found:
        ours.zero_grad()
        theirs.zero_grad()
        given = words.clone().requires_grad_()
        states = states_of(given)
        states.backward(wanted)
        return states.detach(), cast(Tensor, given.grad)

    return Sides(lambda: both_ways(lambda given: ours(given, steps, first)), lambda: both_ways(of_theirs))


def measure(material: Material) -> list[Comparison]:
    """Sentences of one length, and of several."""
    sizes = material.sizes.pins
    lengths = {f"{sizes.length + 1} words each": full(sizes), f"{SHORTEST} to {LONGEST} words": drawn(sizes)}
    return [_compared(material, name, steps) for name, steps in lengths.items()]


def _compared(material: Material, name: str, steps: list[int]) -> Comparison:
    sizes, device = material.sizes.pins, material.device
    first, second = alternating(sides(sizes, steps, device), REPEATS, device)
    shown = (
        f"{steps[0]} sentences, vectors {sizes.embedding} wide, state {sizes.state}; forwards and backwards; best of "
        f"{REPEATS}"
    )
    wanted = ON_CPU if device.type == "cpu" else Wanted()
    return Comparison(f"recurrent unit, {name}", "the paper's", "`torch.nn.GRU`", shown, first, second, wanted)
