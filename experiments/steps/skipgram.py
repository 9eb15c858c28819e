"""Stage of the baseline that sees no pictures: gensim's skip-gram on a corpus (Pins, issue's baselines).

Imports no torch.
"""

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec

from datamodules.sentences.corpus import SPECIAL, Corpus
from encoders.embeddings import Embeddings
from experiments.stage import Job
from experiments.wiring import filled

AT_ONCE = 10_000  # sentences that are Python lists at one time


def skipgram(job: Job) -> None:
    """Train on the training sentences; leaves `words.parquet` and `vectors.npy`.

    <unk> stands in the sentences as a word, but has no vector among those that are left.

    Raises:
        ValueError: the corpus has no training sentences.
    """
    settings = filled(job.settings, job.folders)
    corpus = Corpus(Path(settings["corpus"]))
    model = Word2Vec(
        TrainingSentences(corpus),
        sg=1,
        vector_size=settings["size"],
        window=settings["window"],
        negative=settings["negative"],
        epochs=settings["epochs"],
        min_count=1,  # the corpus has left out rare words
        seed=settings["seed"],
        workers=1,  # more would make the result depend on chance
        callbacks=[_Progress(settings["epochs"])],
    )
    words = [word for word in corpus.words if word not in SPECIAL and word in model.wv]
    Embeddings(words, model.wv[words]).save(job.folder)


class TrainingSentences:
    """A corpus's training sentences as lists of words, as often as they are gone through."""

    def __init__(self, corpus: Corpus) -> None:
        self._words, self._part = corpus.words, corpus.part("train")

    def __iter__(self) -> Iterator[list[str]]:
        tokens, offsets = self._part.tokens, self._part.offsets
        for start in range(0, len(offsets) - 1, AT_ONCE):
            ends = offsets[start : start + AT_ONCE + 1].tolist()
            words = [self._words[number] for number in tokens[ends[0] : ends[-1]].tolist()]
            for begin, end in pairwise(ends):
                yield words[begin - ends[0] : end - ends[0]]


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
