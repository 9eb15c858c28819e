"""Words that a model of timelines knows (DU2MCE, section 4.1).

The paper counts the words of the corpus. Here those of training texts are counted: a word that is only in others would
have no vector but one that nothing was learned of.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from datamodules.timelines.reading import Entries


class Vocabulary(NamedTuple):
    """V - 1 known words, by falling count, equal counts by word; word 0 is padding."""

    words: list[str]
    counts: list[int]
    number: NDArray[np.int32]  # of all words that were read: the known one's number, from 1 on; -1


def known_words(entries: Entries, train: NDArray[np.bool_], min_count: int) -> Vocabulary:
    """Words that occur often enough in the posts (P,) to learn from.

    Raises:
        ValueError: there are texts to learn from and no word does; says how often the most frequent one does.
    """
    counts = np.bincount(entries.tokens[np.repeat(train, entries.lengths)], minlength=len(entries.words))
    kept = np.flatnonzero(counts >= min_count)
    if not len(kept) and counts.any():
        word, often = entries.words[int(counts.argmax())].as_py(), int(counts.max())
        raise ValueError(
            f"no word occurs {min_count:,} times (min_count) in the training texts: {word!r} is the most frequent, "
            f"{often:,} times; take a smaller min_count"
        )
    names = np.array(entries.words.take(pa.array(kept)).to_pylist(), object)
    order = np.lexsort((names, -counts[kept])) if len(kept) else kept
    number = np.full(len(counts), -1, np.int32)
    number[kept[order]] = np.arange(1, len(kept) + 1, dtype=np.int32)
    return Vocabulary(names[order].tolist(), counts[kept[order]].tolist(), number)
