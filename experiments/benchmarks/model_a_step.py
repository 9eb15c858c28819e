"""A whole step of Pins' model A: beside its matrix products alone, and the share of the tables' update."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from encoders.batches import PackedSentences
from experiments.benchmarks.material import Material
from experiments.benchmarks.pins_network import PinsNetwork, PinsSizes
from experiments.benchmarks.timing import Comparison, Sides, Wanted, alternating
from experiments.benchmarks.training import words_trainee

REPEATS = 10
STEP, UPDATE = Wanted(most=1.6), Wanted(most=0.05)


class Product(NamedTuple):
    """(rows, inner) times (inner, columns)."""

    rows: int
    inner: int
    columns: int

    @property
    def operations(self) -> int:
        """Multiplications and additions."""
        return 2 * self.rows * self.inner * self.columns


def products(sizes: PinsSizes, batch: PackedSentences) -> list[Product]:
    """What a step must multiply, forwards and backwards; bits have no gradients."""
    words, sentences = len(batch.words), len(batch.last)  # N, B
    width, state, negatives = sizes.embedding, sizes.state, sizes.negatives  # E, H, S
    both_ways = [
        Product(words, width, 3 * state),  # what words add to gates and candidate
        Product(words, state, width),  # `to_words`
        Product(words, width, negatives),  # logits
    ]
    found = [Product(sentences, sizes.bits, state), Product(state, sentences, sizes.bits)]  # ReLU(W_I f_I)
    for one in both_ways:
        found += [one, Product(one.rows, one.columns, one.inner), Product(one.inner, one.rows, one.columns)]
    for size in batch.sizes:  # a step waits for the one before it
        found += [Product(size, state, 2 * state), Product(size, state, state)]  # gates, candidate
        found += [Product(size, 2 * state, state), Product(size, state, state)]  # gradients of states
    return [*found, Product(2 * state, words, state), Product(state, words, state)]  # gradients of their weights


def multiplied(listed: list[Product], device: torch.device) -> Callable[[], None]:
    """All products after one another, into memory that is there; those of one shape work on the same numbers."""
    draws = torch.Generator().manual_seed(0)
    made = {
        one: [torch.randn(shape, generator=draws).to(device) for shape in (one[:2], one[1:], one[::2])]
        for one in set(listed)
    }

    def run() -> None:
        for one in listed:
            left, right, out = made[one]
            torch.mm(left, right, out=out)

    return run


def sides(network: PinsNetwork, device: torch.device) -> Sides[object]:
    """A step, and its products alone; returns the loss, and nothing."""
    own = words_trainee(network.embeddings().to(device))
    batch = own.moved(network.batch)
    return Sides(lambda: own.step(batch), multiplied(products(network.sizes, network.batch), device))


def of_tables(network: PinsNetwork, device: torch.device) -> Sides[object]:
    """The optimiser's step for the tables alone, with the gradients that they have, and a whole step."""
    model = network.embeddings().to(device)
    own = words_trainee(model)
    batch = own.moved(network.batch)
    own.step(batch)
    tables = [part.weight for part in model.modules() if isinstance(part, nn.Embedding)]
    return Sides(torch.optim.SGD(tables, model.lr).step, lambda: own.step(batch))


def measure(material: Material) -> list[Comparison]:
    """Two rows."""
    network, device = material.pins, material.device
    sizes, steps = network.sizes, network.batch.sizes
    shown = (
        f"{sizes.words:,} words, {sizes.embedding} wide; state {sizes.state}; {steps[0]} sentences of {len(steps)} "
        f"steps, {sizes.bits:,} bits a picture, {sizes.negatives:,} negatives; batch in memory; with clipping and "
        f"update; best of {REPEATS}"
    )
    listed = products(sizes, network.batch)
    note = f"{len(listed)} products of {sum(one.operations for one in listed) / 1e9:.1f} thousand million operations."
    step, alone = alternating(sides(network, device), REPEATS, device)
    update, whole = alternating(of_tables(network, device), REPEATS, device)
    name = "step of Pins' model A"
    return [
        Comparison(name, "whole", "its matrix products alone", shown, step, alone, STEP, note),
        Comparison(f"update of words in a {name}", "of the tables", "whole step", shown, update, whole, UPDATE),
    ]
