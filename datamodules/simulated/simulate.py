"""One simulated network, drawn and written."""

import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from datamodules.simulated.clicks import draw_clicks
from datamodules.simulated.emotion_layouts import truth_of, write_flickr, write_reddit
from datamodules.simulated.emotion_posts import draw_photos, draw_submissions
from datamodules.simulated.emotions import FLICKR, REDDIT
from datamodules.simulated.labels import CLASSES, POPULATIONS, label
from datamodules.simulated.layouts import write_mvsa_json, write_mvsa_official, write_posts, write_truth
from datamodules.simulated.network import Network, Population, Truth, draw_network, draw_truth
from datamodules.simulated.pictures import render
from datamodules.simulated.pin_layouts import truth_of as truth_of_pin
from datamodules.simulated.pin_layouts import write_clicks, write_pins
from datamodules.simulated.pins import draw_pins
from datamodules.simulated.reactions import draw_reactions
from datamodules.simulated.texts import write_comments, write_text
from datamodules.simulated.timeline_layouts import truth_of as truth_of_said
from datamodules.simulated.timeline_layouts import write_timelines
from datamodules.simulated.timelines import PICTURED, Said, draw_timelines

PARTS = {"train": 0.55, "validation": 0.17, "test": 0.28}  # 600 posts: a test part of 168
FIRST_NUMBER = {"sarcasm": 100_000, "relation": 200_000, "hate": 300_000, "sentiment": 400_000, "corpus": 500_000}
MVSA_POSTS = 60
MOST_EMOTIONS = 20_000  # titles of that many posts are easily distinct
PINS = (40, 100_000)  # fewest and most: some for each part and each search; more would be slow
TIMELINES = (100, 100_000)  # fewest and most posts: of a few accounts; more would be slow
LAYOUTS = ("corpus", "mvsa_official", "mvsa_json", REDDIT.name, FLICKR.name, "pins", "clicks", "timelines")
ENTRIES = ("media", *CLASSES, *LAYOUTS, "truth.parquet")  # the last one tells: complete
UNFINISHED = ".simulated.tmp"


class Sample(NamedTuple):
    """A post as its files show it, its causes, and its picture."""

    post: dict[str, Any]
    truth: Truth
    picture: Image.Image


class Writer:
    """Draws the posts of one seed into a media folder; no two of them share a text, as the leak check would see it."""

    def __init__(self, seed: int, media: Path) -> None:
        self.seed, self.media = seed, media
        self.network: Network = draw_network(seed)
        self.texts: set[str] = set()

    def draw(self, population: Population, number: int, split: str | None, task: str | None) -> Sample:
        """Return one post; each has a random stream of its own, so that counts change no post but by its text."""
        rng, words = (np.random.default_rng([self.seed, number, stream]) for stream in range(2))
        truth = draw_truth(rng, self.network, population, number)
        text = write_text(words, truth)
        while text in self.texts:
            text = write_text(words, truth)
        self.texts.add(text)
        post = {
            "id": str(number),
            "text": text,
            "image": f"{number}.jpg",
            "user": f"u{truth.user:03d}",
            "created_at": truth.created_at.isoformat(),
            "comments": [] if task else write_comments(rng, truth, len(self.network.interests)),
            "labels": {task: label(task, truth)} if task else {},
            "split": split,
            **self._votes(rng, truth),
            "tags": [truth.topic],
        }
        return Sample(post, truth, render(rng, truth.kind, truth.weather))

    def save(self, sample: Sample) -> None:
        """Write a post's picture."""
        sample.picture.save(self.media / sample.post["image"], quality=85)

    def _votes(self, rng: np.random.Generator, truth: Truth) -> dict[str, int]:
        """Views follow the user's popularity; votes follow views, striking pictures and their mood."""
        views = int(rng.poisson(np.exp(5 + self.network.popularity[truth.user])))
        liking = 1 / (1 + np.exp(-(0.8 + 0.6 * truth.scene.striking + 0.7 * truth.scene.mood)))
        votes = int(rng.binomial(views, 0.1))
        ups = int(rng.binomial(votes, liking))
        return {"ups": ups, "downs": votes - ups, "views": views}


def simulate(
    folder: Path,
    seed: int,
    labelled: int = 600,
    corpus: int = 3000,
    emotion: int = 0,
    pins: int = 0,
    timelines: int = 0,
    pictured: float = PICTURED,
) -> None:
    """Write a simulated network's raw layouts; the package's docstring says what causes what.

    The same arguments give the same bytes. A network that is there already is replaced; other files stay. All is
    first written under a temporary name in `folder`; `truth.parquet` is put in place last.

    Args:
        folder: is made; gets `media/`, one folder a task, `corpus/`, `mvsa_official/`, `mvsa_json/`, `truth.parquet`,
            with emotions `reddit_emotion/` and `flickr_emotion/`, with pins `pins/` and `clicks/`, `timelines/`.
        seed: non-negative; another seed is another network, with other users and other scenes at its events.
        labelled: posts of each of the four tasks, at least 20.
        corpus: posts with comments and without labels, more than `labelled`.
        emotion: posts of each of the two emotion sets, 200 to 20,000; 0 writes neither. Changes nothing else.
        pins: pictures with descriptions, 40 to 100,000, and clicks on them; 0 writes neither. Changes nothing else.
        timelines: posts of users with interests, 100 to 100,000, about 36 an account, and reactions of these users to
            brands; 0 writes none. Changes nothing else.
        pictured: share of these posts that have a picture, in (0, 1].

    Raises:
        ValueError: too few posts, or too many, or no share.
    """
    _check(labelled, corpus, emotion, pins, timelines)
    if not 0 < pictured <= 1:
        raise ValueError(f"pictured={pictured:g}: give a share above 0, at most 1")
    folder = Path(folder)
    unfinished = folder / UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    (unfinished / "media").mkdir(parents=True)
    _write(unfinished, seed, labelled, corpus, emotion, pins, draw_timelines(seed, timelines, pictured))
    _flush(unfinished)
    for name in reversed(ENTRIES):  # an old mark of completeness goes first
        _remove(folder / name)
    for name in ENTRIES:
        if (unfinished / name).exists():
            os.replace(unfinished / name, folder / name)
    unfinished.rmdir()


