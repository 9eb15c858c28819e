"""datamodules/pins.py under Lightning's own trainer, with the models that it is made for."""

from collections.abc import Callable
from pathlib import Path

import lightning as L
import pytest
import torch

from datamodules.pins import PinsData
from lightning_modules import FinalState, InitialState, WordEmbeddings, WordVectors

VISUALS = {"text": None, "A": InitialState, "B": FinalState, "C": WordVectors}
CASES = [("A", True, 6), ("B", True, 6), ("C", False, 6), ("text", False, 6), ("A", True, None), ("C", False, None)]
Make = Callable[..., WordEmbeddings]


@pytest.fixture
def model(pins_inputs: dict[str, Path]) -> Make:
    """Make a model, each time with the same weights."""

    def made(letter: str = "A", **options: object) -> WordEmbeddings:
        torch.manual_seed(0)
        sizes = {"state_size": 6, "embedding_size": 5, "picture_size": 11, "negatives": 6, "lr": 1.0}
        found = WordEmbeddings(pins_inputs["corpus"], VISUALS[letter], **(sizes | options))
        with torch.no_grad():
            for name, parameter in found.named_parameters():
                if "bias" not in name:
                    parameter.mul_(10)  # so that everything moves within a few steps
            found.to_words[0].bias.fill_(0.3)
        return found

    return made


def data(pins_inputs: dict[str, Path], **options: object) -> PinsData:
    return PinsData(pins_inputs["corpus"], pins_inputs["bits"], **({"batch_size": 4} | options))


def trainer(epochs: int, **options: object) -> L.Trainer:
    quiet = {name: False for name in ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")}
    given = {"accelerator": "cpu", "devices": 1, "max_epochs": epochs, "num_sanity_val_steps": 0}
    return L.Trainer(**(given | quiet | {"use_distributed_sampler": False, "gradient_clip_val": 0.5} | options))


@pytest.mark.usefixtures("_can_fork")
@pytest.mark.parametrize(("letter", "tied", "negatives"), CASES)
def test_two_processes_train_to_the_weights_of_one(
    letter: str, tied: bool, negatives: int | None, model: Make, pins_inputs: dict[str, Path]
) -> None:
    """Their shares have different counts of words and pictures, and the last steps a filler or no sentence at all.

    Other negatives on one of them would give other weights, and so would gradients clipped before they are added up.
    """
    one, two, untrained = (model(letter, tie_weights=tied, negatives=negatives) for _ in range(3))
    alone, pair = trainer(3), trainer(3, devices=2, strategy="ddp_fork")
    for fit, made in ((alone, one), (pair, two)):
        fit.fit(made, data(pins_inputs, batch_size=2 if letter == "B" else 4))
    torch.testing.assert_close(two.state_dict(), one.state_dict())
    for name in ("train/loss", "val/nll", "val/loss"):
        found = pair.callback_metrics[name].item()
        assert found == pytest.approx(alone.callback_metrics[name].item(), rel=1e-5), name
    still = [name for name, value in one.named_parameters() if torch.equal(value, untrained.get_parameter(name))]
    assert not still


def test_resuming_goes_on_with_the_same_steps(model: Make, pins_inputs: dict[str, Path], tmp_path: Path) -> None:
    whole, again = model("C"), model("C")
    trainer(4).fit(whole, data(pins_inputs))
    first = trainer(2)
    first.fit(model("C"), data(pins_inputs))
    first.save_checkpoint(tmp_path / "two.ckpt")
    trainer(4).fit(again, data(pins_inputs), ckpt_path=tmp_path / "two.ckpt", weights_only=True)
    torch.testing.assert_close(again.state_dict(), whole.state_dict(), rtol=0, atol=0)


def test_words_that_no_step_uses_never_move(model: Make, pins_inputs: dict[str, Path]) -> None:
    """Without weight sharing the table has only the rows that are read."""
    made, before = model("A", tie_weights=False), model("A", tie_weights=False)
    source = data(pins_inputs)
    trainer(2).fit(made, source)
    moved = (made.table.weight != before.table.weight).any(1).nonzero().flatten().tolist()
    assert set(moved) == {0, *source.corpus.part("train").tokens.tolist()}
    assert len(moved) < len(before.table.weight)


def test_pictures_are_learned_from_and_text_only_needs_none(model: Make, pins_inputs: dict[str, Path]) -> None:
    losses = {}
    for letter, pictures in (("text", None), ("text", pins_inputs["bits"]), ("A", pins_inputs["bits"])):
        fit = trainer(1)
        fit.fit(model(letter), PinsData(pins_inputs["corpus"], pictures, batch_size=4))
        losses[letter, pictures is not None] = fit.callback_metrics["val/nll"].item()
    assert losses["text", True] == losses["text", False] != losses["A", True]
