"""Pictures of the simulated network: one big object, its weather, and what distracts from both."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from datamodules.simulated.network import pick
from datamodules.simulated.scenes import KINDS, SCENES

SIDE = 64
OWN_COLOURS = 0.9  # share of objects in their scene's usual colours
Colour = tuple[int, int, int]


class Part(NamedTuple):
    """One primitive of an object, in a box from -1 to 1 with y downwards."""

    shape: str  # ellipse, arc, box (each x0, y0, x1, y1), lines or polygon (x, y of each corner)
    paint: int  # colour of the object's palette
    points: tuple[float, ...]


def _row(shape: str, paint: int, box: tuple[float, float, float, float], steps: tuple[float, ...]) -> list[Part]:
    return [Part(shape, paint, (box[0] + step, box[1], box[2] + step, box[3])) for step in steps]


GLYPHS: dict[str, list[Part]] = {
    "garden": [
        *_row("box", 1, (-0.05, 0, 0.05, 1), (-0.7, 0, 0.7)),
        *_row("ellipse", 0, (-0.35, -0.7, 0.35, 0), (-0.7, 0, 0.7)),
        *_row("ellipse", 2, (-0.12, -0.47, 0.12, -0.23), (-0.7, 0, 0.7)),
    ],
    "picnic": [
        Part("polygon", 0, (-1, 0.9, -0.6, 0.1, 0.6, 0.1, 1, 0.9)),
        Part("box", 1, (-0.4, -0.4, 0.4, 0.3)),
        Part("arc", 2, (-0.4, -0.9, 0.4, 0.1)),
    ],
    "rainbow": [
        Part("ellipse", 0, (-1, -0.7, 1, 1.3)),
        Part("ellipse", 1, (-0.75, -0.45, 0.75, 1.05)),
        Part("ellipse", 2, (-0.5, -0.2, 0.5, 0.8)),
        Part("box", 1, (-1, 0.55, 1, 0.8)),
    ],
    "balloons": [
        Part("lines", 1, (-0.6, -0.2, 0, 1, 0.6, -0.2)),
        Part("lines", 1, (0, -0.4, 0, 1)),
        Part("ellipse", 0, (-1, -0.8, -0.3, 0)),
        Part("ellipse", 2, (0.3, -0.8, 1, 0)),
        Part("ellipse", 0, (-0.35, -1, 0.35, -0.2)),
    ],
    "house": [
        Part("box", 0, (-0.7, -0.1, 0.7, 0.9)),
        Part("polygon", 1, (-0.95, -0.1, 0, -0.95, 0.95, -0.1)),
        Part("box", 2, (-0.15, 0.35, 0.2, 0.9)),
    ],
    "bus": [
        Part("box", 0, (-1, -0.5, 1, 0.5)),
        *_row("box", 2, (-0.2, -0.35, 0.15, 0.05), (-0.65, -0.15, 0.35)),
        *_row("ellipse", 1, (-0.25, 0.3, 0.25, 0.8), (-0.55, 0.55)),
    ],
    "tower": [
        Part("polygon", 0, (-0.35, 1, -0.2, -0.6, 0.2, -0.6, 0.35, 1)),
        Part("box", 1, (-0.3, -0.1, 0.3, 0.15)),
        Part("polygon", 2, (-0.3, -0.6, 0, -1, 0.3, -0.6)),
    ],
    "circus": [
        Part("polygon", 0, (-1, 0.9, -0.8, 0, 0, -0.8, 0.8, 0, 1, 0.9)),
        Part("polygon", 1, (-0.35, 0.9, -0.25, 0, 0, -0.8, 0.25, 0, 0.35, 0.9)),
        Part("polygon", 2, (0, -1, 0.4, -0.9, 0, -0.75)),
    ],
    "puddle": [
        Part("ellipse", 0, (-1, 0.5, 1, 1)),
        Part("polygon", 1, (-0.8, 0, -0.5, -0.6, 0, -0.8, 0.5, -0.6, 0.8, 0)),
        Part("box", 2, (-0.04, 0, 0.04, 0.7)),
    ],
    "jam": [
        *_row("box", 0, (-0.45, -0.6, 0.45, -0.15), (-0.5, 0.5)),
        *_row("box", 1, (-0.45, 0.3, 0.45, 0.75), (-0.5, 0.5)),
        *_row("ellipse", 2, (-0.12, -0.25, 0.12, 0), (-0.75, -0.25, 0.25, 0.75)),
        *_row("ellipse", 2, (-0.12, 0.65, 0.12, 0.9), (-0.75, -0.25, 0.25, 0.75)),
    ],
    "fire": [
        Part("polygon", 0, (-0.9, 1, -0.7, -0.2, -0.4, 0.3, 0, -1, 0.35, 0.2, 0.7, -0.4, 0.9, 1)),
        Part("polygon", 1, (-0.5, 1, -0.3, 0.4, 0, -0.1, 0.3, 0.5, 0.5, 1)),
        Part("ellipse", 2, (0.3, -1, 0.8, -0.5)),
    ],
    "flood": [
        Part("polygon", 0, (-1, 1, -1, 0.2, -0.6, 0, -0.3, 0.25, 0, 0, 0.3, 0.25, 0.6, 0, 1, 0.2, 1, 1)),
        Part("polygon", 1, (-0.6, -0.2, 0.6, -0.2, 0.35, 0.2, -0.35, 0.2)),
        *_row("ellipse", 2, (-0.15, -0.6, 0.15, -0.2), (-0.25, 0.2)),
    ],
}
SKIES: dict[str, tuple[Colour, Colour]] = {
    "sun": ((150, 200, 245), (225, 205, 140)),
    "grey": ((165, 168, 175), (120, 125, 120)),
    "rain": ((95, 115, 140), (90, 105, 95)),
    "dusk": ((120, 75, 125), (60, 50, 75)),
}

PALETTES: dict[str, tuple[Colour, Colour, Colour]] = {
    "green": ((60, 170, 70), (35, 105, 55), (190, 220, 90)),
    "red": ((215, 60, 40), (245, 150, 50), (130, 35, 30)),
    "blue": ((50, 90, 220), (120, 190, 240), (40, 40, 120)),
    "pink": ((230, 90, 190), (150, 60, 160), (245, 190, 225)),
    "brown": ((150, 100, 55), (100, 65, 40), (215, 180, 125)),
    "white": ((240, 240, 235), (60, 60, 65), (200, 200, 200)),
}


def render(rng: np.random.Generator, kind: str, weather: str) -> Image.Image:
    """Return a picture of 64 x 64: the scene's object, its weather, a distractor, noise."""
    image = Image.new("RGB", (SIDE, SIDE))
    draw = ImageDraw.Draw(image)
    _sky(rng, draw, weather)
    if rng.random() < 0.4:
        size = float(rng.uniform(7, 11))
        _object(rng, draw, pick(rng, KINDS), size, _corner(rng, size))
    size = float(rng.uniform(19, 27))
    centre = (float(rng.uniform(size, SIDE - size)), float(rng.uniform(size, SIDE - size)))
    _object(rng, draw, kind, size, centre)
    _weather(rng, draw, weather)
    pixels = np.asarray(image, dtype=np.float32)  # (64, 64, 3)
    noisy = pixels * rng.uniform(0.85, 1.1) + rng.normal(0, 10, pixels.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def _corner(rng: np.random.Generator, size: float) -> tuple[float, float]:
    far = SIDE - size
    return pick(rng, (size, far)), pick(rng, (size, far))


def _shade(rng: np.random.Generator, colour: Colour, spread: float) -> Colour:
    red, green, blue = (np.array(colour) + rng.normal(0, spread, 3)).clip(0, 255).astype(int).tolist()
    return red, green, blue


def _sky(rng: np.random.Generator, draw: ImageDraw.ImageDraw, weather: str) -> None:
    above, below = SKIES[weather]
    horizon = int(rng.integers(SIDE // 3, SIDE - 8))
    draw.rectangle((0, 0, SIDE, horizon), fill=_shade(rng, above, 14))
    draw.rectangle((0, horizon, SIDE, SIDE), fill=_shade(rng, below, 14))


def _object(
    rng: np.random.Generator, draw: ImageDraw.ImageDraw, kind: str, size: float, centre: tuple[float, float]
) -> None:
    colours = SCENES[kind if rng.random() < OWN_COLOURS else pick(rng, KINDS)].colours
    palette = [_shade(rng, colour, 18) for colour in PALETTES[colours]]
    flip = pick(rng, (-1, 1))
    for part in GLYPHS[kind]:
        xy = np.array(part.points).reshape(-1, 2) * (flip * size, size) + centre + rng.normal(0, 0.6, 2)
        _paint(draw, part.shape, xy, palette[part.paint])


def _paint(draw: ImageDraw.ImageDraw, shape: str, xy: np.ndarray, colour: tuple[int, ...]) -> None:
    if shape == "polygon":
        draw.polygon(xy.ravel().tolist(), fill=colour)
    elif shape == "lines":
        draw.line(xy.ravel().tolist(), fill=colour, width=2)
    else:
        box = (*xy.min(0).tolist(), *xy.max(0).tolist())  # a mirrored box runs from right to left
        if shape == "ellipse":
            draw.ellipse(box, fill=colour)
        elif shape == "arc":
            draw.arc(box, 180, 360, fill=colour, width=2)
        else:
            draw.rectangle(box, fill=colour)


def _weather(rng: np.random.Generator, draw: ImageDraw.ImageDraw, weather: str) -> None:
    if weather == "sun":
        x, y, radius = (int(value) for value in rng.integers((4, 3, 4), (60, 14, 8)))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_shade(rng, (250, 225, 90), 10))
    elif weather == "rain":
        for x, y in rng.integers(0, SIDE, (14, 2)).tolist():
            draw.line((x, y, x - 2, y + 5), fill=(190, 205, 225))
    elif weather == "dusk":
        for x, y in rng.integers(0, SIDE, (10, 2)).tolist():
            draw.point((x, y), fill=(250, 250, 220))