def split_of(position: int, count: int) -> str:
    """Return the part of a post; posts are exchangeable, so the order may decide."""
    for part, end in zip(PARTS, np.cumsum(tuple(PARTS.values())), strict=True):
        if position < round(end * count):
            return part
    return "test"


def _check(labelled: int, corpus: int, emotion: int, pins: int, timelines: int) -> None:
    if labelled < 20 or corpus <= labelled:
        raise ValueError(f"labelled={labelled}, corpus={corpus}: give at least 20 and a larger corpus")
    if emotion and not 200 <= emotion <= MOST_EMOTIONS:
        raise ValueError(f"emotion={emotion}: give 0, or 200 to {MOST_EMOTIONS:,} posts")
    if pins and not PINS[0] <= pins <= PINS[1]:
        raise ValueError(f"pins={pins}: give 0, or {PINS[0]} to {PINS[1]:,} pictures")
    if timelines and not TIMELINES[0] <= timelines <= TIMELINES[1]:
        raise ValueError(f"timelines={timelines}: give 0, or {TIMELINES[0]} to {TIMELINES[1]:,} posts")


def _write(
    folder: Path, seed: int, labelled: int, corpus: int, emotion: int, pins: int, timelines: Sequence[Said]
) -> None:
    writer = Writer(seed, folder / "media")
    truths: list[Truth] = []
    for task, population in POPULATIONS.items():
        samples = [
            writer.draw(population, FIRST_NUMBER[task] + position, split_of(position, labelled), task)
            for position in range(labelled)
        ]
        truths += _write_part(writer, folder, task, [task], samples)
        if task == "sentiment":
            _write_mvsa(folder, samples)
    everybody = tuple(POPULATIONS.values())  # the corpus is of all their readers, in turn
    samples = [
        writer.draw(everybody[position % len(everybody)], FIRST_NUMBER["corpus"] + position, None, None)
        for position in range(corpus)
    ]
    truths += _write_part(writer, folder, "corpus", [], samples)
    known = (
        _write_emotions(folder, seed, emotion),
        _write_pins(folder, seed, pins),
        _write_said(folder, seed, timelines),
    )
    write_truth(folder / "truth.parquet", truths, *known)


def _write_emotions(folder: Path, seed: int, count: int) -> list[dict[str, Any]]:
    if not count:
        return []
    feelings = write_reddit(folder / REDDIT.name, draw_submissions(seed, count))
    feelings += write_flickr(folder / FLICKR.name, draw_photos(seed, count))
    return [truth_of(feeling) for feeling in feelings]


def _write_pins(folder: Path, seed: int, count: int) -> list[dict[str, Any]]:
    pinned = list(draw_pins(seed, count))
    if pinned:
        write_pins(folder / "pins", seed, pinned)
        write_clicks(folder / "clicks", draw_clicks(seed, pinned))
    return [truth_of_pin(pin) for pin in pinned]


def _write_said(folder: Path, seed: int, posts: Sequence[Said]) -> list[dict[str, Any]]:
    if posts:
        accounts = {said.account.number: said.account for said in posts}
        write_timelines(folder / "timelines", seed, posts, draw_reactions(seed, accounts.values()))
    return [truth_of_said(said) for said in posts]


def _write_part(
    writer: Writer, folder: Path, part: str, tasks: Sequence[str], samples: Sequence[Sample]
) -> list[Truth]:
    for sample in samples:
        writer.save(sample)
    write_posts(folder / part, f"simulated_{part}", tasks, [sample.post for sample in samples])
    return [sample.truth for sample in samples]


def _write_mvsa(folder: Path, samples: Sequence[Sample]) -> None:
    """Take every tenth or so of the sentiment posts, so that all three parts are there."""
    few = samples[:: max(1, len(samples) // MVSA_POSTS)][:MVSA_POSTS]
    posts, truths = [sample.post for sample in few], [sample.truth for sample in few]
    write_mvsa_official(folder / "mvsa_official", folder / "media", posts, truths)
    write_mvsa_json(folder / "mvsa_json", folder / "media", posts, truths)


def _flush(folder: Path) -> None:
    with ThreadPoolExecutor(16) as pool:  # a disk writes many files at once sooner than one by one
        list(pool.map(_flush_file, [path for path in sorted(folder.rglob("*")) if path.is_file()]))


def _flush_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
