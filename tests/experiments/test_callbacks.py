"""Mirrors experiments/callbacks.py, under Lightning's own trainer."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lightning as L
import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from experiments import callbacks
from experiments.callbacks import EpochLines, SeedEachEpoch


class Draws(L.LightningModule):
    """Notes a random number a step, as dropout would draw it."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen: list[float] = []

    def training_step(self, batch: list[Tensor]) -> Tensor:
        self.seen.append(float(torch.rand(())))
        loss = self.weight.sum() + 0.25
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: list[Tensor]) -> None:
        self.log("val/f1", 0.5)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.0)


@pytest.fixture(autouse=True)
def _own_randomness() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        yield


def train(callback: L.Callback, folder: Path, epochs: int = 3, resume: Path | None = None) -> Draws:
    """Two steps an epoch, from a loader that draws nothing from the common generator; leaves `last.ckpt`."""
    model = Draws()
    batches: DataLoader = DataLoader(TensorDataset(torch.zeros(2)), generator=torch.Generator())
    trainer = L.Trainer(
        accelerator="cpu", devices=1, max_epochs=epochs, logger=False, enable_progress_bar=False,
        enable_model_summary=False, enable_checkpointing=False, num_sanity_val_steps=0, callbacks=[callback],
        default_root_dir=folder,
    )  # fmt: skip
    trainer.fit(model, batches, batches, ckpt_path=resume, weights_only=True)
    trainer.save_checkpoint(folder / "last.ckpt")
    return model


def test_an_epoch_draws_the_same_whatever_was_drawn_before_it(tmp_path: Path) -> None:
    whole = train(SeedEachEpoch(seed=1), tmp_path).seen
    train(SeedEachEpoch(seed=1), tmp_path, epochs=2)
    torch.manual_seed(12345)
    assert train(SeedEachEpoch(seed=1), tmp_path, resume=tmp_path / "last.ckpt").seen == whole[4:]


def test_another_seed_draws_otherwise(tmp_path: Path) -> None:
    one, two = (train(SeedEachEpoch(seed), tmp_path).seen for seed in (0, 1))
    assert set(one).isdisjoint(two)


def test_devices_and_epochs_draw_otherwise() -> None:
    drawn = []
    for epoch, device in product(range(4), range(4)):
        at: Any = SimpleNamespace(current_epoch=epoch, global_rank=device)
        SeedEachEpoch(seed=0).on_train_epoch_start(at, Draws())
        drawn.append(float(torch.rand(())))
    assert len(set(drawn)) == 16


def test_an_epoch_is_a_line_with_its_loss_and_f1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(EpochLines(), tmp_path, epochs=2)
    lines = capsys.readouterr().out.splitlines()
    assert [re.sub(r"\d+ s$", "N s", line) for line in lines] == [
        "epoch 1/2: train/loss 0.2500, val/f1 0.5000, N s",
        "epoch 2/2: train/loss 0.2500, val/f1 0.5000, N s",
    ]


def test_a_long_epoch_says_how_far_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callbacks, "SECONDS_A_LINE", 0.0)
    train(EpochLines(), tmp_path, epochs=1)
    assert capsys.readouterr().out.splitlines()[:2] == ["epoch 1/1, step 1/2", "epoch 1/1, step 2/2"]
