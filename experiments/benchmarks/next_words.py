"""The soft-max over the words alone: sampled or over all of them, with gradients of some rows or of the whole table."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from encoders.batches import PackedSentences
from experiments.benchmarks import fresh_process
from experiments.benchmarks.material import Material
from experiments.benchmarks.pins_network import PinsNetwork, PinsSizes
from experiments.benchmarks.timing import Comparison, Sides, Wanted, alternating
from experiments.benchmarks.training import Trainee, words_trainee
from lightning_modules.pins import WordEmbeddings
from lightning_modules.sampled_softmax import NegativeSampler, Rows, sampled_nll

REPEATS = 10
STEPS = 20  # of the sampled soft-max beside one of the full one, which takes seconds
FULL, DENSE = Wanted(least=400), Wanted(least=6)
NAME = "step of the soft-max over words"
GIGABYTES = 0.25  # that a step may hold


class NextWords(WordEmbeddings):
    """A word's vector itself is what the soft-max layer is given, as if the words between had no state."""

    def forward(self, batch: PackedSentences, vectors: Tensor) -> tuple[Tensor, Tensor]:
        return vectors, vectors


class PlainLookUps(NextWords):
    """Each list of words is looked up on its own, as an embedding does by itself."""

    def sampled_terms(self, batch: PackedSentences, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        sampler = cast(NegativeSampler, self.sampler)
        negatives = sampler.draw(rng)
        target, others = (
            Rows(words, self.table(words), self.bias(words).squeeze(1)) for words in (batch.targets, negatives.words)
        )
        nll = sampled_nll(self.table(batch.words), sampler, negatives, target=target, others=others)
        return nll, nll.new_zeros(len(batch.last))


def trainee(
    network: PinsNetwork, device: torch.device, *, negatives: bool = True, kind: type[NextWords] = NextWords
) -> Trainee:
    """Table and biases of the soft-max layer."""
    return words_trainee(network.embeddings(None, negatives, kind).to(device))


def of_gradients(network: PinsNetwork, device: torch.device, kind: type[NextWords] = PlainLookUps) -> Sides[Tensor]:
    """A step with dense gradients, words looked up by `kind`, and one with sparse ones; returns its loss."""
    dense, sparse = trainee(network, device, kind=kind), trainee(network, device)
    for part in dense.model.modules():
        if isinstance(part, nn.Embedding):
            part.sparse = False
    batch = sparse.moved(network.batch)
    return Sides(lambda: dense.step(batch), lambda: sparse.step(batch))


def of_sampling(network: PinsNetwork, device: torch.device, steps: int = STEPS) -> Sides[list[Tensor]]:
    """A step over all words, and so many over some; returns the losses."""
    full, sampled = trainee(network, device, negatives=False), trainee(network, device)
    batch = sampled.moved(network.batch)
    return Sides(lambda: [full.step(batch)], lambda: [sampled.step(batch) for _ in range(steps)])


def extra_memory(network: PinsNetwork) -> float | None:
    """Gigabytes that a sampled step with sparse gradients takes in a fresh process; None where it is not told.

    They are the most that the process ever held, minus what it holds just before its first step.
    """
    sizes = json.dumps(asdict(network.sizes))
    return fresh_process.gigabytes(f"{__name__}:{grown.__name__}", str(network.folder), sizes)


def grown(folder: str, sizes: str) -> int | None:
    """What `extra_memory` asks in its process, in bytes; None where the kernel does not tell."""
    network = PinsNetwork(Path(folder), PinsSizes(**json.loads(sizes)))
    own, batch = trainee(network, torch.device("cpu")), network.batch
    return fresh_process.grown(lambda: [own.step(batch) for _ in range(3)])


def measure(material: Material) -> list[Comparison]:
    """Against all words, and against dense gradients."""
    network, device = material.pins, material.device
    sizes = network.sizes
    shown = (
        f"{sizes.words:,} words, {sizes.embedding} wide; {len(network.batch.words):,} next words, "
        f"{sizes.negatives:,} negatives; no GRU; with clipping and update; best of"
    )
    once = f"{shown} 2, each of one full step and the mean of {STEPS} sampled ones"
    full, sampled = alternating(of_sampling(network, device), 2, device)
    note = _memory(extra_memory(network))
    rows = [Comparison(NAME, "all words", "sampled, sparse gradients", once, full, sampled / STEPS, FULL, note)]
    for ways, kind, wanted in (("", PlainLookUps, DENSE), (", each word looked up once", NextWords, Wanted())):
        dense, sparse = alternating(of_gradients(network, device, kind), REPEATS, device)
        name = f"sampled {NAME}{ways}"
        rows.append(Comparison(name, "dense gradients", "sparse", f"{shown} {REPEATS}", dense, sparse, wanted))
    return rows


def _memory(gigabytes: float | None) -> str:
    if gigabytes is None:
        return ""
    verdict = "reached" if gigabytes <= GIGABYTES else "missed"
    return (
        f"A sampled step adds {gigabytes:.3f} GB to a fresh process on the CPU, the most it ever held less what it "
        f"holds before its first of three steps (at most {GIGABYTES:g} GB: {verdict})."
    )
