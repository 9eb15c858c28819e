"""Lightning's training loop as stages set it up, against a bare PyTorch loop."""

import statistics
from pathlib import Path
from typing import Any, NamedTuple

import lightning as L

from datamodules import CommentAwareData
from experiments.benchmarks.material import UNLABELLED_POSTS, Material
from experiments.benchmarks.timing import Comparison, Wanted, now
from experiments.benchmarks.training import Trainee
from experiments.callbacks import EpochLines, SeedEachEpoch
from experiments.checkpoints import WholeCheckpoints
from experiments.loggers import loggers
from experiments.stage import Job
from experiments.steps.train import QUIET, checkpoints
from lightning_modules import CommentAwareClassifier

WANTED = Wanted(most=1.05)


class Alternation(L.Callback):
    """After each of Lightning's steps one of the bare loop, on the same batch; notes how long both took.

    A step of Lightning's is all between two of the bare loop: reading the batch, hooks, the step, logging. The first
    step of an epoch is left out on both sides.

    Args:
        bare: trained beside Lightning's model.
        data: whose training batches both read.
    """

    def __init__(self, bare: Trainee, data: CommentAwareData) -> None:
        self.bare, self.data = bare, data
        self.lightning_seconds: list[float] = []
        self.bare_seconds: list[float] = []
        self.last = 0.0  # end of the bare loop's last step

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        loader = self.data.train_dataloader()
        loader.sampler.set_epoch(trainer.current_epoch)  # type: ignore[attr-defined]
        self.batches = iter(loader)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        begun = now(self.bare.device)
        self.bare.step(self.bare.moved(next(self.batches)))
        ended = now(self.bare.device)
        if batch_idx:
            self.lightning_seconds.append(begun - self.last)
            self.bare_seconds.append(ended - begun)
        self.last = now(self.bare.device)


class Trained(NamedTuple):
    """Both models after the same steps, and the seconds of each."""

    lightning: CommentAwareClassifier
    bare: CommentAwareClassifier
    lightning_seconds: list[float]
    bare_seconds: list[float]


def train(material: Material, weights: Path, batch_size: int, steps: int) -> Trained:
    """Train a student for at least so many steps, in whole epochs, in both loops."""
    data = material.student_data(weights, batch_size)
    an_epoch = len(data.train_dataloader())
    epochs = -(-steps // an_epoch)
    share = an_epoch if epochs > 1 else steps
    model = material.classifier(weights)
    alternation = Alternation(Trainee(model, epochs * share), data)
    folder = material.folder / f"trained-{weights.name}"
    trainer = _trainer(material, folder, [alternation], max_epochs=epochs, limit_train_batches=share)
    trainer.fit(model, datamodule=data)
    return Trained(
        model.to(material.device), alternation.bare.model, alternation.lightning_seconds, alternation.bare_seconds
    )


def measure(material: Material) -> list[Comparison]:
    """The demo's student, whose steps are as short as they get, and one with a text encoder of a realistic width."""
    sizes = material.sizes
    wide = f"{sizes.layers} layers, {sizes.width} wide"
    return [
        _compared(material, "the demo's student", "2 layers, 64 wide", material.demo_weights, sizes.demo_batch_size,
                  sizes.demo_steps),
        _compared(material, "a wider student", wide, material.text_weights, sizes.batch_size, sizes.lightning_steps),
    ]  # fmt: skip


def _compared(material: Material, name: str, encoder: str, weights: Path, batch_size: int, steps: int) -> Comparison:
    found = train(material, weights, batch_size, steps)
    first, second = (statistics.median(each) for each in (found.lightning_seconds, found.bare_seconds))
    whole = sum(found.lightning_seconds) / sum(found.bare_seconds)
    sizes = (
        f"{batch_size} labelled posts and {UNLABELLED_POSTS} unlabelled ones for each; text encoder of {encoder}, "
        f"trained; median of {len(found.bare_seconds)} steps of each loop in turns, batches read in both"
    )
    extra = [1000 * (one - other) for one, other in zip(found.lightning_seconds, found.bare_seconds, strict=True)]
    note = (
        f"Ratio of all steps together, written logs included: {whole:.3f}. "
        f"A step of Lightning's costs {statistics.median(extra):.1f} ms more, the check for a finite loss included."
    )
    return Comparison(f"step of {name}", "Lightning", "bare loop", sizes, first, second, WANTED, note)


def _trainer(
    material: Material, folder: Path, callbacks: list[L.Callback], max_epochs: int, limit_train_batches: int
) -> L.Trainer:
    """As a training stage makes it, without W&B."""
    trainer = L.Trainer(
        max_epochs=max_epochs,
        limit_train_batches=limit_train_batches,
        callbacks=[SeedEachEpoch(0), EpochLines(), *checkpoints(folder), *callbacks],
        accelerator="gpu" if material.device.type == "cuda" else "cpu",
        devices=1,
        default_root_dir=folder,
        logger=False,
        use_distributed_sampler=False,
        **QUIET,
    )
    trainer.strategy.checkpoint_io = WholeCheckpoints()
    trainer.loggers = loggers(Job(folder, {}, {}, {}, {"wandb": "off"}))
    return trainer
