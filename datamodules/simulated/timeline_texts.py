"""Texts of the simulated timelines, each in the dialect of its writer.

Shares were chosen together with those of `timelines` and `reactions`; the package's docstring says for what.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from datamodules.simulated.network import pick
from datamodules.simulated.timeline_words import (
    EMOTICONS,
    FILLERS,
    SCENE_FRAMES,
    TAGS,
    TOPIC_FRAMES,
    VALUES,
    WEATHER_FRAMES,
    names,
)

STEEPNESS = 0.9  # of a user's use of words for one thing, as in Zipf's law
TOLD = {True: (0.8, 0.7, 0.3), False: (0.9, 0.4, 0.1)}  # with, without picture -> of topic, scene, weather
MISNAMED = 0.1  # share of mentions that tell of another topic, scene or weather than the post's
STRAY = 0.1  # share of words that belong to no dialect: any word for the same thing
OPENED, TAGGED, TAGGED_AGAIN = 0.5, 0.4, 0.3  # share with a filler; with a hashtag; of these, with a second one
TOPIC_TAG = 0.4  # share of hashtags that name the topic
SAME, REORDERED = 0.4, 0.3  # share of repeated texts that are copies; with two words swapped; or with one more
FEELING, LINK = 0.15, 0.08  # share with an emoticon, with a link


class Subject(NamedTuple):
    """What a post is about."""

    topic: str
    kind: str
    weather: str


class Dialect(NamedTuple):
    """A user's words, the favourite ones first."""

    words: dict[tuple[str, str], tuple[str, ...]]  # cause (topic, scene, weather), value -> names
    fillers: tuple[str, ...]
    tags: tuple[str, ...]


def draw_dialect(rng: np.random.Generator) -> Dialect:
    """Return a user's own order of all words."""
    words = {(cause, value): _shuffled(rng, names(cause, value)) for cause in VALUES for value in VALUES[cause]}
    return Dialect(words, _shuffled(rng, FILLERS), _shuffled(rng, TAGS))


def write_text(rng: np.random.Generator, dialect: Dialect, subject: Subject, pictured: bool) -> str:
    """Return what a user writes of a subject; with a picture more of what it shows."""
    topic, scene, weather = (bool(rng.random() < share) for share in TOLD[pictured])
    parts = []
    if topic or not scene:
        parts.append(_mention(rng, dialect, "topic", subject.topic, int(rng.integers(1, 4))))
    if scene:
        parts.append(_mention(rng, dialect, "scene", subject.kind, int(rng.integers(1, 3))))
    if weather:
        parts.append(_mention(rng, dialect, "weather", subject.weather, 1))
    parts = [parts[place] for place in rng.permutation(len(parts)).tolist()]
    if rng.random() < OPENED:
        parts.insert(0, _favourites(rng, dialect.fillers, 1)[0])
    return _dressed(rng, dialect, subject, " ".join(parts))


def repeat(rng: np.random.Generator, dialect: Dialect, text: str) -> str:
    """Return a text again: as it is, in another order, or with a word more."""
    words, chance = text.split(), rng.random()
    if chance < SAME or len(words) < 2:
        return text
    if chance < SAME + REORDERED:
        place = int(rng.integers(len(words) - 1))
        words[place], words[place + 1] = words[place + 1], words[place]
        return " ".join(words)
    return " ".join([*words, pick(rng, dialect.fillers)])


def _mention(rng: np.random.Generator, dialect: Dialect, cause: str, value: str, count: int) -> str:
    named = pick(rng, VALUES[cause]) if rng.random() < MISNAMED else value
    words = _favourites(rng, dialect.words[cause, named], count)
    words = [pick(rng, names(cause, named)) if rng.random() < STRAY else word for word in words]
    frames = {"topic": TOPIC_FRAMES, "scene": SCENE_FRAMES, "weather": (WEATHER_FRAMES,)}[cause]
    return pick(rng, frames[count - 1]).format(*words)


def _dressed(rng: np.random.Generator, dialect: Dialect, subject: Subject, text: str) -> str:
    """Return a text with hashtags, and with what a cleaner takes away again."""
    parts = [text[0].upper() + text[1:] if rng.random() < 0.5 else text]
    if rng.random() < TAGGED:
        for tag in _favourites(rng, dialect.tags, 2 if rng.random() < TAGGED_AGAIN else 1):
            parts.append(f"#{subject.topic if rng.random() < TOPIC_TAG else tag}")
    if rng.random() < FEELING:
        parts.append(pick(rng, EMOTICONS))
    if rng.random() < LINK:
        parts.append(f"https://t.example.org/{rng.bytes(4).hex()}")
    return " ".join(parts)


def _favourites(rng: np.random.Generator, words: Sequence[str], count: int) -> list[str]:
    """Return distinct words, the first ones more often than the last ones."""
    use = 1 / np.arange(1, len(words) + 1) ** STEEPNESS
    return [words[place] for place in rng.choice(len(words), count, replace=False, p=use / use.sum()).tolist()]


def _shuffled(rng: np.random.Generator, words: Sequence[str]) -> tuple[str, ...]:
    return tuple(words[place] for place in rng.permutation(len(words)).tolist())
