"""Posts with the comments of similar posts, and unlabelled posts for a student (CAST)."""

from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from datamodules.batching import BatchLoader, GlobalBatches, WithQueries, WithShuffled
from datamodules.comment_rows import CommentedRows, PostTable, identity_of, open_pictures
from datamodules.labelled import LabelledPosts, Part
from datamodules.posts import Posts
from datamodules.retrieved import Retrieved, existing, pseudo_labels
from datamodules.texts import ABSENT, StoredTexts, Texts, TokenTexts
from encoders.batches import UNLABELLED, CommentedPosts
from encoders.tokens import Tokenizer


class CommentAwareData(LabelledPosts):
    """Posts of a benchmark, retrieved comments and retrieved unlabelled posts (CAST, sections 3.2-3.4).

    A teacher is trained without `pseudo_labels`: labelled posts only, all comments. With them a student is trained:
    unlabelled posts beside the labelled ones, and comments dropped. Evaluation always uses all comments.

    Args:
        benchmark: prepared folder of the labelled posts.
        task: which of its labels to learn.
        image_features: feature store of the benchmark's pictures, by post id.
        corpus: prepared folder of the posts that were searched; needed for unlabelled posts.
        corpus_image_features: feature store of their pictures.
        retrieved: folder with `retrieved.parquet`; needed for comments and unlabelled posts.
        tokenizer: weights of the text encoder, a hub name or a folder; exactly one of this and `text_features`.
        text_features: feature store with the vector of every text, by `text_id`.
        pseudo_labels: parquet of `id` (corpus), `query` (benchmark) and `probabilities`, one row an unlabelled pair.
        protocol: which split; the published one is `paper`.
        max_tokens: word pieces of a text or comment (Section 4.2: 50).
        batch_size: labelled posts of a step, all devices together (Section 4.2: 8 or 16).
        num_comments: N, at most so many comments a post (Section 4.2: 5).
        use_comments: without, no post has a comment (Table 7, Base and Base+ST).
        unlabelled_posts: K, retrieved posts a query (Figure 3; 3 or 5).
        comment_drop: share of comments a student loses, in [0, 1) (Section 3.4: 0.5; Table 7, Base+Com+ST: 0).
        drop_on: which posts lose comments: "all" (paper) or "unlabelled" (official code).
        unlabelled_order: unlabelled posts beside their own queries, or beside any ("shuffled", official code).
        predict_part: what `predict` runs over; "unlabelled" are the pairs of `unlabelled_pairs`.
        seed: order and comment drop.
        num_workers: processes that make batches; they change nothing else.

    Raises:
        ValueError: arguments that do not go together.
        FileNotFoundError: an input is missing; the message names the stage that makes it.
    """

    modalities = ("image", "text")

    def __init__(
        self,
        *,
        benchmark: Path,
        task: str,
        image_features: Path,
        corpus: Path | None = None,
        corpus_image_features: Path | None = None,
        retrieved: Path | None = None,
        tokenizer: str | None = None,
        text_features: Path | None = None,
        pseudo_labels: Path | None = None,
        protocol: str = "paper",
        max_tokens: int = 50,
        batch_size: int = 16,
        num_comments: int = 5,
        use_comments: bool = True,
        unlabelled_posts: int = 5,
        comment_drop: float = 0.5,
        drop_on: Literal["all", "unlabelled"] = "all",
        unlabelled_order: Literal["with_query", "shuffled"] = "with_query",
        predict_part: Part = "test",
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__(benchmark, task, protocol, batch_size, seed, num_workers)
        if (tokenizer is None) == (text_features is None):
            raise ValueError("give exactly one of tokenizer (texts as word pieces) and text_features (stored vectors)")
        if not 0 <= comment_drop < 1:
            raise ValueError(f"comment_drop {comment_drop} is no share in [0, 1)")
        self.corpus = corpus
        self.image_features, self.corpus_image_features = Path(image_features), corpus_image_features
        self.retrieved, self.tokenizer, self.text_features = retrieved, tokenizer, text_features
        self.pseudo_labels, self.max_tokens = pseudo_labels, max_tokens
        self.num_comments, self.use_comments, self.unlabelled_posts = num_comments, use_comments, unlabelled_posts
        self.comment_drop, self.drop_on, self.unlabelled_order = comment_drop, drop_on, unlabelled_order
        self.predict_part = predict_part
        self._rows: dict[tuple[Part, bool], CommentedRows] = {}

    # what is learned
    def ids(self, part: Part) -> list[str]:
        """Post ids of a part; "unlabelled" are the corpus posts of `unlabelled_pairs`."""
        if part == "unlabelled":
            return [corpus_id for _, corpus_id in self.unlabelled_pairs()]
        return super().ids(part)

    def comments_of(self, post: str) -> list[str]:
        """The comments that a benchmark post is classified with, in order of consensus."""
        return self._retrieved.comments(post, self.num_comments) if self.use_comments else []

    def unlabelled_pairs(self) -> list[tuple[str, str]]:
        """(query, corpus post): the first K retrieved posts of every training query (Section 3.4)."""
        return [
            (query, post)
            for query in self.ids("train")
            for post in self._retrieved.posts(query)[: self.unlabelled_posts]
        ]

    def shown(self, part: Part) -> dict[str, list[Any]]:
        """The comments that the posts were classified with."""
        return {"comments": [self.comments_of(post) for post in self.ids(part)]}

    def facts(self) -> dict[str, Any]:
        """The corpus, by its name."""
        return {"corpus": Posts(self.corpus).info["name"] if self.corpus else None}

    # batches
    def train_dataloader(self) -> BatchLoader[CommentedPosts]:
        """Labelled posts, and after them a student's unlabelled ones."""
        rows = self.rows_of("train", training=True)
        return self.loader(rows, self._training_batches(rows.table))

    def _training_batches(self, table: PostTable) -> GlobalBatches:
        rank, world = self.device
        unlabelled = int(table.from_corpus.sum())
        size = len(table.ids) - unlabelled
        if unlabelled and self.unlabelled_order == "shuffled":
            counts = {"unlabelled": unlabelled, "per_post": self.unlabelled_posts}
            return WithShuffled(size, self.batch_size, **counts, seed=self.seed, rank=rank, world=world)
        followers: list[list[int]] = [[] for _ in range(size)]  # all empty for a teacher
        for index, query in enumerate(table.query[size:].tolist(), start=size):
            followers[query].append(index)
        return WithQueries(followers, self.batch_size, seed=self.seed, rank=rank, world=world)

    # tables
    def rows_of(self, part: Part, training: bool = False) -> CommentedRows:
        """Batches of a part's posts; a student's training part has unlabelled posts after the labelled ones."""
        if (part, training) not in self._rows:
            self._rows[part, training] = self._build(part, training)
        return self._rows[part, training]

    def _build(self, part: Part, training: bool) -> CommentedRows:
        student = training and self.pseudo_labels is not None
        own = [] if part == "unlabelled" else self.ids(part)
        pairs = self.unlabelled_pairs() if student or part == "unlabelled" else []
        table, texts = self._number(own or self.ids("train"), own, pairs)
        if student:
            table.target[len(own) :] = pseudo_labels(str(self.pseudo_labels), pairs, self.num_classes)
        if part == "unlabelled":
            table.row[:] = np.arange(len(pairs))
        pictures = open_pictures(existing(self.image_features, "benchmark_image"), self.posts.ids)
        corpus_pictures = open_pictures(self._corpus_pictures, table.ids[len(own) :]) if pairs else None
        drop = self.comment_drop if student else 0.0  # teachers and evaluation use all comments (Section 3.4)
        return CommentedRows(
            table, self._texts(texts), pictures, corpus_pictures, drop=drop, drop_on=self.drop_on, seed=self.seed
        )

    def _number(self, queries: list[str], own: list[str], pairs: list[tuple[str, str]]) -> tuple[PostTable, list[str]]:
        """Return the posts as numbers, and the texts that the numbers stand for."""
        found = [post for _, post in pairs]
        number: dict[str, int] = {}
        said = self.posts.texts(own) + (self._corpus.texts(found) if pairs else [])
        text = [number.setdefault(text, len(number)) if text else ABSENT for text in said]
        comments = np.full((len(queries), self.num_comments), ABSENT)
        for row, query in enumerate(queries):
            heard = self.comments_of(query)
            comments[row, : len(heard)] = [number.setdefault(text, len(number)) for text in heard]
        position = {query: row for row, query in enumerate(queries)}
        names = [(post,) for post in own] + pairs
        table = PostTable(
            ids=own + found,
            text=np.array(text, dtype=np.int64),
            query=np.array([position[name[0]] for name in names], dtype=np.int64),
            comments=comments,
            identity=np.array([identity_of(*name) for name in names], dtype=np.uint64),
            from_corpus=np.arange(len(names)) >= len(own),
            label=np.concatenate([self.gold(own), np.full(len(pairs), UNLABELLED)]),
            target=np.zeros((len(names), self.num_classes), dtype=np.float32),
            row=np.array([*range(len(own)), *[-1] * len(pairs)], dtype=np.int64),
        )
        return table, list(number)

    def _texts(self, texts: list[str]) -> Texts:
        if self.text_features is not None:
            return StoredTexts(texts, existing(self.text_features, "texts"))
        return TokenTexts(texts, Tokenizer(str(self.tokenizer), self.max_tokens))

    # inputs, opened once
    @cached_property
    def _corpus(self) -> Posts:
        if self.corpus is None:
            raise ValueError("unlabelled posts come from the corpus: give its prepared folder as `corpus`")
        return Posts(self.corpus)

    @property
    def _corpus_pictures(self) -> Path:
        if self.corpus_image_features is None:
            raise ValueError("unlabelled posts come from the corpus: give its pictures as `corpus_image_features`")
        return existing(self.corpus_image_features, "corpus_image")

    @cached_property
    def _retrieved(self) -> Retrieved:
        if self.retrieved is None:
            raise ValueError(
                "comments and unlabelled posts are retrieved: give the folder of `retrieved.parquet` as `retrieved`, "
                "or set use_comments to false for a base classifier"
            )
        return Retrieved(self.retrieved)
