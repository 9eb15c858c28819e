"""Retrieved posts and consensus comments of every benchmark post (CAST, Section 3.2)."""

import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from encoders.atomic import replacing, write_json
from retrieval.controls import random_rows, shuffled_donors
from retrieval.corpus import Corpus
from retrieval.folders import plain
from retrieval.pools import Comment, Pool, rank_pools
from retrieval.search import Alpha, Found, PostVectors, TwoModalitySearch
from retrieval.settings import RetrievalSettings

BLOCK = 256  # queries searched and ranked together
SECONDS_A_LINE = 5.0
COMMENT = pa.struct([("text", pa.string()), ("score", pa.float32()), ("post", pa.string())])
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("posts", pa.list_(pa.string())),
        ("scores", pa.list_(pa.float32())),
        ("comments", pa.list_(COMMENT)),
    ]
)


class Queries(NamedTuple):
    """The Q benchmark posts."""

    ids: Sequence[str]
    parts: Sequence[str]  # train, validation or test
    vectors: PostVectors


@dataclass
class Retrieved:
    """What was found for one post."""

    posts: NDArray[np.int64]  # corpus rows, nearest first
    scores: NDArray[np.float32]  # Eq. 1; nan for posts drawn at random
    filled: int  # posts from the union
    comments: list[Comment]
    pool: int  # comments that were ranked


def retrieve(
    corpus: Corpus,
    queries: Queries,
    settings: RetrievalSettings,
    folder: Path,
    *,
    exclude: Mapping[str, Collection[str]],
    never_posts: Collection[str],
) -> dict[str, Any]:
    """Write `retrieved.parquet` and `retrieval.json` into `folder` and return what the latter says.

    Args:
        corpus: what is searched.
        queries: posts to search for; a post never retrieves itself, wherever its id is in the corpus.
        settings: see there.
        folder: is made where it lacks.
        exclude: query id -> corpus ids that are this very post (by picture or text); neither they nor their comments
            are used for it.
        never_posts: corpus ids that are some benchmark's test or validation post: never among `posts`, though their
            comments serve other queries.

    Raises:
        ValueError: the corpus was indexed by another distance, there is no query for alpha, or comments are to be
            shuffled in a part of one post.
    """
    run = _Run(corpus, queries, settings, exclude, never_posts)
    alpha = run.alpha()
    found = list(run.found(alpha.alpha))
    if settings.comment_control == "shuffled":
        run.shuffle_comments(found)
    if settings.unlabelled_control == "random":
        run.randomise_posts(found)
    report = {**_alpha_report(alpha), "settings": plain(asdict(settings)), "corpus": corpus.info}
    report |= _counts(queries.vectors, found, settings.posts)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "retrieved.parquet", corpus, queries.ids, found)
    write_json(folder / "retrieval.json", report)
    return report


