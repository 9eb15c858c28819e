"""Phrases as the mean of their words' vectors, and which of two phrases is nearer (Pins, section 5.2)."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from encoders.embeddings import Embeddings

CLEANED = 100_000  # phrases that are lists of words at one time
BLOCK = 4096  # triplets, or phrases, whose vectors are there at one time
EQUAL = 1e-6  # cosines this close are equal in float32; a tie is wrong

Clean = Callable[[Sequence[str]], Sequence[str]]
Numbers = NDArray[np.int64]


class Numbered(NamedTuple):
    """Columns of phrases as numbers of their distinct phrases."""

    phrases: list[str]
    columns: list[Numbers]  # each as long as its column


def numbered(columns: Sequence[pa.ChunkedArray]) -> Numbered:
    """Number the distinct phrases of some columns of strings from 0."""
    joined = pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string())
    encoded = joined.dictionary_encode().unify_dictionaries()
    phrases = encoded.chunk(0).dictionary.to_pylist() if encoded.num_chunks else []
    indices = [chunk.indices.to_numpy() for chunk in encoded.chunks]
    numbers = np.concatenate([np.empty(0, np.int64), *indices])
    return Numbered(phrases, np.split(numbers, np.cumsum([len(column) for column in columns])[:-1]))


class PhraseVectors:
    """P phrases, each the mean of the vectors of its known words; without any it is unknown and its vector zero.

    Only the words' rows are kept; vectors are made a block at a time, where they are needed.

    Args:
        embeddings: of words.
        phrases: distinct ones.
        clean: texts to texts with blanks between words, as the corpus of the embeddings was cleaned.
    """

    def __init__(self, embeddings: Embeddings, phrases: Sequence[str], clean: Clean) -> None:
        self.embeddings = embeddings
        starts = range(0, len(phrases), CLEANED)
        parts = [_word_rows(embeddings, clean(phrases[start : start + CLEANED])) for start in starts]
        rows = np.concatenate([np.empty(0, np.int64), *(rows for rows, _ in parts)])  # (words of all phrases,)
        lengths = np.concatenate([np.empty(0, np.int64), *(lengths for _, lengths in parts)])  # (P,)
        self.known_words, self.all_words = int((rows >= 0).sum()), len(rows)
        phrase = np.repeat(np.arange(len(phrases)), lengths)[rows >= 0]
        counts = np.bincount(phrase, minlength=len(phrases))  # (P,)
        self.known: NDArray[np.bool_] = counts > 0
        shares = (1 / counts[phrase]).astype(np.float32)
        # words in the order of their rows: phrases of the same words have the same vector to the last bit
        self._means = sparse.csr_array((shares, (phrase, rows[rows >= 0])), shape=(len(phrases), len(embeddings)))
        self._means.sum_duplicates()

    def __len__(self) -> int:
        return len(self.known)

    def covered(self, base: Numbers, positive: Numbers, negative: Numbers) -> NDArray[np.bool_]:
        """(n,) whether all three phrases of a triplet are known; triplets are given as phrases' numbers, (n,) each."""
        return self.known[base] & self.known[positive] & self.known[negative]

    def triplets_right(self, base: Numbers, positive: Numbers, negative: Numbers) -> NDArray[np.bool_]:
        """(n,) whether d(base, positive) < d(base, negative), d = 1 - cosine; wrong where a vector is zero."""
        right = self._has_direction[base] & self._has_direction[positive] & self._has_direction[negative]
        for start in range(0, len(base), BLOCK):
            block = slice(start, start + BLOCK)
            a, b, c = (self._units[rows[block]] @ self.embeddings.vectors for rows in (base, positive, negative))
            right[block] &= np.einsum("nd,nd->n", a, b - c) > EQUAL  # cos(a, b) - cos(a, c)
        return right

    @cached_property
    def _norms(self) -> NDArray[np.float32]:
        """(P,) lengths of the vectors."""
        norms = np.zeros(len(self), np.float32)
        for start in range(0, len(self), BLOCK):
            block = self._means[start : start + BLOCK] @ self.embeddings.vectors  # (BLOCK, d)
            norms[start : start + BLOCK] = np.sqrt(np.einsum("pd,pd->p", block, block))
        return norms

    @property
    def _has_direction(self) -> NDArray[np.bool_]:
        return self._norms > 0

    @cached_property
    def _units(self) -> Any:
        """Sparse (P, V): times the words' vectors, phrases of length 1."""
        lengths = np.where(self._has_direction, self._norms, 1)
        units = self._means.copy()
        units.data /= np.repeat(lengths, np.diff(units.indptr))
        return units


def _word_rows(embeddings: Embeddings, phrases: Sequence[str]) -> tuple[Numbers, Numbers]:
    """Rows of the words of all phrases, one phrase after the other, and how many words each has."""
    words = [phrase.split() for phrase in phrases]
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    return embeddings.rows([word for each in words for word in each]), lengths
