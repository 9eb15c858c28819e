"""Controls of a retrieval run: is it the comments, is it the neighbours, or only more parameters and data?"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def shuffled_donors(parts: Sequence[str], seed: int) -> NDArray[np.int64]:
    """Return for each post another one of the same part (n,), each the donor of exactly one: a derangement.

    Raises ValueError where a part has one post only, which has nobody to change with.
    """
    names = np.asarray(parts, dtype=str)
    draw = np.random.default_rng(seed)
    donors = np.arange(len(names))
    for name in np.unique(names):
        members = draw.permutation(np.flatnonzero(names == name))
        if len(members) == 1:
            raise ValueError(f"part {str(name)!r} has one post: its comments can't be shuffled")
        donors[members] = np.roll(members, 1)  # one cycle through a random order: nobody keeps its own
    return donors


def random_rows(post: str, seed: int, eligible: NDArray[np.int64], banned: NDArray[np.int64], count: int) -> NDArray:
    """Return up to `count` distinct corpus rows drawn uniformly from `eligible` (rising) without `banned`.

    Drawn from (seed, post id), so that neither order nor number of the posts changes it.
    """
    digest = hashlib.blake2b(f"{seed}\n{post}".encode(), digest_size=8).digest()
    draw = np.random.default_rng(int.from_bytes(digest, "big"))
    at = np.minimum(np.searchsorted(eligible, banned), max(len(eligible) - 1, 0))
    refused = set(banned[eligible[at] == banned].tolist()) if len(eligible) else set()
    count = min(count, len(eligible) - len(refused))
    taken: dict[int, None] = {}
    while len(taken) < count:
        row = int(eligible[draw.integers(len(eligible))])
        if row not in refused:
            taken[row] = None
    return np.fromiter(taken, np.int64)
