"""Mirrors datamodules/labelled.py, with both datamodules that it is the base of."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from torch import Tensor

from datamodules.labelled import LabelledPosts, without
from datamodules.missing import lost
from encoders.batches import ModalPosts

MakeData = Callable[..., LabelledPosts]


class Present(L.LightningModule):
    """Notes which modalities posts have in each step."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen: dict[str, list[Tensor]] = {"train": [], "validation": [], "test": []}

    def training_step(self, batch: Any) -> Tensor:
        self.seen["train"].append(batch.present[batch.row.argsort()])
        return self.weight.sum()

    def validation_step(self, batch: Any) -> None:
        self.seen["validation"].append(batch.present)

    def test_step(self, batch: Any) -> None:
        self.seen["test"].append(batch.present)

    def predict_step(self, batch: Any) -> Tensor:
        return batch.present

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


@pytest.fixture(params=["cast_data", "emotion_data"])
def made(request: pytest.FixtureRequest) -> MakeData:
    """Each datamodule by its own fixture; all posts of a part in one batch."""
    make = request.getfixturevalue(request.param)
    return lambda **changes: make(stage="", batch_size=64, seed=1, **changes)


def trainer() -> L.Trainer:
    quiet = {name: False for name in ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")}
    return L.Trainer(accelerator="cpu", devices=1, max_epochs=1, num_sanity_val_steps=0, **quiet)


def test_posts_lose_modalities_while_predicting_only(made: MakeData) -> None:
    whole, lossy, parts = Present(), Present(), ("train", "validation", "test")
    for model, missing in ((whole, {}), (lossy, {"text": 1.0, "image": 0.5})):
        data = made()
        data.missing = missing
        trainer().fit(model, data)
        trainer().test(model, data)
    for part in parts:
        assert len(whole.seen[part]) == 1
        assert torch.equal(lossy.seen[part][0], whole.seen[part][0])
    (kept,), (left,) = trainer().predict(whole, made()), trainer().predict(lossy, data)
    gone = torch.from_numpy(lost(data.ids("test"), ("image", "text"), data.missing, data.seed))
    assert torch.equal(kept, whole.seen["test"][0])
    assert torch.equal(left, kept & ~gone)
    assert gone[:, 1].all()
    assert not left[:, 1].any()
    assert left[:, 0].any()


def test_posts_lose_the_same_in_any_batching(made: MakeData) -> None:
    losses = []
    for size in (1, 3, 64):
        data = made()
        data.batch_size, data.missing, data.predict_part = size, {"text": 0.5, "image": 0.5}, "train"
        losses.append(torch.cat(trainer().predict(Present(), data)))
    assert torch.equal(losses[0], losses[1])
    assert torch.equal(losses[0], losses[2])
    assert len(losses[0]) == len(data.ids("train"))


def test_a_post_is_found_by_its_row() -> None:
    present = torch.tensor([[True, True], [True, False], [True, True], [False, False]])
    row, batch = torch.tensor([3, 0, 1, -1]), torch.zeros(4)  # the last only fills
    posts = ModalPosts({}, present, batch, {}, batch, row)
    gone = torch.tensor([[True, False], [False, True], [True, True], [False, True]])
    left = without(posts, gone)
    assert left.present.tolist() == [[True, False], [False, False], [True, False], [False, False]]
    assert torch.equal(posts.present, present)
    assert left.row is row


def test_parts_come_in_order_and_are_made_once(made: MakeData) -> None:
    data = made()
    data.batch_size = 2
    for part in ("train", "validation", "test"):
        batches = list(data.in_order(part))
        assert torch.cat([batch.row for batch in batches]).tolist() == list(range(len(data.ids(part))))
        assert torch.cat([batch.label for batch in batches]).tolist() == data.gold(data.ids(part)).tolist()
        assert data.rows_of(part) is data.rows_of(part)
    assert data.num_classes == len(data.classes) == 3
    assert data.device == (0, 1)


@pytest.mark.parametrize("share", [-0.5, 1.5])
def test_what_is_no_share_is_refused(made: MakeData, share: float) -> None:
    data = made()
    data.missing = {"text": share}
    with pytest.raises(ValueError, match=rf"text: {share} is no share"):
        trainer().predict(Present(), data)


def test_rows_are_the_subclasses_own(emotion_inputs: dict[str, Path]) -> None:
    bare = LabelledPosts(emotion_inputs["benchmark"], "emotion", "paper", 4, 0, 0)
    with pytest.raises(NotImplementedError):
        bare.setup("fit")
    assert (bare.facts(), bare.shown("test"), bare.missing) == ({}, {}, {})
    assert len(bare.posts) == 21
