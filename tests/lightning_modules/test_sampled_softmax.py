"""Mirrors lightning_modules/sampled_softmax.py: draws one by one, losses word by word."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from lightning_modules import sampled_softmax
from lightning_modules.sampled_softmax import (
    Distribution,
    Negatives,
    NegativeSampler,
    Rows,
    exact_nll,
    log_count,
    log_uniform,
    sampled_nll,
)

V, S, N, E = 24, 6, 9, 4
COUNTS = torch.tensor([1000 // (k + 1) ** 2 for k in range(V)])  # the last ones are 1
BOTH = [log_uniform, log_count]


# distributions
def test_log_uniform_is_tensorflows_formula() -> None:
    """P(class) = (log(class + 2) - log(class + 1)) / log(range_max + 1)."""
    found = log_uniform(COUNTS).tolist()
    assert found == pytest.approx([(math.log(k + 2) - math.log(k + 1)) / math.log(V + 1) for k in range(V)])
    assert found == sorted(found, reverse=True)


def test_log_count_is_the_share_in_the_sum_of_logarithms_at_least_of_2() -> None:
    logs = [math.log(max(2, count)) for count in COUNTS.tolist()]
    assert log_count(COUNTS).tolist() == pytest.approx([log / sum(logs) for log in logs])
    assert min(COUNTS) == 1
    assert log_count(torch.tensor([5, 0])).min() > 0, "specials of which there are none can be drawn"


@pytest.mark.parametrize("distribution", BOTH)
@pytest.mark.parametrize("size", [4, 24, 300_000])
def test_shares_sum_to_1(distribution: Distribution, size: int) -> None:
    found = distribution(torch.arange(size, 0, -1))
    assert found.sum().item() == pytest.approx(1, abs=1e-9)
    assert (found > 0).all()


# draws
def one_by_one(probability: list[float], rng: np.random.Generator) -> tuple[list[int], int]:
    cumulative = np.cumsum(probability).tolist()
    drawn: list[int] = []
    while len(set(drawn)) < S:
        if not len(drawn) % (2 * S):
            spots = (rng.random(2 * S) * cumulative[-1]).tolist()
        drawn.append(next(word for word, end in enumerate(cumulative) if end > spots[len(drawn) % (2 * S)]))
    return sorted(set(drawn)), len(drawn)


@pytest.mark.parametrize("distribution", BOTH)
def test_draws_are_repeated_until_there_are_so_many_distinct_words(distribution: Distribution) -> None:
    sampler, probability = NegativeSampler(COUNTS, distribution, S), distribution(COUNTS).tolist()
    tries = set()
    for seed in range(200):
        found = sampler.draw(np.random.default_rng([seed, 1]))
        assert (found.words.tolist(), found.tries) == one_by_one(probability, np.random.default_rng([seed, 1]))
        tries.add(found.tries)
    assert min(tries) == S
    assert max(tries) > S


def test_a_second_helping_is_taken_where_the_first_has_too_few_distinct_words() -> None:
    """Half of the words by log-uniform take far more than 2 S draws."""
    sampler = NegativeSampler(torch.ones(200), log_uniform, 100)
    found = sampler.draw(np.random.default_rng(0))
    assert found.tries > 200
    assert len(set(found.words.tolist())) == 100


@pytest.mark.parametrize("distribution", BOTH)
def test_words_are_drawn_as_often_as_log_expected_says(distribution: Distribution) -> None:
    """4,000 draws: 0.5 +- 0.008 at most by chance, and the count of tries is taken as given, which is nearly so."""
    sampler, rng, rounds = NegativeSampler(COUNTS, distribution, S), np.random.default_rng(0), 4000
    drawn, expected = Counter[int](), torch.zeros(V)
    for _ in range(rounds):
        found = sampler.draw(rng)
        drawn.update(found.words.tolist())
        expected += sampler.log_expected(torch.arange(V), found.tries).exp() / rounds
    shares = torch.tensor([drawn[word] / rounds for word in range(V)])
    torch.testing.assert_close(shares, expected, rtol=0, atol=0.04)
    assert expected.sum().item() == pytest.approx(S, rel=0.02)


def test_log_expected_is_that_of_at_least_one_hit_in_so_many_tries() -> None:
    sampler, words = NegativeSampler(COUNTS, log_uniform, S), torch.tensor([0, 3, 3, 23])
    shares = log_uniform(COUNTS)[words].tolist()
    assert sampler.log_expected(words, 13).tolist() == pytest.approx(
        [math.log(1 - (1 - p) ** 13) for p in shares], rel=1e-5
    )
    rare = NegativeSampler(torch.ones(300_000), log_uniform, 10)
    p = math.log1p(1 / 300_000) / math.log(300_001)
    assert rare.log_expected(torch.tensor([299_999]), 10).item() == pytest.approx(math.log(10 * p), rel=1e-4)


@pytest.mark.parametrize("size", [0, 1, V // 2 + 1, 1024])
def test_too_many_or_too_few_negatives_are_refused_with_a_number_that_fits(size: int) -> None:
    with pytest.raises(ValueError, match=rf"{size:,} negatives of 24 words: use --model.negatives=12 or .*=null"):
        NegativeSampler(COUNTS, size=size)
    NegativeSampler(COUNTS, size=12)


def test_probabilities_are_not_in_checkpoints() -> None:
    assert not NegativeSampler(COUNTS, size=S).state_dict()


# sampled soft-max
def made(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Hidden (N, E), next words (N,), the layer's rows (V, E) and bias (V,)."""
    torch.manual_seed(0)
    hidden, rows, bias = (torch.randn(shape, dtype=dtype).requires_grad_() for shape in ((N, E), (V, E), (V,)))
    return hidden, torch.tensor([0, 3, 23, 5, 5, 1, 12, 0, 7]), rows, bias


