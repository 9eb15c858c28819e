"""Mirrors lightning_modules/pins.py: losses word by word, and what a step moves and what it leaves."""

import copy
import math
from collections.abc import Callable
from pathlib import Path

import lightning as L
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from encoders.batches import PackedSentences
from encoders.bits import unpack
from encoders.vocabulary import read_counts
from lightning_modules import (
    FinalState,
    GatedRecurrentUnit,
    InitialState,
    ResetAfterGRU,
    WordEmbeddings,
    WordVectors,
    log_count,
    log_uniform,
)
from lightning_modules.pins import SPREAD

WIDTH, STATE, WORD, VOCABULARY, S = 11, 6, 4, 24, 8
VISUALS = {"text": None, "A": InitialState, "B": FinalState, "C": WordVectors}
Make = Callable[..., WordEmbeddings]


def rng() -> np.random.Generator:
    return np.random.default_rng([0, 0, 0])


def trainer(**options: object) -> L.Trainer:
    quiet = {name: False for name in ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")}
    given = {"accelerator": "cpu", "devices": 1, "max_epochs": 1, "num_sanity_val_steps": 0}
    return L.Trainer(**(given | quiet | options))


def steps(*batches: PackedSentences) -> DataLoader:
    return DataLoader(batches, batch_size=None)


# losses
def words_by_hand(made: WordEmbeddings, batch: PackedSentences) -> list[dict[str, Tensor]]:
    """Each sentence's states after each word (Eq. 1-4), and the exact -log p of its next words."""
    bits = unpack(batch.pictures, WIDTH).double()
    found = []
    for sentence in range(len(batch.last)):
        state = torch.zeros(STATE, dtype=torch.float64)
        if isinstance(made.visual, InitialState) and batch.present[sentence]:
            state = (made.visual.of_picture.weight @ bits[sentence]).clamp(min=0)
        states, losses = [], []
        for place in (batch.sentence == sentence).nonzero().flatten().tolist():
            state = made.cell(made.table.weight[batch.words[place]][None], [1], state[None])[0]
            hidden = (made.to_words[0].weight @ state + made.to_words[0].bias).clamp(min=0)
            logits = torch.stack([made.output.weight[k] @ hidden + made.bias.weight[k, 0] for k in range(VOCABULARY)])
            states.append(state)
            losses.append(logits.exp().sum().log() - logits[batch.targets[place]])
        found.append({"states": torch.stack(states), "nll": torch.stack(losses)})
    return found


def visual_by_hand(made: WordEmbeddings, batch: PackedSentences, sentence: int, states: Tensor) -> float:
    """Eq. 5 or 6 of one sentence."""
    seen = (made.visual.of_picture.weight @ unpack(batch.pictures, WIDTH)[sentence].double()).clamp(min=0)
    if isinstance(made.visual, FinalState):
        return (states[-1] - seen).norm().item()
    words = batch.words[batch.sentence == sentence][1:]
    return sum((made.table.weight[word] - seen).norm().item() for word in words) / len(words)


def terms_by_hand(made: WordEmbeddings, *batches: PackedSentences) -> tuple[float, float]:
    """Mean -log p over all words of the batches, and mean Eq. 5 or 6 over all their sentences with a picture."""
    nll: list[float] = []
    visual: list[float] = []
    for batch in batches:
        for sentence, words in enumerate(words_by_hand(made, batch)):
            nll += words["nll"].tolist()
            if made.weight and batch.present[sentence]:
                visual.append(visual_by_hand(made, batch, sentence, words["states"]))
    return sum(nll) / len(nll), sum(visual) / len(visual) if visual else 0.0


@pytest.mark.parametrize("letter", VISUALS)
@pytest.mark.parametrize("tied", [True, False])
def test_the_exact_loss_is_that_of_each_sentence_alone(
    letter: str, tied: bool, model: Make, batch: PackedSentences
) -> None:
    made = model(letter, negatives=None, tie_weights=tied)
    found = made.loss(batch, rng())
    nll, visual = terms_by_hand(made, batch)
    assert found.nll.item() == pytest.approx(nll, rel=1e-6)
    assert found.visual.item() == pytest.approx(visual, rel=1e-6)
    assert found.total.item() == pytest.approx(nll + 0.1 * visual, rel=1e-6)
    assert (visual > 0) == (letter in "BC")


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("distribution", [log_uniform, log_count])
def test_the_sampled_loss_is_that_among_the_drawn_words(
    tied: bool, distribution: Callable, model: Make, batch: PackedSentences, vocabulary: Path
) -> None:
    made = model("C", tie_weights=tied, distribution=distribution)
    found, negatives = made.loss(batch, rng()), made.sampler.draw(rng())
    shares = distribution(torch.from_numpy(read_counts(vocabulary))).tolist()
    states = [words["states"] for words in words_by_hand(made, batch)]
    hidden = made.to_words(torch.cat(states))
    gold = torch.cat([batch.targets[batch.sentence == sentence] for sentence in range(4)])
    expected = []
    for vector, word in zip(hidden, gold.tolist(), strict=True):
        logit = {
            k: (made.output.weight[k] @ vector + made.bias.weight[k, 0]).item()
            - math.log(1 - (1 - shares[k]) ** negatives.tries)
            for k in {word, *negatives.words.tolist()}
        }
        expected.append(math.log(sum(map(math.exp, logit.values()))) - logit[word])
    assert found.nll.item() == pytest.approx(sum(expected) / len(expected), rel=1e-5)


def test_lambda_weighs_the_visual_term_alone(model: Make, batch: PackedSentences) -> None:
    made = model("B")
    losses = []
    for weight in (0.0, 1.0, 3.0):
        made.visual.weight = weight
        losses.append(made.loss(batch, rng()))
    assert len({loss.nll.item() for loss in losses}) == len({loss.visual.item() for loss in losses}) == 1
    totals = [(loss.total - loss.nll).item() for loss in losses]
    assert totals == pytest.approx([0, losses[0].visual.item(), 3 * losses[0].visual.item()])


@pytest.mark.parametrize("letter", "ABC")
def test_a_sentence_without_a_picture_adds_nothing_and_moves_no_other(
    letter: str, model: Make, batch: PackedSentences
) -> None:
    made = model(letter)
    bits = batch.pictures.clone()
    bits[1] = 255  # whatever stands there
    one, two = (made.loss(each, rng()) for each in (batch, batch._replace(pictures=bits)))
    assert [value.item() for value in one] == [value.item() for value in two]
    assert terms_by_hand(made, batch)[1] == pytest.approx(one.visual.item())
    taken = batch.present.clone()
    taken[0] = False
    nll, other = (made.exact_terms(each)[0] for each in (batch, batch._replace(present=taken)))
    still = batch.sentence != 0
    torch.testing.assert_close(other[still], nll[still], rtol=0, atol=0)
    assert torch.equal(other[~still], nll[~still]) == (letter != "A")


# gradients
@pytest.mark.parametrize("cell", [GatedRecurrentUnit, ResetAfterGRU])
@pytest.mark.parametrize("negatives", [S, None])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("letter", VISUALS)
def test_every_variant_moves_all_of_its_parts(
    letter: str, tied: bool, negatives: int | None, cell: type[nn.Module], model: Make, batch: PackedSentences
) -> None:
    made = model(letter, tie_weights=tied, negatives=negatives, cell=cell)
    loss = made.loss(batch, rng())
    loss.total.backward()
    assert loss.total.isfinite()
    for name, parameter in made.named_parameters():
        gradient = parameter.grad.to_dense()
        assert gradient.isfinite().all(), name
        assert gradient.any(), name
    sparse = {name for name, parameter in made.named_parameters() if parameter.grad.is_sparse}
    exact = {"table.weight"} if not tied else set()  # whose output and bias are read whole
    own = {"table.weight", "bias.weight"} | ({"output.weight"} if not tied else set())
    assert sparse == (own if negatives else exact)
    declared = {f"{name}.weight" for name, part in made.named_modules() if getattr(part, "sparse", False)}
    assert declared == sparse, "what DistributedDataParallel is told must be so"
    assert (made.output is made.table) == tied
    assert ("output.weight" in dict(made.named_parameters())) != tied


@pytest.mark.parametrize("letter", "ABC")
def test_without_any_picture_the_map_of_pictures_gets_no_gradient(
    letter: str, model: Make, batch: PackedSentences
) -> None:
    made, text = model(letter), model("text")
    text.load_state_dict(made.state_dict(), strict=False)
    blind = batch._replace(present=torch.zeros(4, dtype=torch.bool))
    loss = made.loss(blind, rng())
    loss.total.backward()
    assert not made.visual.of_picture.weight.grad.any()
    assert loss.visual.item() == 0
    torch.testing.assert_close(loss.total, text.loss(batch, rng()).total, rtol=0, atol=0)


@pytest.mark.parametrize("letter", VISUALS)
@pytest.mark.parametrize("tied", [True, False])
def test_a_step_leaves_the_rows_that_it_does_not_use_bit_for_bit(
    letter: str, tied: bool, model: Make, batch: PackedSentences
) -> None:
    made = model(letter, tie_weights=tied)
    before = copy.deepcopy(made.state_dict())
    made.loss(batch, rng()).total.backward()
    made.configure_optimizers().step()
    read, next_words = set(batch.words.tolist()), set(batch.targets.tolist())
    next_words |= set(made.sampler.draw(rng()).words.tolist())
    used = {"table": read | next_words if tied else read, "output": read | next_words if tied else next_words}
    for name, rows in {**used, "bias": next_words}.items():
        weight = f"{name}.weight"
        moved = (made.state_dict()[weight] != before[weight]).any(1).nonzero().flatten().tolist()
        assert set(moved) == rows, name
    assert used["table"] < set(range(VOCABULARY))


@pytest.mark.parametrize("letter", VISUALS)
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("clip", [None, 0.01])
def test_training_with_sparse_gradients_is_that_with_dense_ones(
    letter: str, tied: bool, clip: float | None, model: Make, batch: PackedSentences
) -> None:
    sparse, dense = (model(letter, tie_weights=tied) for _ in range(2))
    for part in dense.modules():
        if isinstance(part, nn.Embedding):
            part.sparse = False
    for made in (sparse, dense):
        trainer(max_epochs=3, gradient_clip_val=clip, precision="64-true").fit(made, steps(batch, batch))
    assert sparse.table.weight.grad is None or sparse.table.weight.grad.is_sparse
    torch.testing.assert_close(sparse.state_dict(), dense.state_dict())
    start = model(letter, tie_weights=tied).state_dict()
    assert not any(torch.equal(value, start[name]) for name, value in sparse.state_dict().items())


def test_plain_sgd_subtracts_the_gradient_times_lr(model: Make, batch: PackedSentences) -> None:
    made = model("A", lr=0.5)
    before = copy.deepcopy(made.state_dict())
    made.loss(batch, rng()).total.backward()
    gradients = {name: parameter.grad.to_dense().clone() for name, parameter in made.named_parameters()}
    made.configure_optimizers().step()
    for name, parameter in made.named_parameters():
        torch.testing.assert_close(parameter.detach(), before[name] - 0.5 * gradients[name])


# at the start
@pytest.mark.parametrize("cell", [GatedRecurrentUnit, ResetAfterGRU])
def test_weights_start_uniform_and_biases_at_0_but_for_the_gates(cell: type[nn.Module], model: Make) -> None:
    big = {"cell": cell, "state_size": 64, "embedding_size": 32}
    made = model("A", start=True, **big, tie_weights=False)
    for name, parameter in made.named_parameters():
        if name.startswith("cell") and "bias" in name:
            assert set(parameter.unique().tolist()) <= {0.0, 1.0}
        elif "bias" in name:
            assert not parameter.any(), name
        else:
            assert parameter.abs().max() <= SPREAD, name
            assert parameter.abs().mean().item() == pytest.approx(SPREAD / 2, rel=0.1), name
    gates = sum(at for name, at in made.cell.named_parameters() if "bias" in name)
    assert gates.tolist() == [1.0] * 128 + [0.0] * 64


def test_a_vocabulary_too_small_for_the_negatives_is_refused(model: Make, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"13 negatives of 24 words: use --model\.negatives=12"):
        model("A", negatives=13)
    with pytest.raises(FileNotFoundError, match=r"words\.parquet: no vocabulary.*`sentences` for Pins"):
        WordEmbeddings(tmp_path)


@pytest.mark.parametrize("letter", VISUALS)
def test_validation_is_exact_over_all_words_of_all_batches(
    letter: str, model: Make, batch: PackedSentences, pack_slowly: Callable[..., PackedSentences]
) -> None:
    """Batches of different size: a mean of their means would be another number."""
    other = pack_slowly([[8, 8, 9, 2, 2], [3]], [[1] * WIDTH, None])
    made = model(letter)
    (found,) = trainer(precision="64-true").validate(made, steps(batch, other), verbose=False)
    nll, visual = terms_by_hand(made, batch, other)
    assert found == pytest.approx({"val/nll": nll, "val/loss": nll + made.weight * visual}, rel=1e-5)
    (again,) = trainer(precision="64-true").validate(made, steps(other), verbose=False)
    assert again["val/nll"] == pytest.approx(terms_by_hand(made, other)[0], rel=1e-5), "nothing is left of before"
