"""Lightning's training loop as stages set it up and a bare PyTorch loop, in turns on the same batches."""

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import lightning as L
import torch
from torch import nn

from datamodules.labelled import LabelledPosts
from experiments.benchmarks.timing import now
from experiments.benchmarks.training import Trainee
from experiments.callbacks import EpochLines, SeedEachEpoch
from experiments.checkpoints import WholeCheckpoints
from experiments.loggers import loggers
from experiments.stage import Job
from experiments.steps.train import QUIET, checkpoints


class Alternation(L.Callback):
    """After each of Lightning's steps one of the bare loop, on the same batch; notes how long both took.

    A step of Lightning's is all between two of the bare loop: reading the batch, hooks, the step, logging. The first
    step of an epoch is left out on both sides.

    Args:
        bare: trained beside Lightning's model.
        data: whose training batches both read.
    """

    def __init__(self, bare: Trainee, data: LabelledPosts) -> None:
        self.bare, self.data = bare, data
        self.lightning_seconds: list[float] = []
        self.bare_seconds: list[float] = []
        self.last = 0.0  # end of the bare loop's last step

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        loader = self.data.train_dataloader()
        loader.sampler.set_epoch(trainer.current_epoch)
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
    """Both models after the same steps, and the seconds of each step."""

    lightning: nn.Module
    bare: nn.Module
    lightning_seconds: list[float]
    bare_seconds: list[float]

    @property
    def medians(self) -> tuple[float, float]:
        """Seconds of Lightning's middle step and of the bare loop's."""
        return statistics.median(self.lightning_seconds), statistics.median(self.bare_seconds)

    @property
    def sums(self) -> tuple[float, float]:
        """Seconds of all steps."""
        return sum(self.lightning_seconds), sum(self.bare_seconds)

    @property
    def cost(self) -> str:
        """In a sentence, what Lightning adds."""
        both = zip(self.lightning_seconds, self.bare_seconds, strict=True)
        extra = 1000 * statistics.median(one - other for one, other in both)
        return f"A step of Lightning's costs {extra:.1f} ms more, the check for a finite loss included."


def train(
    folder: Path,
    model: L.LightningModule,
    bare: Callable[[int], Trainee],
    data: LabelledPosts,
    steps: int,
    monitor: str,
) -> Trained:
    """Train for at least so many steps, in whole epochs if they are more than one, in both loops.

    Args:
        folder: for checkpoints and logs.
        model: Lightning's.
        bare: makes the other, given the number of steps.
        data: whose training batches both read.
        steps: at least.
        monitor: validation metric of the best epoch.
    """
    device = next(model.parameters()).device
    an_epoch = len(data.train_dataloader())
    epochs = -(-steps // an_epoch)
    share = an_epoch if epochs > 1 else steps
    alternation = Alternation(bare(epochs * share), data)
    loop = trainer(folder, device, epochs, [EpochLines(monitor), *checkpoints(folder, monitor), alternation], share)
    loop.fit(model, datamodule=data)
    return Trained(model.to(device), alternation.bare.model, alternation.lightning_seconds, alternation.bare_seconds)


def trainer(
    folder: Path,
    device: torch.device,
    epochs: int,
    callbacks: Sequence[L.Callback],
    steps: int | None = None,
    clip: float | None = None,
) -> L.Trainer:
    """Lightning's loop as a training stage makes it, without W&B.

    Args:
        folder: for checkpoints and logs.
        device: it trains there.
        epochs: that it trains.
        callbacks: beside the seeds of epochs.
        steps: of an epoch; None are all.
        clip: norm that gradients are clipped to; None clips none.
    """
    made = L.Trainer(
        max_epochs=epochs,
        limit_train_batches=steps,
        gradient_clip_val=clip,
        callbacks=[SeedEachEpoch(0), *callbacks],
        accelerator="gpu" if device.type == "cuda" else "cpu",
        devices=1,
        default_root_dir=folder,
        logger=False,
        use_distributed_sampler=False,
        **QUIET,
    )
    made.strategy.checkpoint_io = WholeCheckpoints()
    made.loggers = loggers(Job(folder, {}, {}, {}, {"wandb": "off"}))
    return made