def sampled(sampler: NegativeSampler, negatives: Negatives, *values: Tensor) -> Tensor:
    hidden, words, rows, bias = values
    target, others = (Rows(each, rows[each], bias[each]) for each in (words, negatives.words))
    return sampled_nll(hidden, sampler, negatives, target=target, others=others)


def by_hand(negatives: Negatives, shares: list[float], *values: Tensor) -> Tensor:
    hidden, words, rows, bias = values

    def logit(place: int, word: int) -> Tensor:
        expected = 1 - (1 - shares[word]) ** negatives.tries
        return sum(hidden[place, k] * rows[word, k] for k in range(E)) + bias[word] - math.log(expected)

    losses = []
    for place, gold in enumerate(words.tolist()):
        others = [word for word in negatives.words.tolist() if word != gold]  # accidental hits are left out
        total = logit(place, gold).exp() + sum(logit(place, word).exp() for word in others)
        losses.append(total.log() - logit(place, gold))
    return torch.stack(losses)


@pytest.mark.parametrize("distribution", BOTH)
def test_sampled_nll_is_the_share_of_the_target_among_the_negatives(distribution: Distribution) -> None:
    sampler, values = NegativeSampler(COUNTS, distribution, S).double(), made()
    shares, hits = distribution(COUNTS).float().tolist(), 0
    for seed in range(5):
        negatives = sampler.draw(np.random.default_rng(seed))
        hits += int(torch.isin(values[1], negatives.words).sum())
        found, expected = sampled(sampler, negatives, *values), by_hand(negatives, shares, *values)
        torch.testing.assert_close(found, expected)
        weights = torch.linspace(-1, 2, N, dtype=torch.float64)
        leaves = (values[0], *values[2:])
        pairs = (torch.autograd.grad((each * weights).sum(), leaves) for each in (found, expected))
        for one, other in zip(*pairs, strict=True):
            torch.testing.assert_close(one, other)
    assert 0 < hits < 5 * N


def test_gradients_are_those_of_small_differences() -> None:
    sampler, (hidden, words, rows, bias) = NegativeSampler(COUNTS, size=S).double(), made()
    negatives = sampler.draw(np.random.default_rng(0))
    assert torch.autograd.gradcheck(
        lambda *own: sampled(sampler, negatives, own[0], words, *own[1:]), (hidden, rows, bias)
    )


