"""DU2MCE's text encoder: sentences of like length together, or all filled up to the greatest length."""

from collections.abc import Callable

import torch
from torch import Tensor

from encoders.text_cnn import GROUP, SentenceCNN
from experiments.benchmarks.material import Material
from experiments.benchmarks.timing import Comparison, Sides, alternating

REPEATS = 10
WORDS = 5.5  # of a text after cleaning, as of Flickr8k's captions (5.6) and imgflip's memes (5.3)


def texts(count: int, length: int, known: int, device: torch.device) -> Tensor:
    """(count, length) word numbers, 1 and as many more as a Poisson draw says, filled up with 0."""
    draws = torch.Generator().manual_seed(0)
    lengths = 1 + torch.poisson(torch.full((count, 1), WORDS - 1), generator=draws)
    words = torch.randint(1, known, (count, length), generator=draws)
    return (words * (torch.arange(length) < lengths)).to(device)


def sides(encoder: SentenceCNN, words: Tensor) -> Sides[list[Tensor]]:
    """Both with gradients; return vectors, then gradients."""
    parameters = list(encoder.blocks.parameters())

    def turn(found: Callable[[Tensor], Tensor]) -> list[Tensor]:
        vectors = found(words)
        return [vectors.detach(), *torch.autograd.grad(vectors.sum(), parameters)]

    return Sides(lambda: turn(lambda words: _filled_up(encoder, words)), lambda: turn(encoder))


def _filled_up(encoder: SentenceCNN, words: Tensor) -> Tensor:
    vectors = encoder.table(words).transpose(1, 2)  # (S, d, L)
    return torch.cat([block(vectors).amax(2) for block in encoder.blocks], dim=1).relu()


def measure(material: Material) -> list[Comparison]:
    """One row."""
    sizes, device = material.sizes.timelines, material.device
    encoder = SentenceCNN(material.timelines.corpus, filters=sizes.filters).to(device)
    words = texts(sizes.batch, sizes.length, sizes.words, device)
    first, second = alternating(sides(encoder, words), REPEATS, device)
    shown = (
        f"{sizes.batch:,} texts of {float((words > 0).sum(1).float().mean()):.1f} words; filters "
        f"{', '.join(map(str, sizes.filters))}; groups of {GROUP}; with gradients; best of {REPEATS}"
    )
    ways = f"all filled up to {sizes.length} words", "like lengths together"
    return [Comparison("text encoder of DU2MCE", *ways, shown, first, second)]
