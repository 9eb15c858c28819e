"""Mirrors lightning_modules/gru.py: the equations once more, sentence by sentence and word by word."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from encoders.batches import PackedSentences
from lightning_modules.gru import GatedRecurrentUnit, ResetAfterGRU

WORD, STATE = 5, 4
LENGTHS = [[4, 3, 3, 1], [6], [0], [0, 0, 0], [2, 2, 2]]  # words, of which the first is <bos>: 0 means T = 1
Pack = Callable[..., PackedSentences]


def of_lengths(pack_slowly: Pack, lengths: list[int]) -> PackedSentences:
    return pack_slowly([[2] * length for length in lengths])


def equations_1_to_4(cell: GatedRecurrentUnit, word: Tensor, state: Tensor) -> Tensor:
    reset_w, update_w, candidate_w = torch.cat([cell.of_word, cell.of_state], 1).split(STATE)  # (H, E + H) each
    reset_b, update_b, candidate_b = cell.bias.split(STATE)
    r = torch.sigmoid(reset_w @ torch.cat([word, state]) + reset_b)  # Eq. 1
    u = torch.sigmoid(update_w @ torch.cat([word, state]) + update_b)  # Eq. 2
    c = torch.tanh(candidate_w @ torch.cat([word, r * state]) + candidate_b)  # Eq. 3
    return u * state + (1 - u) * c  # Eq. 4


def reset_after(cell: ResetAfterGRU, word: Tensor, state: Tensor) -> Tensor:
    """The formula of torch.nn.GRU's documentation."""
    own = dict(cell.gru.named_parameters())
    of_word = own["weight_ih_l0"] @ word + own["bias_ih_l0"]
    of_state = own["weight_hh_l0"] @ state + own["bias_hh_l0"]
    (ir, iz, inew), (hr, hz, hnew) = of_word.split(STATE), of_state.split(STATE)
    r, z = torch.sigmoid(ir + hr), torch.sigmoid(iz + hz)
    n = torch.tanh(inew + r * hnew)
    return (1 - z) * n + z * state


def slowly(step: Callable, cell: nn.Module, words: Tensor, batch: PackedSentences, first: Tensor) -> Tensor:
    """Each sentence alone; states (N, H) in their packed places."""
    places, found = batch.sentence.tolist(), {}
    for number in range(len(first)):
        state = first[number]
        for place in (at for at, sentence in enumerate(places) if sentence == number):
            state = step(cell, words[place], state)
            found[place] = state
    return torch.stack([found[place] for place in range(len(places))])


CELLS = [(GatedRecurrentUnit, equations_1_to_4), (ResetAfterGRU, reset_after)]


def made(kind: type[nn.Module], spread: float = 1.0) -> nn.Module:
    """Every parameter random, so that no bias is 0."""
    torch.manual_seed(0)
    cell = kind(WORD, STATE).double()
    for parameter in cell.parameters():
        nn.init.uniform_(parameter, -spread, spread)
    return cell


def inputs(batch: PackedSentences) -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    words = torch.randn(len(batch.words), WORD, dtype=torch.float64)
    return words, torch.randn(len(batch.last), STATE, dtype=torch.float64)


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize(("kind", "step"), CELLS)
def test_states_and_gradients_are_those_of_each_sentence_alone(
    kind: type[nn.Module], step: Callable, lengths: list[int], pack_slowly: Pack
) -> None:
    cell, batch = made(kind), of_lengths(pack_slowly, lengths)
    leaves = [value.requires_grad_() for value in inputs(batch)]
    own = [*leaves, *cell.parameters()]
    states, expected = cell(leaves[0], batch.sizes, leaves[1]), slowly(step, cell, leaves[0], batch, leaves[1])
    torch.testing.assert_close(states, expected)
    weights = torch.randn_like(states)
    found, by_hand = (torch.autograd.grad((value * weights).sum(), own) for value in (states, expected))
    for one, other in zip(found, by_hand, strict=True):
        torch.testing.assert_close(one, other)


def test_gradients_are_those_of_small_differences(pack_slowly: Pack) -> None:
    cell, batch = made(GatedRecurrentUnit), of_lengths(pack_slowly, [3, 1, 1])
    words, first = (value.requires_grad_() for value in inputs(batch))
    parameters = dict(cell.named_parameters())

    def states(words: Tensor, first: Tensor, *values: Tensor) -> Tensor:
        named = dict(zip(parameters, values, strict=True))
        found: Tensor = torch.func.functional_call(cell, named, (words, batch.sizes, first))
        return found

    assert torch.autograd.gradcheck(states, (words, first, *parameters.values()))


@pytest.mark.parametrize("only", ["of_word", "of_state", "bias"])
def test_a_gradient_can_be_asked_of_one_parameter_alone(only: str, pack_slowly: Pack) -> None:
    cell, batch = made(GatedRecurrentUnit), of_lengths(pack_slowly, [2, 1])
    words, first = inputs(batch)
    (whole,) = torch.autograd.grad(cell(words, batch.sizes, first).sum(), getattr(cell, only))
    for name, parameter in cell.named_parameters():
        parameter.requires_grad_(name == only)
    cell(words, batch.sizes, first).sum().backward()
    torch.testing.assert_close(getattr(cell, only).grad, whole, rtol=0, atol=0)


