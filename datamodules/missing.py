"""Which posts lose which modality, for evaluation. Imports no torch."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Missing = Mapping[str, float]  # modality -> share of the posts that lose it, in [0, 1]


def only(modality: str, modalities: Sequence[str]) -> dict[str, float]:
    """What is missing where a post has one modality alone."""
    return {name: 1.0 for name in modalities if name != modality}


def lost(ids: Sequence[str], modalities: Sequence[str], missing: Missing, seed: int) -> NDArray[np.bool_]:
    """Which posts lose which modality, (P, M), drawn from (seed, modality, post).

    Who loses one at some rate loses it at every higher rate too. Modalities that a classifier does not read are passed
    over, so that one question can be asked of several classifiers.

    Raises:
        ValueError: a share outside [0, 1].
    """
    table = np.zeros((len(ids), len(modalities)), dtype=bool)
    for name, share in missing.items():
        if not 0 <= share <= 1:
            raise ValueError(f"{name}: {share} is no share of posts in [0, 1]")
        if name in modalities:
            table[:, list(modalities).index(name)] = [_draw(f"{seed}/{name}/{post}") < share for post in ids]
    return table


def _draw(text: str) -> float:
    """A number in [0, 1) that the text decides."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") / 2.0**64