def test_with_all_words_as_negatives_it_is_the_exact_loss() -> None:
    """So many tries that every word was to be expected: the correction is log 1."""
    sampler, (hidden, words, rows, bias) = NegativeSampler(COUNTS, size=S), made()
    loss = sampled(sampler, Negatives(torch.arange(V), 10**6), hidden, words, rows, bias)
    torch.testing.assert_close(loss, exact_nll(hidden, words, rows, bias), rtol=0, atol=1e-6)


@pytest.mark.parametrize("distribution", BOTH)
def test_mean_gradients_over_draws_are_near_the_exact_ones(distribution: Distribution) -> None:
    """Half of the words, 400 draws; without the correction the mean would be another's, of the sampled words."""
    sampler, (hidden, words, rows, bias), rng = (
        NegativeSampler(COUNTS, distribution, V // 2),
        made(),
        np.random.default_rng(0),
    )
    own, rounds = (hidden, rows, bias), 400
    mean = [torch.zeros_like(leaf) for leaf in own]
    for _ in range(rounds):
        loss = sampled(sampler, sampler.draw(rng), hidden, words, rows, bias).mean()
        mean = [total + each / rounds for total, each in zip(mean, torch.autograd.grad(loss, own), strict=True)]
    exact = torch.autograd.grad(exact_nll(hidden, words, rows, bias).mean(), own)
    for found, expected in zip(mean, exact, strict=True):
        assert F.cosine_similarity(found.flatten(), expected.flatten(), dim=0) > 0.99
        assert (found - expected).norm() < 0.2 * expected.norm()  # of finitely many negatives it is not without bias


def test_huge_logits_stay_finite() -> None:
    sampler, (hidden, words, rows, bias) = NegativeSampler(COUNTS, size=S), made(torch.float32)
    loss = sampled(sampler, sampler.draw(np.random.default_rng(0)), hidden * 1e3, words, rows * 1e3, bias)
    loss.sum().backward()
    assert loss.isfinite().all()
    assert hidden.grad.isfinite().all()
    assert rows.grad.isfinite().all()


def test_a_batch_without_words_costs_nothing() -> None:
    sampler, (hidden, words, rows, bias) = NegativeSampler(COUNTS, size=S), made(torch.float32)
    loss = sampled(sampler, sampler.draw(np.random.default_rng(0)), hidden[:0], words[:0], rows, bias)
    loss.sum().backward()
    assert loss.shape == (0,)
    assert not rows.grad.any()


def test_mixed_precision_is_near_full_precision() -> None:
    sampler, values = NegativeSampler(COUNTS, size=S), made(torch.float32)
    negatives = sampler.draw(np.random.default_rng(0))
    expected = sampled(sampler, negatives, *values)
    with torch.autocast("cpu", torch.bfloat16):
        found = sampled(sampler, negatives, values[0].bfloat16(), *values[1:])
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=0.1)  # logits of about 5 have 8 bits
    found.sum().backward()
    assert all(leaf.grad.isfinite().all() for leaf in (values[0], *values[2:]))


# exact soft-max
@pytest.mark.parametrize("chunk", [2**25, 5 * V, V, 1])
def test_exact_nll_is_cross_entropy_whole_or_in_chunks(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampled_softmax, "CHUNK", chunk)
    hidden, words, rows, bias = made()
    logits = hidden @ rows.T + bias
    by_word = torch.stack([-logits[place].softmax(0)[word].log() for place, word in enumerate(words.tolist())])
    torch.testing.assert_close(F.cross_entropy(logits, words, reduction="none"), by_word)
    torch.testing.assert_close(exact_nll(hidden, words, rows, bias), by_word)
    with torch.no_grad():
        torch.testing.assert_close(exact_nll(hidden, words, rows, bias), by_word)
        assert exact_nll(hidden[:0], words[:0], rows, bias).shape == (0,)
    assert torch.autograd.gradcheck(lambda *own: exact_nll(own[0], words, *own[1:]), (hidden, rows, bias))
