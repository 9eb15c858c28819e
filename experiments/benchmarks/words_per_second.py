"""An epoch of Pins' model A in Lightning's loop, and one of gensim's skip-gram over the same sentences."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import lightning as L
import torch
from gensim.models import Word2Vec

from datamodules.sentences import Corpus
from experiments.benchmarks.both_loops import trainer
from experiments.benchmarks.material import Material
from experiments.benchmarks.page import cores
from experiments.benchmarks.pins_network import PinsNetwork
from experiments.benchmarks.timing import Comparison, now
from experiments.benchmarks.training import CLIP
from experiments.callbacks import EpochLines
from experiments.protocols import SkipGram
from experiments.steps.skipgram import training_sentences
from experiments.steps.train import checkpoints
from lightning_modules.pins import WordEmbeddings

EPOCHS = 2


class InTurns(L.Callback):
    """After the steps of each epoch something else; notes how long both took.

    Args:
        other: what comes after an epoch.
        device: that Lightning's model is on.
    """

    def __init__(self, other: Callable[[], object], device: torch.device) -> None:
        self.other, self.device = other, device
        self.own_seconds: list[float] = []
        self.other_seconds: list[float] = []
        self.begun = 0.0

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self.begun = now(self.device)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if batch_idx + 1 == trainer.num_training_batches:
            ended = now(self.device)
            self.own_seconds.append(ended - self.begun)
            self.other()
            self.other_seconds.append(now(self.device) - ended)


class Trained(NamedTuple):
    """Both models after the same epochs, and the seconds of each epoch."""

    lightning: WordEmbeddings
    gensim: Word2Vec
    lightning_seconds: list[float]
    gensim_seconds: list[float]


def skipgram(corpus: Path) -> tuple[Word2Vec, Callable[[], object]]:
    """gensim's model, and what trains it for an epoch, with as many threads as there are cores."""
    settings, sentences = SkipGram(), training_sentences(Corpus(corpus))
    model = Word2Vec(
        sg=1,
        vector_size=settings.size,
        window=settings.window,
        negative=settings.negative,
        min_count=1,
        seed=0,
        workers=cores(),
    )
    model.build_vocab(sentences)
    return model, lambda: model.train(sentences, total_examples=model.corpus_count, epochs=1)


def trained(network: PinsNetwork, device: torch.device, epochs: int = EPOCHS) -> Trained:
    """Model A and gensim's skip-gram after so many epochs, in turns."""
    other, an_epoch = skipgram(network.corpus)
    model, turns = network.embeddings(), InTurns(an_epoch, device)
    folder, monitor = network.folder / "trained", "val/nll"
    callbacks = [EpochLines(monitor), *checkpoints(folder, monitor, "min"), turns]
    trainer(folder, device, epochs, callbacks, clip=CLIP).fit(model, datamodule=network.data)
    return Trained(model, other, turns.own_seconds, turns.other_seconds)


def measure(material: Material) -> list[Comparison]:
    """One row."""
    found = trained(material.pins, material.device)
    sizes, words = material.pins.sizes, found.gensim.corpus_total_words
    first, second = min(found.lightning_seconds), min(found.gensim_seconds)
    shown = (
        f"{words:,} words in {sizes.sentences:,} sentences, {len(found.gensim.wv):,} distinct; {sizes.words:,} words "
        f"in the table of model A; best of {EPOCHS} epochs"
    )
    note = (
        f"Words a second: {words / first:,.0f} and {words / second:,.0f}. They learn different things: gensim's sees "
        f"no pictures and has no state, a word is compared with {SkipGram().negative} negatives and not with "
        f"{sizes.negatives:,}."
    )
    ways = "Lightning", f"gensim's skip-gram, {cores()} threads"
    return [Comparison("epoch of Pins' model A", *ways, shown, first, second, note=note)]
