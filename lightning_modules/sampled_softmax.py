"""Next-word losses over large vocabularies (Pins, section 4): sampled soft-max in training, the exact one elsewhere."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

Distribution = Callable[[Tensor], Tensor]  # occurrences (V,), most frequent word first -> shares (V,) that sum to 1
CHUNK = 2**25  # logits that are held at once


def log_uniform(counts: Tensor) -> Tensor:
    """Log-uniform over the words' rank by frequency: p(k) = log((k + 2) / (k + 1)) / log(V + 1), k = 0, 1, ...

    The reading of TensorFlow's sampler, and so of the code of the paper's time.
    """
    rank = torch.arange(len(counts), dtype=torch.float64)
    return ((rank + 2) / (rank + 1)).log() / np.log(len(counts) + 1)


def log_count(counts: Tensor) -> Tensor:
    """In proportion to the logarithm of a word's count, the other reading of "log frequency"; at least log 2."""
    logs = counts.double().clamp(min=2).log()
    return logs / logs.sum()


class Negatives(NamedTuple):
    """Distinct words, in order of their numbers, that a step tells the next words from."""

    words: Tensor  # (S,) int64
    tries: int  # draws that it took to find so many


class Rows(NamedTuple):
    """Rows of the soft-max layer for some words."""

    words: Tensor  # (n,) int64
    vectors: Tensor  # (n, E)
    bias: Tensor  # (n,)


class NegativeSampler(nn.Module):
    """Draws S distinct words, and knows how often each was to be expected among them.

    Args:
        counts: (V,) occurrences of each word, most frequent first.
        distribution: `log_uniform` or `log_count`.
        size: S (Section 4: 1,024).

    Raises:
        ValueError: S is below 2, or the vocabulary has fewer than 2 S words; says what to use.
    """

    probability: Tensor

    def __init__(self, counts: Tensor, distribution: Distribution = log_uniform, size: int = 1024) -> None:
        super().__init__()
        if not 1 < size <= len(counts) // 2:  # one alone could be the target itself
            most = len(counts) // 2
            fewer = f"--model.negatives={most} or fewer, or " if most > 1 else ""
            raise ValueError(
                f"{size:,} negatives of {len(counts):,} words: use {fewer}--model.negatives=null for the exact soft-max"
            )
        self.size = size
        probability = distribution(counts)
        self.register_buffer("probability", probability.float(), persistent=False)
        self._cumulative: NDArray[np.float64] = probability.cumsum(0).numpy()

    def draw(self, rng: np.random.Generator) -> Negatives:
        """Draw with replacement until S distinct words are found; a draw is of all devices alike."""
        drawn = np.zeros(0, dtype=np.int64)
        while True:
            spots = rng.random(2 * self.size) * self._cumulative[-1]
            drawn = np.concatenate([drawn, np.searchsorted(self._cumulative, spots, side="right")])
            words, first = np.unique(drawn, return_index=True)
            if len(words) >= self.size:
                break
        tries = int(np.sort(first)[self.size - 1]) + 1
        return Negatives(torch.from_numpy(words[first < tries]).to(self.probability.device), tries)

    def log_expected(self, words: Tensor, tries: int) -> Tensor:
        """Log of the expected count of words (n,) among the distinct ones of so many draws: 1 - (1 - p)^tries."""
        return (-torch.expm1(tries * torch.log1p(-self.probability[words]))).log()


def sampled_nll(
    hidden: Tensor, sampler: NegativeSampler, negatives: Negatives, *, target: Rows, others: Rows
) -> Tensor:
    """Sampled soft-max: -log of the target's share among itself and the negatives, (N,).

    Every logit is lessened by the log of its word's expected count, so that the loss tends to the exact one; a negative
    that is the target itself is left out (an accidental hit).

    Args:
        hidden: (N, E).
        sampler: knows the expected counts.
        negatives: S words that all N share.
        target: rows of the N next words.
        others: rows of the negatives.
    """
    of_target = (hidden * target.vectors).sum(1) + target.bias  # (N,)
    of_target = of_target - sampler.log_expected(target.words, negatives.tries)
    correction = sampler.log_expected(negatives.words, negatives.tries)  # (S,)
    place = torch.searchsorted(negatives.words, target.words).clamp(max=len(negatives.words) - 1)
    hits = (negatives.words[place] == target.words).nonzero().squeeze(1)
    of_others = _LogSumExp.apply(hidden, others.vectors, others.bias - correction, hits, place[hits])  # (N,)
    return F.softplus(of_others - of_target)  # log(e^target + e^others) - target


def exact_nll(hidden: Tensor, words: Tensor, vectors: Tensor, bias: Tensor) -> Tensor:
    """Soft-max over all V words: -log p(word), (N,); without gradients only some of the N x V logits are held at once.

    Args:
        hidden: (N, E).
        words: (N,) next words.
        vectors: (V, E) rows of the soft-max layer.
        bias: (V,).
    """
    step = max(1, len(hidden) if torch.is_grad_enabled() else CHUNK // len(vectors))
    parts = zip(hidden.split(step), words.split(step), strict=True)
    return torch.cat([F.cross_entropy(F.linear(each, vectors, bias), gold, reduction="none") for each, gold in parts])


class _LogSumExp(torch.autograd.Function):
    """log sum_s e^(hidden w_s + b_s) without some places; the (N, S) logits are held once, as what becomes of them."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, vectors: Tensor, bias: Tensor, rows: Tensor, places: Tensor) -> Tensor:
        shares = torch.addmm(bias.to(hidden.dtype), hidden, vectors.T).to(bias.dtype)  # (N, S)
        shares[rows, places] = -torch.inf
        largest = shares.amax(1, keepdim=True)
        total = shares.sub_(largest).exp_().sum(1, keepdim=True)
        ctx.save_for_backward(hidden, vectors, shares, total)
        return (total.log() + largest).squeeze(1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        hidden, vectors, shares, total = ctx.saved_tensors
        scale = gradients[0].unsqueeze(1) / total  # (N, 1); gradients of the logits are `scale * shares`, never held
        of_hidden = scale * (shares.to(vectors.dtype) @ vectors)
        of_vectors = shares.to(hidden.dtype).T @ (scale * hidden).to(hidden.dtype)
        return of_hidden.to(hidden.dtype), of_vectors.to(vectors.dtype), shares.T @ scale.squeeze(1), None, None
