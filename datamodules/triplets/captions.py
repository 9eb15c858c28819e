"""Triplets from captions that were held out: phrases of one picture against a phrase of another."""

from collections.abc import Collection, Container
from itertools import pairwise

import numpy as np

from datamodules.sentences.corpus import SPECIAL, Corpus
from datamodules.sentences.stop_words import stop_words
from datamodules.triplets.files import Triplets
from datamodules.triplets.stems import stemmed

ROUNDS = 5  # triplets of a picture, at most
TRIES = 100

Row = tuple[str, str, str]


def caption_triplets(
    corpus: Corpus, part: str, count: int, seed: int, stop: Collection[str] | None = None, rounds: int = ROUNDS
) -> Triplets:
    """Draw base and positive from two captions of one picture, the negative from a caption of another picture.

    Each phrase is one content word or two that stand side by side; no two phrases of a triplet share a stem. Pictures
    come in random order, each with one triplet before any has its second, until `count`; a picture with fewer than two
    captions, or none that fit in 100 draws, has none. What a picture gets follows from (seed, round, picture).

    Args:
        corpus: sentences with pictures.
        part: which of them.
        count: triplets wanted, from 1; where the part has not as many, there are fewer.
        seed: of the draws, from 0.
        stop: words without content, beside `<unk>` and what is digits only; `stop_words` where None.
        rounds: triplets of a picture, at most.

    Raises:
        ValueError: count or seed is out of its range, the corpus has no such part, or no triplet comes out of it.
    """
    for name, value, least in (("count", count, 1), ("seed", seed, 0)):
        if value < least:
            raise ValueError(f"{name}: {value}; it is a whole number from {least}")
    captions = _Captions(corpus, part, stop_words() if stop is None else frozenset(stop))
    order = np.random.default_rng(seed).permutation(len(captions)).tolist()
    rows: dict[Row, None] = {}  # in their order, none of them twice
    for number in range(rounds):
        for place in order:
            if len(rows) >= count:
                break
            row = captions.draw(place, np.random.default_rng([seed, number, captions.picture(place)]), rows)
            if row:
                rows[row] = None
    if not rows:
        raise ValueError(
            f"{corpus.folder}: no triplet comes out of part {part!r}; do two pictures there have two captions each?"
        )
    return Triplets.of(rows)


class _Captions:
    """Content words of a part's sentences, picture by picture; `len` counts pictures, and a place is a picture's."""

    def __init__(self, corpus: Corpus, part: str, stop: frozenset[str]) -> None:
        self._words, self._stems = corpus.words, stemmed(corpus.words)
        self._content = [not (word in stop or word in SPECIAL or word.isdigit()) for word in corpus.words]
        self._tokens, self._offsets, picture = corpus.part(part)
        shown = np.argsort(picture, kind="stable")
        self._sentences = shown[np.searchsorted(picture[shown], 0) :]  # -1 is no picture
        self._pictures, begins = np.unique(picture[self._sentences], return_index=True)
        self._ends = [*begins.tolist(), len(self._sentences)]

    def __len__(self) -> int:
        return len(self._pictures)

    def picture(self, place: int) -> int:
        """A picture's number in the corpus."""
        return int(self._pictures[place])

    def draw(self, place: int, draw: np.random.Generator, known: Container[Row]) -> Row | None:
        """A triplet of one picture that is not known yet; None where none of 100 draws fits."""
        begin, end = self._ends[place : place + 2]
        others = len(self._sentences) - (end - begin)
        if end - begin < 2 or not others:
            return None
        for _ in range(TRIES):
            first, second = begin + draw.choice(end - begin, 2, replace=False)
            other = draw.integers(others)
            sentences = (first, second, other + (end - begin) * (other >= begin))
            base, positive, negative = (self._phrase(sentence, draw) for sentence in sentences)
            row = self._spelled(base), self._spelled(positive), self._spelled(negative)
            if all(row) and self._apart(base, positive, negative) and row not in known:
                return row
        return None

    def _phrase(self, row: int, draw: np.random.Generator) -> list[int]:
        """One content word of a sentence, or two side by side, all with the same chance; empty where it has none."""
        sentence = self._sentences[row]
        tokens = self._tokens[self._offsets[sentence] : self._offsets[sentence + 1]].tolist()
        found = [[token] for token in tokens if self._content[token]]
        found += [list(pair) for pair in pairwise(tokens) if all(self._content[token] for token in pair)]
        return found[draw.integers(len(found))] if found else []

    def _apart(self, *phrases: list[int]) -> bool:
        stems = [{self._stems[token] for token in phrase} for phrase in phrases]
        return sum(map(len, stems)) == len(set().union(*stems))

    def _spelled(self, phrase: list[int]) -> str:
        return " ".join(self._words[token] for token in phrase)
