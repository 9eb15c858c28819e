"""Stage of the baseline that sees no pictures: gensim's skip-gram on a corpus (Pins, issue's baselines).

Imports no torch.
"""

from pathlib import Path

from datamodules.sentences.corpus import SPECIAL, Corpus
from encoders.embeddings import Embeddings
from experiments.stage import Job
from experiments.steps.word2vec import NumberedSentences, learn_vectors
from experiments.wiring import filled


def skipgram(job: Job) -> None:
    """Train on the training sentences; leaves `words.parquet` and `vectors.npy`.

    <unk> stands in the sentences as a word, but has no vector among those that are left.

    Raises:
        ValueError: the corpus has no training sentences.
    """
    settings = filled(job.settings, job.folders)
    corpus = Corpus(Path(settings["corpus"]))
    vectors = learn_vectors(training_sentences(corpus), skip_gram=True, settings=settings)
    words = [word for word in corpus.words if word not in SPECIAL and word in vectors]
    Embeddings(words, vectors[words]).save(job.folder)


def training_sentences(corpus: Corpus) -> NumberedSentences:
    """A corpus's training sentences as lists of words."""
    part = corpus.part("train")
    return NumberedSentences(corpus.words, part.tokens, part.offsets)
