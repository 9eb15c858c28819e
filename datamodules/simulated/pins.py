"""Pins of the simulated network: one picture, one purpose, and what writers of several boards say of it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from datamodules.simulated.network import HOME_WEATHER, pick
from datamodules.simulated.pictures import render
from datamodules.simulated.pin_texts import COPIED, ELSEWHERE, REPOSTED, Description, repost, write_description
from datamodules.simulated.pin_words import BOARDS, THEMES, Meaning
from datamodules.simulated.scenes import KINDS, SCENES, WEATHERS

FIRST_NUMBER = 8_000_000  # beyond those of the other posts
LEAST_DESCRIPTIONS, MOST_DESCRIPTIONS, MEAN_DESCRIPTIONS = 2, 9, 6
FAVOURED = 0.16  # share of a scene's pins that are for its favoured theme; about 0.09 for each of the others
WITHOUT_PICTURE = 0.02


class Pin(NamedTuple):
    """A pin and its causes."""

    number: int
    kind: str
    weather: str
    theme: str
    pictured: bool
    descriptions: tuple[Description, ...]

    @property
    def about(self) -> tuple[Meaning, ...]:
        return Meaning("scene", self.kind), Meaning("theme", self.theme), Meaning("weather", self.weather)

    @property
    def image(self) -> str | None:
        """Name of its picture's file."""
        return f"{self.number}.jpg" if self.pictured else None


def draw_favoured(seed: int) -> dict[str, str]:
    """Return the theme that each scene is pinned for more often than for any other; each theme has one scene or two."""
    places = np.random.default_rng([seed, FIRST_NUMBER]).permutation(len(KINDS)) % len(THEMES)
    return {kind: tuple(THEMES)[place] for kind, place in zip(KINDS, places.tolist(), strict=True)}


def draw_pins(seed: int, count: int) -> Iterator[Pin]:
    """Yield pins; each has random streams of its own, so that a count changes none."""
    favoured = draw_favoured(seed)
    for number in range(FIRST_NUMBER, FIRST_NUMBER + count):
        rng, words = (np.random.default_rng([seed, number, stream]) for stream in range(2))
        kind = pick(rng, KINDS)
        about = _about(rng, kind, favoured)
        _, theme, weather = (meaning.value for meaning in about)
        pictured = bool(rng.random() >= WITHOUT_PICTURE)
        yield Pin(number, kind, weather, theme, pictured, _descriptions(words, about, favoured))


def draw_picture(seed: int, pin: Pin) -> Image.Image:
    """Return what a pin shows: its scene in its weather, never its theme."""
    return render(np.random.default_rng([seed, pin.number, 2]), pin.kind, pin.weather)


def _about(rng: np.random.Generator, kind: str, favoured: dict[str, str]) -> tuple[Meaning, ...]:
    others = [theme for theme in THEMES if theme != favoured[kind]]
    theme = favoured[kind] if rng.random() < FAVOURED else pick(rng, others)
    weather = SCENES[kind].weather if rng.random() < HOME_WEATHER else pick(rng, WEATHERS)
    return Meaning("scene", kind), Meaning("theme", theme), Meaning("weather", weather)


def _descriptions(
    rng: np.random.Generator, about: tuple[Meaning, ...], favoured: dict[str, str]
) -> tuple[Description, ...]:
    spread = MOST_DESCRIPTIONS - LEAST_DESCRIPTIONS
    count = LEAST_DESCRIPTIONS + int(rng.binomial(spread, (MEAN_DESCRIPTIONS - LEAST_DESCRIPTIONS) / spread))
    found: list[Description] = []
    while len(found) < count:
        chance = rng.random()
        if found and chance < COPIED + REPOSTED:
            source = pick(rng, found)
            found.append(source if chance < COPIED else repost(rng, source))
            continue
        board = int(rng.integers(len(BOARDS)))
        elsewhere = bool(rng.random() < ELSEWHERE)
        told = _about(rng, pick(rng, KINDS), favoured) if elsewhere else about
        found.append(write_description(rng, board, told)._replace(elsewhere=elsewhere))
    return tuple(found)
