"""What every training stage has: randomness that survives a kill, and a line an epoch."""

import time
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import EarlyStopping

SECONDS_A_LINE = 10.0


class SeedEachEpoch(L.Callback):
    """Seed dropout anew for every epoch, so that a run that goes on after a kill equals an undisturbed one.

    Args:
        seed: of the run; (seed, epoch, device) seed the epoch.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        torch.manual_seed((self.seed * 1_000_003 + trainer.current_epoch) * 1_009 + trainer.global_rank)


class StopEarly(EarlyStopping):
    """Lightning's, which would train an epoch more when a run goes on that was killed after it had stopped."""

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        trainer.should_stop = trainer.should_stop or self.wait_count >= self.patience


class EpochLines(L.Callback):
    """One line an epoch, and one every few seconds within a long one; readable in a log.

    Args:
        monitor: validation metric that is shown beside the loss.
    """

    def __init__(self, monitor: str = "val/f1") -> None:
        self.monitor = monitor

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if trainer.is_global_zero and trainer.world_size > 1:
            print(f"training on {trainer.world_size} devices", flush=True)

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self.begun = self.told = time.monotonic()

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.is_global_zero and time.monotonic() - self.told > SECONDS_A_LINE:
            self.told = time.monotonic()
            done = f"{batch_idx + 1}/{trainer.num_training_batches}"
            print(f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}, step {done}", flush=True)

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if trainer.is_global_zero:
            wanted = ("train/loss", self.monitor)
            shown = {key: value for key, value in trainer.callback_metrics.items() if key in wanted}
            values = ", ".join(f"{key} {float(value):.4f}" for key, value in sorted(shown.items()))
            seconds = time.monotonic() - self.begun
            print(f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}: {values}, {seconds:.0f} s", flush=True)
