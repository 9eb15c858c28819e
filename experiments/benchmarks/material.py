"""Posts, texts and stages' folders that the comparisons work on, made in a temporary folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from transformers import AutoTokenizer, BertConfig, BertModel, BertTokenizer

from datamodules import CommentAwareData
from datamodules.posts import SPLIT, Posts
from datamodules.prepare import open_layout, prepare
from datamodules.preparing import Format, Options, Problem
from datamodules.simulated import simulate
from encoders import TextEncoder
from encoders.pretraining import word_pieces
from encoders.store import write_features
from experiments.benchmarks.emotion_posts import EmotionPosts
from experiments.benchmarks.pins_network import PinsNetwork, PinsSizes
from experiments.benchmarks.timelines_network import TimelinesNetwork, TimelinesSizes
from lightning_modules import BertCnn, CommentAwareClassifier

TASK, FEW = "sarcasm", "few"
NUM_COMMENTS, UNLABELLED_POSTS = 5, 3  # N and K (CAST, section 4.2 and Figure 3)
MAX_TOKENS = 50  # CAST, section 4.2
OWN_PIECES = 4000  # word pieces of a vocabulary of our own


@dataclass(frozen=True)
class Sizes:
    """How much is computed; the defaults suit two CPU cores."""

    labelled: int = 300  # simulated posts of a task; 55 % of them are for training
    corpus: int = 400
    layers: int = 6  # of the text encoder: all-MiniLM-L6's shape, half as wide as CAST's BERT
    width: int = 384
    dropout: float = 0.1
    batch_size: int = 8  # labelled posts of a step (CAST, section 4.2: 8 or 16)
    image_network: str = "resnet152"  # CAST, section 3.2
    image_size: int = 2048
    side: int = 224
    few: int = 16  # posts of the epoch that computes its image features
    texts: int = 512  # encoded tweets, and as many comments
    rows: int = 64  # texts encoded at once
    pools: int = 50  # of comments; a post's ten neighbours have 3.3 each (CAST, Table 1)
    pool_size: int = 33
    repeats: int = 3
    lightning_steps: int = 12  # of the text encoder above
    demo_steps: int = 60  # of the demo's: 2 layers, 64 wide
    demo_batch_size: int = 32
    emotion_posts: int = 10_000
    words: int = 30_000  # that texts are drawn from: about 20,000 occur
    words_width: int = 200  # d (Emotion, Table 3)
    words_dropout: float = 0.25  # Emotion, section 5.4
    pins: PinsSizes = PinsSizes()
    timelines: TimelinesSizes = TimelinesSizes()


GPU_SIZES = Sizes(
    few=128, texts=4096, lightning_steps=100, demo_steps=100, repeats=5,
    timelines=TimelinesSizes(steps=100, workers=4, queries=100_000),
)  # fmt: skip


class Material:
    """A small simulated network and what CAST's stages would make of it, weights and neighbours drawn at random.

    Args:
        folder: for everything that is written.
        sizes: how much.
        device: where models run.
        tweets: folder of tweets in MVSA's JSON layout; None takes the simulated posts' texts.
        pieces: folder with a tokenizer for the wide text encoder; None makes one of the simulated words.
    """

    def __init__(
        self, folder: Path, sizes: Sizes, device: torch.device, tweets: Path | None = None, pieces: Path | None = None
    ) -> None:
        self.folder, self.sizes, self.device, self.pieces = folder, sizes, device, pieces
        simulate(folder / "raw", 0, sizes.labelled, sizes.corpus)
        self.benchmark, self.corpus = self._prepared(TASK), self._prepared("corpus")
        self.comments = [text for row in self.corpus.column("comments") for text in _texts_of(row)]
        said = [text for posts in (self.benchmark, self.corpus) for text in posts.column("text") if text]
        self.tweets = said if tweets is None else list(read_tweets(tweets))
        self.tweets_name = "simulated posts" if tweets is None else f"tweets of {tweets.name}"
        self.pieces_name = "own vocabulary of whole words" if pieces is None else f"word pieces of {pieces.parent.name}"
        self._write_few()
        self._write_retrieved()

    @cached_property
    def text_weights(self) -> Path:
        """Folder of the wide text encoder, `sizes.layers` x `sizes.width`."""
        return self._bert("bert", self.sizes.layers, self.sizes.width, self.pieces)

    @cached_property
    def demo_weights(self) -> Path:
        """Folder of a text encoder of the demo profile's shape."""
        return self._bert("demo", 2, 64, None)

    @cached_property
    def random_images(self) -> tuple[Path, Path]:
        """Stores with features of the benchmark's and of the corpus's pictures, drawn at random."""
        draws = torch.Generator().manual_seed(0)
        shape = (self.sizes.image_size,)
        folders = self.folder / "images", self.folder / "corpus_images"
        for folder, posts in zip(folders, (self.benchmark, self.corpus), strict=True):
            items = [(post, torch.randn(shape, generator=draws)) for post in posts.ids]
            write_features(folder, items, torch.stack, shape, {"made": "at random"})
        return folders

    @cached_property
    def emotion_posts(self) -> EmotionPosts:
        """What Emotion's networks learn."""
        sizes, folder = self.sizes, self.folder / "emotion"
        return EmotionPosts(
            folder, sizes.emotion_posts, sizes.words, sizes.image_size, sizes.words_width, sizes.words_dropout
        )

    @cached_property
    def pins(self) -> PinsNetwork:
        """What word embeddings are learned from."""
        return PinsNetwork(self.folder / "sentences", self.sizes.pins)

    @cached_property
    def timelines(self) -> TimelinesNetwork:
        """What users, pictures and texts in one space are learned from."""
        return TimelinesNetwork(self.folder / "timelines", self.sizes.timelines)

    def teacher_data(self, images: Path, protocol: str) -> CommentAwareData:
        """Labelled posts with five comments each."""
        return CommentAwareData(
            benchmark=self.benchmark.folder,
            task=TASK,
            image_features=images,
            retrieved=self.folder,
            tokenizer=str(self.text_weights),
            protocol=protocol,
            max_tokens=MAX_TOKENS,
            batch_size=self.sizes.batch_size,
            num_comments=NUM_COMMENTS,
        )

    def student_data(self, weights: Path, batch_size: int, drop: float = 0.5) -> CommentAwareData:
        """Labelled posts, three unlabelled ones beside each, comments dropped."""
        images, corpus_images = self.random_images
        return CommentAwareData(
            benchmark=self.benchmark.folder,
            task=TASK,
            image_features=images,
            corpus=self.corpus.folder,
            corpus_image_features=corpus_images,
            retrieved=self.folder,
            tokenizer=str(weights),
            pseudo_labels=self.folder / "pseudo_labels.parquet",
            max_tokens=MAX_TOKENS,
            batch_size=batch_size,
            num_comments=NUM_COMMENTS,
            unlabelled_posts=UNLABELLED_POSTS,
            comment_drop=drop,
        )

    def classifier(self, weights: Path) -> CommentAwareClassifier:
        """BERT-CNN with comments, on the device."""
        text_encoder = TextEncoder(weights)
        base = BertCnn(self.sizes.image_size, text_encoder.width, text_encoder.width)
        return CommentAwareClassifier(2, text_encoder, base).to(self.device)

    def _prepared(self, part: str) -> Posts:
        return prepare(open_layout("wild", self.folder / "raw" / part, Options(language="any")), self.folder / part)

    def _bert(self, name: str, layers: int, width: int, pieces: Path | None) -> Path:
        """An untrained BERT; its speed does not depend on what it knows."""
        folder = self.folder / name
        words = [*self.tweets, *self.comments]
        known = AutoTokenizer.from_pretrained(pieces).get_vocab() if pieces else word_pieces(words, OWN_PIECES)
        BertTokenizer(vocab=known, do_lower_case=True, model_max_length=MAX_TOKENS).save_pretrained(folder)
        config = BertConfig(
            vocab_size=len(known),
            hidden_size=width,
            num_hidden_layers=layers,
            num_attention_heads=max(1, width // 32),
            intermediate_size=4 * width,
            max_position_embeddings=128,
            hidden_dropout_prob=self.sizes.dropout,
            attention_probs_dropout_prob=self.sizes.dropout,
        )
        BertModel(config, add_pooling_layer=False).save_pretrained(folder)
        return folder

    def _write_few(self) -> None:
        """A split with only a few training posts."""
        chosen = self.benchmark.split()["train"][: self.sizes.few]
        table = pa.Table.from_pylist([{"id": post, "part": "train"} for post in chosen], schema=SPLIT)
        pq.write_table(table, self.benchmark.folder / "splits" / f"{FEW}.parquet")

    def _write_retrieved(self) -> None:
        """Random neighbours with random comments, and a teacher's soft labels for them."""
        draws = np.random.default_rng(0)
        ids, labels, found = self.corpus.ids, [], []
        for query in self.benchmark.ids:
            posts = [ids[number] for number in draws.choice(len(ids), UNLABELLED_POSTS, replace=False)]
            heard = [self.comments[number] for number in draws.choice(len(self.comments), NUM_COMMENTS, replace=False)]
            comments = [{"text": text, "score": 0.5, "post": posts[0]} for text in heard]
            found.append({"id": query, "posts": posts, "comments": comments})
            labels += [{"query": query, "id": post, "probabilities": [0.75, 0.25]} for post in posts]
        pq.write_table(pa.Table.from_pylist(found), self.folder / "retrieved.parquet")
        pq.write_table(pa.Table.from_pylist(labels), self.folder / "pseudo_labels.parquet")


def read_tweets(folder: Path) -> Iterator[str]:
    """Texts of MVSA's posts; FileNotFoundError names the files that belong there."""
    layout: Format = open_layout("mvsa", folder)
    for piece in layout.pieces():
        for raw in layout.read(piece):
            made = raw if isinstance(raw, Problem) else layout.convert(raw)
            if not isinstance(made, Problem) and made.post.text:
                yield made.post.text


def _texts_of(comments: list[dict] | None) -> list[str]:
    return [comment["text"] for comment in comments or [] if comment["text"]]
