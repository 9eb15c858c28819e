"""Stages of retrieval (CAST, section 3.2): index of the corpus, then similar posts and consensus comments."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from datamodules.leaks import leaks
from datamodules.posts import Posts
from datamodules.texts import text_id
from encoders.store import FeatureStore
from experiments.stage import Job
from experiments.steps.reading import comments_of, rows_of
from experiments.wiring import filled
from retrieval import Corpus, IndexSettings, PostVectors, Queries, RetrievalSettings, StoreVectors, distinct_comments
from retrieval import retrieve as search_and_rank


def index(job: Job) -> None:
    """Index the corpus by picture and by text, with its comments, under `corpus/`."""
    settings = filled(job.settings, job.folders)
    posts = Posts(settings.pop("corpus"))
    image, sentences = Path(settings.pop("image")), Path(settings.pop("sentences"))
    comments = [comments_of(row) for row in rows_of(posts)]
    distinct = distinct_comments(comments)
    Corpus.build(
        job.folder / "corpus",
        _key(image, sentences),
        posts.ids,
        image=StoreVectors(FeatureStore(image / "features"), posts.ids),
        text=StoreVectors(FeatureStore(sentences / "features"), posts.ids),
        comments=comments,
        comment_texts=distinct,
        comment_vectors=StoreVectors(FeatureStore(sentences / "comments"), [text_id(text) for text in distinct]),
        settings=IndexSettings(**settings),
    )


def retrieve(job: Job) -> None:
    """Similar posts and consensus comments of every benchmark post: `retrieved.parquet`, `retrieval.json`."""
    settings = filled(job.settings, job.folders)
    benchmark, corpus = Posts(settings["benchmark"]), Posts(settings["corpus"])
    parts = benchmark.split(settings["protocol"])
    ids = [post for part in parts.values() for post in part]
    copies = leaks(benchmark, corpus)
    held_out = {post for part in ("validation", "test") for post in parts.get(part, ())}
    never = {copy for post in held_out for copy in (post, *copies.get(post, ()))}
    queries = Queries(
        ids,
        [part for part, members in parts.items() for _ in members],
        PostVectors(*_vectors(settings["image"], ids), *_vectors(settings["sentences"], ids)),
    )
    found = Corpus(
        Path(settings["index"]) / "corpus", _key(settings["image"], settings["sentences"]), gpu=job.device == "cuda"
    )
    wanted = RetrievalSettings(**settings["retrieval"])
    report = search_and_rank(found, queries, wanted, job.folder, exclude=copies, never_posts=never)
    print("; ".join(f"{key} {value}" for key, value in report.items() if isinstance(value, int | float)))


def _vectors(folder: str, ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    values, present = FeatureStore(Path(folder) / "features").take(ids)
    return values.numpy(), present.numpy()


def _key(image: Path | str, sentences: Path | str) -> dict[str, Any]:
    """What made the features: posts are searched for with the encoders that the corpus was indexed with."""
    return {"image": FeatureStore(Path(image) / "features").key, "text": FeatureStore(Path(sentences) / "features").key}
