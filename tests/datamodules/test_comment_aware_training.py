"""datamodules/comment_aware.py under Lightning's own trainer: resuming, devices, prediction."""

import json
from collections.abc import Callable
from pathlib import Path

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor

from datamodules.comment_aware import CommentAwareData
from encoders.batches import CommentedPosts


class Recorder(L.LightningModule):
    """Notes what the trainer gives it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def training_step(self, batch: CommentedPosts) -> Tensor:
        with (self.folder / f"rank{self.global_rank}.jsonl").open("a") as notes:
            drops = batch.comment_weight.tolist()
            print(json.dumps([self.current_epoch, batch.row.tolist(), batch.target.tolist(), drops]), file=notes)
        return self.weight.sum()

    def validation_step(self, batch: CommentedPosts) -> None:
        pass

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def notes(folder: Path, rank: int = 0) -> list[list]:
    return [json.loads(line) for line in (folder / f"rank{rank}.jsonl").read_text().splitlines()]


def train(folder: Path, data: CommentAwareData, epochs: int, validate: bool = True, **settings: object) -> Path:
    folder.mkdir(exist_ok=True)
    resume = settings.pop("resume", None)
    saving = ModelCheckpoint(folder, filename="{epoch}", save_top_k=-1, save_on_train_epoch_end=not validate)
    trainer = L.Trainer(
        accelerator="cpu", max_epochs=epochs, callbacks=[saving], logger=False, enable_progress_bar=False,
        enable_model_summary=False, limit_val_batches=1.0 if validate else 0, num_sanity_val_steps=0, **settings,
    )  # fmt: skip
    trainer.fit(Recorder(folder), data, ckpt_path=resume, weights_only=True)
    return folder / f"epoch={epochs - 1}.ckpt"


@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize("workers", [0, 2])
def test_resuming_at_epoch_3_gives_epoch_3s_batches(
    cast_data: Callable[..., CommentAwareData], tmp_path: Path, workers: int, validate: bool
) -> None:
    student = {"student": True, "num_workers": workers, "stage": ""}
    train(tmp_path / "whole", cast_data(**student), 5, validate)
    checkpoint = train(tmp_path / "stopped", cast_data(**student), 3, validate)
    train(tmp_path / "stopped", cast_data(**student), 5, validate, resume=checkpoint)
    whole = notes(tmp_path / "whole")
    assert [note[0] for note in whole] == [epoch for epoch in range(5) for _ in range(3)]
    assert notes(tmp_path / "stopped") == whole
    assert whole[0][1] != whole[9][1]


@pytest.mark.parametrize("distributed_sampler", [True, False])
def test_two_processes_train_on_the_same_global_batches(
    cast_data: Callable[..., CommentAwareData], tmp_path: Path, distributed_sampler: bool
) -> None:
    train(tmp_path / "one", cast_data(student=True, stage=""), 2)
    settings = {"devices": 2, "strategy": "ddp_fork", "use_distributed_sampler": distributed_sampler}
    train(tmp_path / "two", cast_data(student=True, stage=""), 2, **settings)
    whole, left, right = notes(tmp_path / "one"), notes(tmp_path / "two"), notes(tmp_path / "two", rank=1)
    for one, mine, theirs in zip(whole, left, right, strict=True):
        together = sorted(row for row in mine[1] + theirs[1] if row >= 0)
        assert together == sorted(row for row in one[1] if row >= 0)
        taught = sorted(target for target in mine[2] + theirs[2] if any(target))
        assert taught == sorted(target for target in one[2] if any(target))


def test_the_trainer_predicts_every_row_in_order(cast_data: Callable[..., CommentAwareData], tmp_path: Path) -> None:
    class Rows(Recorder):
        def predict_step(self, batch: CommentedPosts) -> Tensor:
            return batch.row

    data = cast_data(stage="", predict_part="unlabelled", num_workers=2)
    trainer = L.Trainer(accelerator="cpu", logger=False, enable_progress_bar=False, default_root_dir=tmp_path)
    rows = trainer.predict(Rows(tmp_path), data)
    assert torch.cat(rows).tolist() == list(range(len(data.unlabelled_pairs())))