@pytest.mark.parametrize(("kind", "sizes"), [(GatedRecurrentUnit, []), (GatedRecurrentUnit, [0]), (ResetAfterGRU, [0])])
def test_a_batch_without_sentences_has_no_states_and_zero_gradients(kind: type[nn.Module], sizes: list[int]) -> None:
    """A device's share of the last step may be fillers only."""
    cell, words, first = kind(WORD, STATE), torch.zeros(0, WORD), torch.zeros(0, STATE)
    states = cell(words, sizes, first)
    assert states.shape == (0, STATE)
    states.sum().backward()
    assert all(parameter.grad is not None and not parameter.grad.any() for parameter in cell.parameters())


def test_inputs_are_left_as_they_were(pack_slowly: Pack) -> None:
    cell, batch = made(GatedRecurrentUnit), of_lengths(pack_slowly, [3, 1])
    words, first = (value.requires_grad_() for value in inputs(batch))
    before = words.detach().clone(), first.detach().clone()
    states = cell(words, batch.sizes, first)
    kept, gradient = states.detach().clone(), torch.randn_like(states)
    given = gradient.clone()
    states.backward(gradient)
    for value, was in ((words, before[0]), (first, before[1]), (states, kept), (gradient, given)):
        assert torch.equal(value, was)


def test_a_sentence_does_not_depend_on_those_beside_it(pack_slowly: Pack) -> None:
    cell, batch = made(GatedRecurrentUnit), of_lengths(pack_slowly, [4, 3, 1])
    words, first = inputs(batch)
    mine = batch.sentence == 1
    states = cell(words, batch.sizes, first)[mine]
    others = torch.where(mine[:, None], words, 7.0)
    torch.testing.assert_close(cell(others, batch.sizes, first)[mine], states)
    torch.testing.assert_close(cell(words[mine], [1] * int(mine.sum()), first[1:2]), states)


@pytest.mark.parametrize("kind", [GatedRecurrentUnit, ResetAfterGRU])
def test_biases_start_at_1_for_the_gates_and_at_0_for_the_candidate(kind: type[nn.Module]) -> None:
    """So an update gate without any input keeps sigmoid(1) of the state."""
    for value in (1.0, 0.25):
        biases = [at for name, at in kind(WORD, STATE, gate_bias=value).named_parameters() if "bias" in name]
        assert torch.stack(biases).sum(0).tolist() == [value] * (2 * STATE) + [0.0] * STATE
    zero = kind(WORD, STATE)
    for name, parameter in zero.named_parameters():
        if "bias" not in name:
            nn.init.zeros_(parameter)
    kept = zero(torch.randn(1, WORD), [1], torch.ones(1, STATE))
    torch.testing.assert_close(kept, torch.ones(1, STATE).sigmoid())


def test_the_two_cells_are_different_functions(pack_slowly: Pack) -> None:
    paper, other, batch = made(GatedRecurrentUnit), made(ResetAfterGRU), of_lengths(pack_slowly, [3, 1])
    with torch.no_grad():
        for name, parameter in (("weight_ih_l0", paper.of_word), ("weight_hh_l0", paper.of_state)):
            other.gru.get_parameter(name).copy_(parameter)
        other.gru.bias_ih_l0.copy_(paper.bias)
        other.gru.bias_hh_l0.zero_()
    words, first = inputs(batch)
    one, two = (cell(words, batch.sizes, first) for cell in (paper, other))
    assert ((one - two).abs() > 1e-3).any()
    for cell in (paper, other):  # with a reset gate that is open they are the same
        with torch.no_grad():
            (paper.bias if cell is paper else other.gru.bias_ih_l0)[:STATE] = 50.0
    torch.testing.assert_close(paper(words, batch.sizes, first), other(words, batch.sizes, first))


@pytest.mark.parametrize("kind", [GatedRecurrentUnit, ResetAfterGRU])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_mixed_precision_leaves_the_recurrence_precise(
    kind: type[nn.Module], dtype: torch.dtype, pack_slowly: Pack
) -> None:
    cell, batch = made(kind, spread=0.5).float(), of_lengths(pack_slowly, [4, 3, 1])
    words, first = (value.to(dtype) for value in inputs(batch))
    expected = cell(words.float(), batch.sizes, first.float())
    with torch.autocast("cpu", torch.bfloat16):
        states = cell(words, batch.sizes, first)
    states.float().sum().backward()
    if kind is GatedRecurrentUnit:
        assert states.dtype == torch.float32
        torch.testing.assert_close(states, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(states.float(), expected, rtol=0, atol=0.05)  # 8 bits of mantissa
    assert all(parameter.grad.isfinite().all() for parameter in cell.parameters())
