"""Mirrors lightning_modules/visual.py: Eq. 5 and 6 sentence by sentence, bit by bit."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from encoders.batches import PackedSentences
from lightning_modules.visual import FinalState, InitialState, Visual, WordVectors

STATE, WORD, WIDTH = 6, 4, 11
KINDS = [InitialState, FinalState, WordVectors]


def made(kind: type[Visual], **options: object) -> Visual:
    torch.manual_seed(0)
    return kind(STATE, WORD, WIDTH, **options)


def picture(visual: Visual, batch: PackedSentences, sentence: int) -> list[float]:
    """ReLU(W_I f_I), plain numbers."""
    bits = np.unpackbits(batch.pictures[sentence].numpy())[:WIDTH].tolist()
    linear = visual.of_picture
    bias = linear.bias.tolist() if linear.bias is not None else [0.0] * linear.out_features
    rows = zip(linear.weight.tolist(), bias, strict=True)
    return [max(0.0, sum(w * bit for w, bit in zip(row, bits, strict=True)) + extra) for row, extra in rows]


def vectors(batch: PackedSentences) -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    size = len(batch.words)
    return tuple(torch.randn(size, width).requires_grad_() for width in (WORD, STATE))


@pytest.mark.parametrize("bias", [False, True])
def test_the_first_state_is_the_mapped_picture_and_zero_without_one(batch: PackedSentences, bias: bool) -> None:
    visual = made(InitialState, bias=bias)
    expected = [picture(visual, batch, number) for number in range(4)]
    expected[1] = [0.0] * STATE
    assert batch.present.tolist() == [True, False, True, True]
    torch.testing.assert_close(visual.first_state(batch), torch.tensor(expected))
    assert visual.distances(batch, *vectors(batch)) is None
    assert visual.weight == 0


def test_equation_5_is_the_distance_of_the_state_after_the_last_word(batch: PackedSentences) -> None:
    visual, (words, states) = made(FinalState), vectors(batch)
    found = visual.distances(batch, words, states)
    for number, length in enumerate([4, 3, 3, 1]):
        places = (batch.sentence == number).nonzero().flatten().tolist()
        last = states[places[length]].tolist()  # <bos> has the first place, so the last word's is its length
        assert found[number].item() == pytest.approx(math.dist(last, picture(visual, batch, number)), rel=1e-5)
    assert visual.first_state(batch) is None


def test_equation_6_is_the_mean_distance_of_the_words_without_bos(batch: PackedSentences) -> None:
    visual, (words, states) = made(WordVectors), vectors(batch)
    found = visual.distances(batch, words, states)
    for number, length in enumerate([4, 3, 3, 1]):
        places = (batch.sentence == number).nonzero().flatten().tolist()
        each = [math.dist(words[place].tolist(), picture(visual, batch, number)) for place in places[1:]]
        assert len(each) == length
        assert found[number].item() == pytest.approx(sum(each) / length, rel=1e-5)
    found.sum().backward()
    assert not words.grad[:4].any(), "<bos> is drawn to no picture"
    assert words.grad[4:].any(1).all()
    assert visual.first_state(batch) is None


@pytest.mark.parametrize(("kind", "width"), [(InitialState, STATE), (FinalState, STATE), (WordVectors, WORD)])
def test_pictures_are_mapped_to_what_they_are_compared_with(kind: type[Visual], width: int) -> None:
    assert made(kind).of_picture.weight.shape == (width, WIDTH)
    assert made(kind).of_picture.bias is None, "the paper writes none"


@pytest.mark.parametrize("kind", [FinalState, WordVectors])
def test_at_distance_0_the_gradient_is_finite(batch: PackedSentences, kind: type[Visual]) -> None:
    visual = kind(STATE, WORD, WIDTH)
    words, states = torch.zeros(len(batch.words), WORD), torch.zeros(len(batch.words), STATE)
    with torch.no_grad():
        visual.of_picture.weight.zero_()
    found = visual.distances(batch, words.requires_grad_(), states.requires_grad_())
    found.sum().backward()
    torch.testing.assert_close(found, torch.zeros(4), rtol=0, atol=1e-5)
    for leaf in (visual.of_picture.weight, words if kind is WordVectors else states):
        assert leaf.grad.isfinite().all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_without_sentences_is_empty(kind: type[Visual]) -> None:
    none = torch.zeros(0, dtype=torch.int64)
    empty = PackedSentences(none, none, none, none, [], torch.zeros(0, 2, dtype=torch.uint8), none.bool())
    visual = kind(STATE, WORD, WIDTH)
    found = visual.first_state(empty)
    found = found if found is not None else visual.distances(empty, torch.zeros(0, WORD), torch.zeros(0, STATE))
    assert len(found) == 0
    found.sum().backward()
    assert not visual.of_picture.weight.grad.any()


@pytest.mark.parametrize("kind", KINDS)
def test_bits_of_another_width_are_refused(batch: PackedSentences, kind: type[Visual]) -> None:
    with pytest.raises(ValueError, match="2 bytes don't hold 40 bits, but 5 do"):
        kind(STATE, WORD, 40).pictures(batch)
