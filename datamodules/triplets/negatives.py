"""Negative phrases: drawn from a pool, without a word in common with the pair that they join (Pins, section 3.2.1)."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datamodules.triplets.stems import Stems

TRIES = 100
BLOCK = 2**20  # triplets that are drawn for at one time
_STEP = 0x9E3779B97F4A7C15  # odd and far from regular: SplitMix64's


class Pool(NamedTuple):
    """Q phrases by number, in the order in which they are first met, and the chance of each."""

    phrases: NDArray[np.int64]  # (Q,) distinct
    weights: NDArray[np.int64]  # (Q,) above 0; a phrase's chance is its share of the sum


def draw_negatives(
    stems: Stems, texts: Sequence[str], pairs: tuple[NDArray[np.int64], NDArray[np.int64]], pool: Pool, seed: int
) -> NDArray[np.int64]:
    """Return (N,) numbers of negative phrases; -1 where none of 100 draws fits.

    A pair's draws follow from (seed, base, positive), and a ticket is drawn below a power of two and thrown away where
    the pool ends before it: so a phrase at the end of the pool, or a pair more, changes few other triplets. What a
    ticket draws depends on the pool's order: the same phrases in another order give other negatives.

    Args:
        stems: of all phrases.
        texts: the phrases themselves.
        pairs: (N,) numbers of base and of positive phrases.
        pool: what is drawn from.
        seed: of the draws.
    """
    base, positive = pairs
    used, place = np.unique(np.concatenate(pairs), return_inverse=True)  # of a pool far fewer than there are
    of_base, of_positive = np.split(np.array([_hashed(texts[number]) for number in used], np.uint64)[place], 2)
    keys = _mixed(of_base ^ _mixed(of_positive + np.uint64(_hashed(str(seed)))))  # (N,)
    blocks = [slice(begin, begin + BLOCK) for begin in range(0, len(base), BLOCK)]
    found = [_drawn(stems, keys[part], base[part], positive[part], pool) for part in blocks]
    return np.concatenate([np.zeros(0, np.int64), *found])


def _drawn(
    stems: Stems, keys: NDArray[np.uint64], base: NDArray[np.int64], positive: NDArray[np.int64], pool: Pool
) -> NDArray[np.int64]:
    ends = np.cumsum(pool.weights).astype(np.uint64)
    below = np.uint64((1 << int(ends[-1] - 1).bit_length()) - 1)
    found, tries = np.full(len(keys), -1), np.zeros(len(keys), np.int64)
    left, state = np.arange(len(keys)), 0
    while len(left):
        state = (state + _STEP) % 2**64
        ticket = _mixed(keys[left] + np.uint64(state)) & below
        inside = np.flatnonzero(ticket < ends[-1])
        asked = left[inside]
        phrase = pool.phrases[np.searchsorted(ends, ticket[inside], side="right")]
        fits = ~(stems.share(base[asked], phrase) | stems.share(positive[asked], phrase))
        found[asked[fits]] = phrase[fits]
        tries[asked] += 1
        left = left[(found[left] < 0) & (tries[left] < TRIES)]
    return found


def _hashed(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's last step: numbers that differ in a bit come out unrelated."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
