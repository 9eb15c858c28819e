"""Users, pictures and texts of a finished DU2MCE row in their one space, for pages and for search."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from datamodules.batching import GlobalBatches, loader
from datamodules.du2mce import TimelinesData
from datamodules.posts import Posts
from datamodules.timelines import TextPipeline, Texts
from datamodules.triples import TripleRows
from encoders.batches import PostTriples
from encoders.image import ImageEncoder
from encoders.pictures import open_picture
from encoders.vocabulary import PADDING
from experiments.checkpoints import load_weights
from experiments.finished import settings_of, stage_of
from experiments.steps.ranks import Space
from experiments.steps.train import build
from experiments.wiring import filled

Floats = NDArray[np.float32]

BLOCK = 1000  # posts at a time
PICTURES = 64  # decoded at a time
DECIMALS = 6  # of cosines that are told apart: equal vectors' differ in the seventh


class Hit(NamedTuple):
    """One of the nearest."""

    rank: int  # from 1; level ones share it
    cosine: float
    row: int  # of the gallery


class RowSpace:
    """A trained row's users, distinct pictures and distinct texts of all parts, as vectors of unit length.

    Vectors are computed when they are first asked for, in blocks on the device that the row's stage asks for.

    Args:
        model: with its weights, in evaluation.
        data: posts and pictures' features.
        posts: the prepared posts.
        encoder: arguments of the picture encoder that the features are from.
        device: where the model is.
    """

    def __init__(self, model: Space, data: TimelinesData, posts: Posts, encoder: dict[str, Any], device: str) -> None:
        self.data, self.corpus, self.posts, self.device = data, data.corpus, posts, device
        self._model, self._encoder_settings = model, encoder
        self._picture_posts = _first_posts(data.pictures.identities(self.corpus.picture))
        self.text_posts = _first_posts(self.corpus.text)  # (P,) the corpus's post that stands for each text

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The space of a row by the folder of its last stage, `ranks` or `interests`.

        Raises:
            FileNotFoundError: there is no such stage, or what it came from is gone.
            ValueError: nothing was trained for the row (averages, chance), so it has no space of all three.
        """
        job = stage_of(folder)
        if "ranks" in job.inputs:  # the row's interests come after its ranks
            folder = job.inputs["ranks"]
            job = stage_of(folder)
        settings = filled(job.settings, job.folders)
        if "checkpoint" not in settings:
            raise ValueError(f"{folder}: nothing was trained for this row; take one whose pairs are trained")
        # here and now: on one device of this machine, whatever it was trained on
        trainer = {"accelerator": "gpu" if job.device == "cuda" else "cpu", "devices": 1}
        with TemporaryDirectory() as scratch:  # the stage's own folder stays as it is
            cli = build(replace(job, folder=Path(scratch), free={**job.free, "wandb": "off", "trainer": trainer}))
        load_weights(cli.model, Path(settings["checkpoint"]))
        encoder = settings_of(job.inputs["pictures"])["encoder"]
        return cls(cli.model.to(job.device).eval(), cli.datamodule, Posts(settings["posts"]), encoder, job.device)

    # what is there
    @property
    def users(self) -> list[str]:
        """Names of the K users of the table."""
        return self.corpus.users

    @cached_property
    def picture_paths(self) -> list[str]:
        """Of the N distinct pictures that have features, relative to the media root; `posts.media` makes them whole."""
        return [self.corpus.pictures[number] for number in self.corpus.picture[self._picture_posts]]

    @cached_property
    def post_ids(self) -> list[str]:
        """Of the prepared posts that the P distinct texts are from, each the first one of its text."""
        return [self.corpus.ids[post] for post in self.text_posts.tolist()]

    def texts(self, places: Sequence[int]) -> list[str]:
        """Some of the P texts as they were posted; of pictures' descriptions, which are no post's text, the words."""
        posted = self.posts.texts([self.post_ids[place] for place in places])
        return [text or " ".join(self._words_of(place)) for text, place in zip(posted, places, strict=True)]

    def _words_of(self, place: int) -> list[str]:
        start, stop = self.corpus.offsets[self.text_posts[place] : self.text_posts[place] + 2]
        return [self.corpus.words[number] for number in self.corpus.tokens[start:stop]]

    # vectors
    @cached_property
    def user_vectors(self) -> Floats:
        """(K, D)."""
        with torch.inference_mode():
            return _array(self._model.user_vectors())

    @cached_property
    def picture_vectors(self) -> Floats:
        """(N, D)."""
        return np.concatenate(list(self.blocks("image")) or [self.user_vectors[:0]])

    def blocks(self, modality: str) -> Iterator[Floats]:
        """Vectors (n, D) of all pictures ("image") or texts ("text") in their order, a block at a time."""
        posts = {"image": self._picture_posts, "text": self.text_posts}[modality]
        rows = TripleRows(self.corpus, posts, self.data.pictures, self.data.words, (modality,))
        for batch in loader(rows, GlobalBatches(len(rows), BLOCK, shuffle=False), num_workers=0):
            yield self._vectors(modality, batch)

    # of what is not in the corpus
    def known_words(self, sentence: str) -> list[str]:
        """What the model reads of a sentence: cleaned as the corpus was, without words that this has not."""
        return [word for word in self._pipeline.words(sentence) if word in self._numbers][: self.data.words]

    def encode_sentence(self, sentence: str) -> Floats:
        """(D,) of a sentence.

        Raises:
            ValueError: none of its words is known; names them.
        """
        known = self.known_words(sentence)
        if not known:
            said = ", ".join(self._pipeline.words(sentence)) or "nothing but stop words and marks"
            raise ValueError(f"{sentence!r}: none of its words is known ({said}); {len(self._numbers):,} others are")
        words = torch.full((1, self.data.words), PADDING)
        words[0, : len(known)] = torch.tensor([self._numbers[word] for word in known])
        return self._vectors("text", _lone(1)._replace(words=words, text=torch.zeros(1, dtype=torch.long)))[0]

    def encode_pictures(self, paths: Sequence[Path | str]) -> Floats:
        """(n, D) of picture files.

        Raises:
            ValueError: one of them can't be read; names it and says why.
        """
        found = [self.user_vectors[:0]]
        for start in range(0, len(paths), PICTURES):
            pixels = [self._encoder.preprocess(open_picture(path)) for path in paths[start : start + PICTURES]]
            with torch.inference_mode():
                features = self._encoder(torch.stack(pixels).to(self.device)).half().float()  # as they are stored
            numbers = torch.arange(len(pixels))
            found.append(self._vectors("image", _lone(len(pixels))._replace(pictures=features, picture=numbers)))
        return np.concatenate(found)

    def _vectors(self, modality: str, batch: PostTriples) -> Floats:
        with torch.inference_mode():
            moved = PostTriples(*(values.to(self.device) for values in batch))
            return _array(self._model.vectors(modality, moved))

    @cached_property
    def _encoder(self) -> ImageEncoder:
        return ImageEncoder(**self._encoder_settings).to(self.device).eval()

    @cached_property
    def _pipeline(self) -> TextPipeline:
        return TextPipeline(Texts(**self.corpus.info["settings"]["texts"]))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.corpus.words) if number != PADDING}


def nearest(blocks: Iterable[Floats], query: Floats, count: int) -> list[Hit]:
    """The rows with the largest cosines to a query (D,), of blocks (n, D) of unit length; level ones in their order."""
    query = query / max(float(np.linalg.norm(query)), 1e-12)
    cosines = np.concatenate([np.zeros(0, np.float32), *(block @ query for block in blocks)]).round(DECIMALS)
    rows = np.argsort(-cosines, kind="stable")[:count]
    return [Hit(1 + int((cosines > cosines[row]).sum()), float(cosines[row]), int(row)) for row in rows]


def _first_posts(identity: NDArray[np.integer]) -> NDArray[np.int64]:
    """The first post of each identity, in the order of the identities' numbers; -1 is none."""
    found, first = np.unique(identity, return_index=True)
    return first[found >= 0]


def _lone(count: int) -> PostTriples:
    """Rows without anything yet."""
    nothing = torch.full((count,), -1)
    return PostTriples(torch.zeros(0, 0), torch.zeros(0, 1, dtype=torch.long), nothing, nothing, nothing)


def _array(vectors: Tensor) -> Floats:
    return vectors.float().cpu().numpy()
