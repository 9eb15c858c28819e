"""Whole posts of the two emotion sets: causes, texts, pictures, votes."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from datamodules.simulated.emotion_texts import write_photo, write_title
from datamodules.simulated.emotions import FLICKR, REDDIT, Feeling, draw_feeling, draw_ups, draw_verdicts
from datamodules.simulated.pictures import render

FIRST_NUMBER = {REDDIT.name: 6_000_000, FLICKR.name: 7_000_000}  # beyond those of the other posts


class Submission(NamedTuple):
    """A post of the Reddit set."""

    feeling: Feeling
    title: str
    ups: int
    pictures: tuple[Image.Image, ...]


class Photo(NamedTuple):
    """A post of the Flickr set."""

    feeling: Feeling
    title: str
    description: str
    verdicts: dict[str, tuple[int, int]]  # emotion asked for -> workers who disagree, who agree
    url: str
    picture: Image.Image


def draw_submissions(seed: int, count: int) -> Iterator[Submission]:
    """Yield the posts of the Reddit set; no two share a title."""
    titles: set[str] = set()
    for number in range(FIRST_NUMBER[REDDIT.name], FIRST_NUMBER[REDDIT.name] + count):
        rng, words = _streams(seed, number)
        feeling = draw_feeling(rng, REDDIT, number)
        title = write_title(words, feeling)
        while title in titles:
            title = write_title(words, feeling)
        titles.add(title)
        yield Submission(feeling, title, draw_ups(rng), _pictures(rng, feeling))


def draw_photos(seed: int, count: int) -> Iterator[Photo]:
    """Yield the posts of the Flickr set; no two share a title."""
    titles: set[str] = set()
    for number in range(FIRST_NUMBER[FLICKR.name], FIRST_NUMBER[FLICKR.name] + count):
        rng, words = _streams(seed, number)
        feeling = draw_feeling(rng, FLICKR, number)
        title, description = write_photo(words, feeling)
        while title in titles:
            title, description = write_photo(words, feeling)
        titles.add(title)
        verdicts, url = draw_verdicts(rng, feeling.emotion), _url(rng, number)
        yield Photo(feeling, title, description, verdicts, url, _pictures(rng, feeling)[0])


def _streams(seed: int, number: int) -> list[np.random.Generator]:
    """Return a post's own two: a count changes no post but by its text, and a text nothing else."""
    return [np.random.default_rng([seed, number, stream]) for stream in range(2)]


def _pictures(rng: np.random.Generator, feeling: Feeling) -> tuple[Image.Image, ...]:
    return tuple(render(rng, shown.kind, shown.weather) for shown in feeling.shown)


def _url(rng: np.random.Generator, photo: int) -> str:
    return f"https://farm1.example.org/{rng.integers(1000, 9000)}/{photo}_{rng.bytes(5).hex()}.jpg"
