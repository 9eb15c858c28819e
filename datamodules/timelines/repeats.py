"""Posts that say and show what their user has posted before (DU2MCE, section 4.1)."""

import numpy as np
from numpy.typing import NDArray

from datamodules.sentences.overlap import near_duplicate_groups


def text_groups(tokens: NDArray[np.int32], lengths: NDArray[np.int32], most: float) -> NDArray[np.int64]:
    """First post of each one's group of near-duplicate texts, (P,); -1 where a post has no words."""
    return np.where(lengths > 0, near_duplicate_groups(tokens, lengths, most), -1)


def repeats(user: NDArray[np.integer], text: NDArray[np.integer], picture: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which posts (P,) add nothing to an earlier one of their user: the same text, and the same picture or none.

    The paper compares the words of two posts "along with" their pictures: the same words with another picture stay.
    Posts without a user repeat nobody.

    Args:
        user: (P,) numbers, -1 for nobody.
        text: (P,) identities, -1 without one.
        picture: (P,) identities, -1 without one.
    """
    bare = (picture < 0) & (text >= 0)
    return (user >= 0) & (_again(user, text, picture) | (bare & _again(user, text)))


def _again(*columns: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which rows have been there before."""
    order = np.lexsort(columns[::-1])  # stable
    same = np.ones(max(len(order) - 1, 0), bool)
    for column in columns:
        same &= column[order[1:]] == column[order[:-1]]
    found = np.zeros(len(order), bool)
    found[order[1:]] = same
    return found
