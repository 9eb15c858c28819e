"""gensim's word2vec on sentences of words by number, for the stages that learn vectors of words. Imports no torch."""

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from gensim.models import KeyedVectors, Word2Vec
from gensim.models.callbacks import CallbackAny2Vec
from numpy.typing import NDArray

AT_ONCE = 10_000  # sentences that are Python lists at one time


class NumberedSentences:
    """Sentences as lists of words, as often as they are gone through.

    Args:
        words: V words by their numbers.
        tokens: (T,) numbers of words.
        offsets: (S + 1,) sentence s is tokens[offsets[s] : offsets[s + 1]].
        rows: which of the sentences, ascending; None takes all.
    """

    def __init__(
        self,
        words: Sequence[str],
        tokens: NDArray[np.integer],
        offsets: NDArray[np.integer],
        rows: NDArray[np.integer] | None = None,
    ) -> None:
        self.words, self.tokens, self.offsets = words, tokens, offsets
        self.rows = np.arange(len(offsets) - 1) if rows is None else rows

    def __iter__(self) -> Iterator[list[str]]:
        for start in range(0, len(self.rows), AT_ONCE):
            rows = self.rows[start : start + AT_ONCE]
            starts, lengths = self.offsets[rows], self.offsets[rows + 1] - self.offsets[rows]
            ends = np.concatenate([[0], np.cumsum(lengths)])
            places = np.repeat(starts - ends[:-1], lengths) + np.arange(ends[-1])
            words = [self.words[number] for number in self.tokens[places].tolist()]
            for begin, end in pairwise(ends.tolist()):
                yield words[begin:end]


def learn_vectors(sentences: NumberedSentences, *, skip_gram: bool, settings: dict[str, Any]) -> KeyedVectors:
    """Vectors of all words that occur in the sentences; one thread, so that nothing depends on chance.

    Args:
        sentences: to learn from.
        skip_gram: predict the words around a word; else, gensim's default, the word of those around it.
        settings: size, window, negative, epochs, seed.
    """
    model = Word2Vec(
        sentences,
        sg=int(skip_gram),
        vector_size=settings["size"],
        window=settings["window"],
        negative=settings["negative"],
        epochs=settings["epochs"],
        min_count=1,  # the corpus has left out rare words
        seed=settings["seed"],
        workers=1,
        callbacks=[_Progress(settings["epochs"])],
    )
    return model.wv


class _Progress(CallbackAny2Vec):
    """A line an epoch."""

    def __init__(self, epochs: int) -> None:
        self.epochs, self.epoch, self.start = epochs, 0, time.time()

    def on_epoch_begin(self, model: Any) -> None:
        self.start = time.time()

    def on_epoch_end(self, model: Any) -> None:
        self.epoch += 1
        seconds = time.time() - self.start
        print(f"epoch {self.epoch} of {self.epochs}: {model.corpus_total_words / seconds:,.0f} words/s", flush=True)
