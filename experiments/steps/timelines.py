"""Stages that make a corpus of timelines, vectors of its words, and what its users start from.

DU2MCE, sections 4.1 and 4.3. Only the first one, which reads stored features, imports torch.
"""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from datamodules.timelines import Timelines
from datamodules.user_means import at_random, random_like, word_means
from encoders.atomic import replacing, write_array
from encoders.vocabulary import PADDING
from experiments.stage import Job
from experiments.steps.word2vec import NumberedSentences, learn_vectors
from experiments.wiring import filled


def timelines(job: Job) -> None:
    """Clean texts, find near-duplicates, split; see `datamodules.timelines.write_timelines`."""
    from datamodules.posts import Posts
    from datamodules.timelines import Accounts, Pictures, Shares, Texts, write_timelines
    from encoders.store import FeatureStore

    settings = filled(job.settings, job.folders)
    write_timelines(
        Posts(settings["posts"]),
        job.folder,
        accounts=Accounts(**settings["accounts"]),
        texts=Texts(**settings["texts"]),
        pictures=Pictures(**settings["pictures"]),
        shares=Shares(**settings["shares"]),
        features=FeatureStore(settings["features"]),
        seed=settings["seed"],
    )


def word_vectors(job: Job) -> None:
    """gensim's word2vec on the training texts; leaves `words.parquet` and `vectors.npy`, row 0 of which is zero.

    Pictures without any text leave that row alone.
    """
    settings = filled(job.settings, job.folders)
    corpus = Timelines(Path(settings["timelines"]))
    vectors = np.zeros((len(corpus.words), settings["size"]), np.float32)
    if len(vectors) > PADDING + 1:
        sentences = NumberedSentences(corpus.words, corpus.tokens, corpus.offsets, corpus.rows("train"))
        learned = learn_vectors(sentences, skip_gram=False, settings=settings)
        known = np.array([word in learned for word in corpus.words])
        vectors[known] = learned[[word for word, there in zip(corpus.words, known, strict=True) if there]]
    else:
        print("no training post has a text: there are no words to learn", flush=True)
    write_array(job.folder / "vectors.npy", vectors)
    with replacing(job.folder / "words.parquet") as part:
        pq.write_table(pq.read_table(corpus.folder / "words.parquet"), part)


def user_start(job: Job) -> None:
    """Starting vectors of the table of users, (K, d): the mean of a user's words (Section 4.3), or random ones.

    Users without any word get a random vector, of the others' mean square; so do all for `random`.
    """
    settings = filled(job.settings, job.folders)
    means = word_means(Timelines(Path(settings["timelines"])), np.load(Path(settings["words"]) / "vectors.npy"))
    draw = random_like if settings["start"] == "random" else at_random
    write_array(job.folder / "vectors.npy", draw(means, settings["seed"]))
    print(f"{len(means.known):,} users, {int((~means.known).sum()):,} of them without a word in their training posts")
