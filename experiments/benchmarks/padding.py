"""Texts through a frozen encoder: in buckets of like length, or all padded to the greatest length allowed."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from encoders import TextEncoder, Tokenizer, Tokens
from encoders.tokens import buckets
from experiments.benchmarks.material import MAX_TOKENS, Material
from experiments.benchmarks.timing import Comparison, Sides, Wanted, alternating

WANTED = Wanted(least=2.5)
FIRST, SECOND = f"all padded to {MAX_TOKENS} tokens", "bucketed, padded to the batch's longest"


class Encoding:
    """Texts as word pieces, and the encoder that reads them.

    Args:
        material: names weights, device and rows encoded at once.
        texts: n texts.
    """

    def __init__(self, material: Material, texts: Sequence[str]) -> None:
        self.tokenizer = Tokenizer(material.text_weights, MAX_TOKENS)
        self.encoder = TextEncoder(material.text_weights, trainable=False).to(material.device)
        self.pieces, self.at_once, self.device = self.tokenizer(texts), material.sizes.rows, material.device

    @property
    def lengths(self) -> list[int]:
        """Word pieces of each text."""
        return [len(row) for row in self.pieces]

    @torch.inference_mode()
    def padded(self) -> Tensor:
        """Return (n, H), computed on as many columns as are allowed."""
        starts = range(0, len(self.pieces), self.at_once)
        groups = [self.tokenizer.pad(self.pieces[start : start + self.at_once]) for start in starts]
        return torch.cat([self._encoded(_widened(tokens, self.tokenizer.padding)) for tokens in groups])

    @torch.inference_mode()
    def bucketed(self) -> Tensor:
        """Return (n, H), computed on as many columns as each bucket needs."""
        groups = buckets(self.lengths, self.at_once)
        found = [self._encoded(self.tokenizer.pad([self.pieces[row] for row in group])) for group in groups]
        order = torch.from_numpy(np.concatenate(groups).argsort()).to(self.device)
        return torch.cat(found)[order]

    def _encoded(self, tokens: Tokens) -> Tensor:
        vectors: Tensor = self.encoder(Tokens(*(part.to(self.device) for part in tokens)))
        return vectors


def measure(material: Material) -> list[Comparison]:
    """Tweets, comments, and both after one another."""
    chosen = {
        material.tweets_name: _some(material.tweets, material.sizes.texts),
        "simulated comments": _some(material.comments, material.sizes.texts),
    }
    found = [_compared(material, name, texts) for name, texts in chosen.items()]
    first, second = (sum(row.first_seconds for row in found), sum(row.second_seconds for row in found))
    sizes = f"the two above, {2 * material.sizes.texts} texts"
    return [*found, Comparison("encoding tweets and comments", FIRST, SECOND, sizes, first, second, WANTED)]


def _compared(material: Material, name: str, texts: list[str]) -> Comparison:
    encoding = Encoding(material, texts)
    both = Sides(encoding.padded, encoding.bucketed)
    first, second = alternating(both, material.sizes.repeats, material.device)
    sizes = material.sizes
    shown = (
        f"{len(texts)} texts, {sizes.rows} at once; frozen encoder of {sizes.layers} layers, {sizes.width} wide; "
        f"{material.pieces_name}"
    )
    return Comparison(f"encoding {name}", FIRST, SECOND, shown, first, second, note=_lengths(encoding, sizes.rows))


def _lengths(encoding: Encoding, at_once: int) -> str:
    """Why the ratio is what it is: cost is nearly proportional to the columns computed."""
    lengths = np.array(encoding.lengths)
    longest = [len(group) * int(lengths[group].max()) for group in buckets(lengths.tolist(), at_once)]
    bound = MAX_TOKENS * len(lengths) / sum(longest)
    return (
        f"{lengths.mean():.1f} word pieces on average, {100 * (lengths == MAX_TOKENS).mean():.0f} % of the texts have "
        f"the full {MAX_TOKENS}: {bound:.2f} times fewer columns to compute, which the ratio should be near."
    )


def _some(texts: Sequence[str], count: int) -> list[str]:
    """Texts drawn evenly; the same for every run."""
    chosen = np.random.default_rng(0).choice(len(texts), count, replace=len(texts) < count)
    return [texts[number] for number in chosen]


def _widened(tokens: Tokens, padding: int) -> Tokens:
    missing = (0, MAX_TOKENS - tokens.ids.shape[1])
    return Tokens(F.pad(tokens.ids, missing, value=padding), F.pad(tokens.mask, missing, value=False))
