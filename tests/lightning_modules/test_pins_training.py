"""lightning_modules/pins.py under Lightning's own trainer, on batches made by hand."""

from collections.abc import Callable

import lightning as L
import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from encoders.batches import PackedSentences
from lightning_modules import GatedRecurrentUnit, ResetAfterGRU, WordEmbeddings

S = 8
Make = Callable[..., WordEmbeddings]


def rng() -> np.random.Generator:
    return np.random.default_rng([0, 0, 0])


def trainer(**options: object) -> L.Trainer:
    quiet = {name: False for name in ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")}
    given = {"accelerator": "cpu", "devices": 1, "max_epochs": 1, "num_sanity_val_steps": 0}
    return L.Trainer(**(given | quiet | options))


def steps(*batches: PackedSentences) -> DataLoader:
    return DataLoader(batches, batch_size=None)


@pytest.mark.parametrize("letter", "BC")
def test_held_out_sentences_without_any_picture_leave_the_next_words_as_loss(
    letter: str, model: Make, batch: PackedSentences
) -> None:
    """As in training, where the term is 0 then; else no epoch would be the best one."""
    blind = batch._replace(present=torch.zeros(4, dtype=torch.bool))
    (found,) = trainer(precision="64-true").validate(model(letter), steps(blind), verbose=False)
    assert found["val/loss"] == found["val/nll"]


def test_the_training_loss_of_an_epoch_is_the_mean_of_its_steps(
    model: Make, batch: PackedSentences, pack_slowly: Callable[..., PackedSentences]
) -> None:
    other, made = pack_slowly([[8, 8, 9, 2, 2], [3]]), model("A", lr=0.0)
    one = trainer(precision="64-true")
    one.fit(made, steps(batch, other))
    each = [made.loss(batch, rng()).total, made.loss(other, np.random.default_rng([0, 0, 1])).total]
    assert one.callback_metrics["train/loss"].item() == pytest.approx(sum(each).item() / 2, rel=1e-5)


def test_negatives_follow_from_seed_epoch_and_step(model: Make, batch: PackedSentences) -> None:
    trained = [model("A", seed=seed) for seed in (0, 0, 1)]
    for made in trained:
        trainer(max_epochs=2, precision="64-true").fit(made, steps(batch, batch))
    one, again, other = (made.state_dict() for made in trained)
    torch.testing.assert_close(again, one, rtol=0, atol=0)
    assert not torch.equal(other["bias.weight"], one["bias.weight"])
    losses = {trained[0].loss(batch, np.random.default_rng(at)).nll.item() for at in ([0, 0, 0], [0, 1, 0], [0, 0, 1])}
    assert len(losses) == 3


def test_a_loss_that_is_not_finite_stops_training_and_says_where(model: Make, batch: PackedSentences) -> None:
    made = model("A")
    with torch.no_grad():
        made.to_words[0].bias.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match=r"training loss is nan in epoch 0, step 0: lower lr \(1\)"):
        trainer(precision="64-true").fit(made, steps(batch))


@pytest.mark.parametrize("letter", ["text", "A", "B", "C"])
@pytest.mark.parametrize("negatives", [S, None])
@pytest.mark.parametrize("cell", [GatedRecurrentUnit, ResetAfterGRU])
def test_mixed_precision_trains_nearly_as_full_precision_does(
    letter: str, negatives: int | None, cell: type[nn.Module], model: Make, batch: PackedSentences
) -> None:
    full, mixed = (model(letter, negatives=negatives, cell=cell).float() for _ in range(2))
    for made, precision in ((full, "32-true"), (mixed, "bf16-mixed")):
        trainer(precision=precision, gradient_clip_val=10.0).fit(made, steps(batch), steps(batch))
    for (name, one), two in zip(full.named_parameters(), mixed.parameters(), strict=True):
        assert two.dtype == torch.float32
        torch.testing.assert_close(two, one, rtol=0, atol=0.02, msg=name)  # gradients of up to 1 in 8 bits


@pytest.mark.parametrize("algorithm", ["norm", "value"])
def test_gradients_are_clipped_by_norm_or_by_value(algorithm: str, model: Make, batch: PackedSentences) -> None:
    made, most = model("A"), 1e-3
    before = {name: value.clone() for name, value in made.named_parameters()}
    trainer(precision="64-true", gradient_clip_val=most, gradient_clip_algorithm=algorithm).fit(made, steps(batch))
    moved = torch.cat([(before[name] - value).flatten() for name, value in made.named_parameters()])  # lr is 1
    size = moved.norm() if algorithm == "norm" else moved.abs().max()
    assert size.item() == pytest.approx(most, rel=1e-3)