class _Run:
    """One retrieval: what is searched, for whom, and what each may not be given."""

    def __init__(
        self,
        corpus: Corpus,
        queries: Queries,
        settings: RetrievalSettings,
        exclude: Mapping[str, Collection[str]],
        never_posts: Collection[str],
    ) -> None:
        if corpus.image.distance != settings.distance:
            raise ValueError(f"{corpus.folder}: indexed by {corpus.image.distance}, wanted {settings.distance}")
        self.corpus, self.queries, self.settings = corpus, queries, settings
        self.search = TwoModalitySearch(corpus.image, corpus.text, settings.r, settings.modalities)
        self.own = _own_rows(corpus, queries.ids, exclude)  # of each query
        never = corpus.rows(list(never_posts))
        self.never = np.unique(never[never >= 0])

    def alpha(self) -> Alpha:
        """Estimate alpha (Eq. 2-4) on the queries of the settings' choice."""
        choice = self.settings.alpha_queries
        rows = [row for row, part in enumerate(self.queries.parts) if choice in ("all", part)]
        if not rows:
            raise ValueError(f"no query is in part {choice!r}, so there is no alpha: use alpha_queries=all")
        vectors = self.queries.vectors.part(np.array(rows))
        return self.search.alpha(vectors, [self.own[row] for row in rows], self.settings.alpha_rank)

    def found(self, alpha: float) -> Iterator[Retrieved]:
        """Yield posts and comments of each query, with a line on progress every few seconds."""
        total = len(self.queries.ids)
        begun = told = time.monotonic()
        for start in range(0, total, BLOCK):
            block = slice(start, start + BLOCK)
            allowed, pools = self._similar(self.queries.vectors.part(block), self.own[block], alpha)
            ranked = rank_pools(self.corpus, pools, self.settings)
            yield from (self._retrieved(allowed, query, pool) for query, pool in enumerate(ranked))
            done, now = min(start + BLOCK, total), time.monotonic()
            if now - told > SECONDS_A_LINE or done == total:
                told = now
                print(f"retrieved for {done} of {total} posts, {now - begun:.0f} s", file=sys.stderr, flush=True)

    def _similar(
        self, part: PostVectors, own: list[NDArray[np.int64]], alpha: float
    ) -> tuple[Found, list[NDArray[np.int64]]]:
        """Return the posts fit for self-training and, for each query, those whose comments make its pool."""
        count = max(self.settings.posts, self.settings.comment_posts)
        found = self.search.search(part, own, alpha, count)
        nearest = found.rows[:, : self.settings.comment_posts]
        pools = [rows[rows >= 0] for rows in nearest]
        # The search is repeated only where it came upon a post that may not be trained on.
        again = np.flatnonzero(np.isin(found.rows, self.never).any(1))
        if len(again):
            without = [np.union1d(own[query], self.never) for query in again]
            second = self.search.search(part.part(again), without, alpha, count)
            found.rows[again], found.scores[again], found.filled[again] = second
        return found, pools

    def _retrieved(self, found: Found, query: int, pool: Pool) -> Retrieved:
        number = int((found.rows[query] >= 0).sum())
        kept = min(number, self.settings.posts)
        overlap = number - int(found.filled[query])  # these come first
        return Retrieved(
            found.rows[query, :kept], found.scores[query, :kept], max(0, kept - overlap), pool.comments, pool.size
        )

    def shuffle_comments(self, found: list[Retrieved]) -> None:
        """Give each post the comments of another one of its part."""
        comments = [post.comments for post in found]
        donors = shuffled_donors(self.queries.parts, self.settings.seed)
        for post, donor, own in zip(found, donors, self.own, strict=True):
            # A donor may have been given this very post's comments; those stay out.
            post.comments = [comment for comment in comments[donor] if comment.post not in own]

    def randomise_posts(self, found: list[Retrieved]) -> None:
        """Replace the similar posts by as many drawn uniformly from those that may be trained on."""
        eligible = np.flatnonzero(self.corpus.image.present | self.corpus.text.present)
        eligible = np.setdiff1d(eligible, self.never)
        for post, query, own in zip(found, self.queries.ids, self.own, strict=True):
            post.posts = random_rows(query, self.settings.seed, eligible, own, len(post.posts))
            post.scores = np.full(len(post.posts), np.nan, np.float32)


def _own_rows(corpus: Corpus, ids: Sequence[str], exclude: Mapping[str, Collection[str]]) -> list[NDArray[np.int64]]:
    """Return for each query the corpus rows that are the query itself."""
    names = [[query, *exclude.get(query, ())] for query in ids]
    rows = corpus.rows([name for query in names for name in query])
    parts = np.split(rows, np.cumsum([len(query) for query in names]))[: len(names)]
    return [np.unique(part[part >= 0]) for part in parts]


def _alpha_report(alpha: Alpha) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else value for name, value in alpha._asdict().items()}  # JSON has no nan


def _counts(vectors: PostVectors, found: list[Retrieved], wanted: int) -> dict[str, Any]:
    image, text = vectors.image_present, vectors.text_present
    return {
        "queries": {
            "all": len(found),
            "image_and_text": int((image & text).sum()),
            "image_only": int((image & ~text).sum()),
            "text_only": int((text & ~image).sum()),
            "neither": int((~image & ~text).sum()),
        },
        "filled_queries": sum(post.filled > 0 for post in found),  # whose overlap was too short
        "filled_posts": sum(post.filled for post in found),
        "short_queries": sum(len(post.posts) < wanted for post in found),
        "empty_pools": sum(not post.pool for post in found),
        "mean_pool": float(np.mean([post.pool for post in found])),
        "comments": sum(len(post.comments) for post in found),
    }


def _write(path: Path, corpus: Corpus, ids: Sequence[str], found: list[Retrieved]) -> None:
    with replacing(path) as temporary, pq.ParquetWriter(temporary, SCHEMA) as writer:
        for start in range(0, len(found), BLOCK):
            block = found[start : start + BLOCK]
            posts = [corpus.ids(post.posts) for post in block]
            scores = [post.scores.tolist() for post in block]
            comments = [_named(corpus, post.comments) for post in block]
            writer.write_table(pa.table([list(ids[start : start + BLOCK]), posts, scores, comments], schema=SCHEMA))


def _named(corpus: Corpus, comments: list[Comment]) -> list[dict[str, Any]]:
    names = corpus.ids([comment.post for comment in comments])
    return [{**comment._asdict(), "post": name} for comment, name in zip(comments, names, strict=True)]
