"""Which phrases share a word, or a form of the same word (Pins, section 3.2.1)."""

from array import array
from collections.abc import Sequence

import numpy as np
import Stemmer
from numpy.typing import NDArray
from scipy import sparse

BLOCK = 2**18  # pairs that are compared at one time


class Stems:
    """The stems of each of P phrases, by Snowball's English stemmer: "cake" and "cakes" have one.

    Args:
        phrases: of words between single spaces.
    """

    def __init__(self, phrases: Sequence[str]) -> None:
        stemmer = Stemmer.Stemmer("english")
        by_word: dict[str, int] = {}
        by_stem: dict[str, int] = {}
        columns, ends = array("i"), array("q", [0])
        for phrase in phrases:
            for word in phrase.split():
                if word not in by_word:
                    by_word[word] = by_stem.setdefault(stemmer.stemWord(word), len(by_stem))
            columns.extend({by_word[word] for word in phrase.split()})
            ends.append(len(columns))
        shape = (len(phrases), len(by_stem))
        self._rows = sparse.csr_array((np.ones(len(columns), np.int32), columns, ends), shape=shape)  # (P, stems)

    def share(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(N,) whether phrases `left[i]` and `right[i]`, by number, have a stem in common."""
        found = np.zeros(len(left), dtype=bool)
        for begin in range(0, len(left), BLOCK):
            part = slice(begin, begin + BLOCK)
            found[part] = self._rows[left[part]].multiply(self._rows[right[part]]).sum(axis=1) > 0
        return found


def stemmed(words: Sequence[str]) -> list[str]:
    """The stem of each word, by Snowball's English stemmer."""
    return Stemmer.Stemmer("english").stemWords(list(words))
