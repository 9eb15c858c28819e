"""Clusters of users and what a sentence finds, as pictures (DU2MCE, Figures 4 and 5)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont

from experiments.figures import BLUES, GREY, draw_picture, plain

PICTURE, CLOUD, HEAD = 1.9, 4.2, 0.42  # inches: a picture's side, a cloud's width, a line above a row
GAP = 0.12
DOTS = 200  # of a cloud, an inch
MOST = 60  # words of a cloud


class ShownCluster(NamedTuple):
    """A cluster of users.

    Args:
        title: what is said of it.
        words: how often its users use each word that is shown.
        pictures: nearest to its centroid, nearest first.
    """

    title: str
    words: Mapping[str, int]
    pictures: Sequence[Path]


class Answer(NamedTuple):
    """A sentence and the pictures that are nearest to it, nearest first, with their cosines."""

    sentence: str
    pictures: Sequence[Path]
    cosines: Sequence[float]


def clusters_figure(clusters: Sequence[ShownCluster]) -> Figure:
    """A row for each cluster: its words as a cloud, then its pictures."""
    most = max((len(cluster.pictures) for cluster in clusters), default=0)
    page = _Rows(len(clusters), CLOUD + GAP + most * (PICTURE + GAP))
    for row, cluster in enumerate(clusters):
        page.write(row, cluster.title)
        draw_cloud(page.box(row, 0, CLOUD), cluster.words)
        for place, picture in enumerate(cluster.pictures):
            draw_picture(page.box(row, CLOUD + GAP + place * (PICTURE + GAP), PICTURE), picture)
    return page.figure


def answers_figure(answers: Sequence[Answer]) -> Figure:
    """A row for each sentence: its pictures, with their cosines below."""
    most = max((len(answer.pictures) for answer in answers), default=0)
    page = _Rows(len(answers), most * (PICTURE + GAP), below=0.22)
    for row, answer in enumerate(answers):
        page.write(row, f"“{answer.sentence}”")
        for place, (picture, cosine) in enumerate(zip(answer.pictures, answer.cosines, strict=True)):
            axes = page.box(row, place * (PICTURE + GAP), PICTURE)
            draw_picture(axes, picture)
            axes.text(0, -0.03, f"{cosine:.2f}", transform=axes.transAxes, va="top", color=GREY, fontsize=9)
    return page.figure


def draw_cloud(axes: Axes, words: Mapping[str, int]) -> None:
    """Words as large as they are frequent; nothing depends on chance."""
    from wordcloud import WordCloud

    axes.set_axis_off()
    sizes: dict[str, int] = {}
    for word, count in words.items():
        sizes[plain(word)] = sizes.get(plain(word), 0) + count
    if not any(sizes.values()):
        axes.text(0.5, 0.5, "no words", transform=axes.transAxes, ha="center", va="center", color=GREY, fontsize=11)
        return
    cloud = WordCloud(
        font_path=findfont("DejaVu Sans"),  # as in all our pictures; the package's own has fewer letters
        width=round(CLOUD * DOTS),
        height=round(PICTURE * DOTS),
        background_color="white",
        color_func=_blue,
        prefer_horizontal=1.0,
        max_words=MOST,
        margin=8,
        random_state=0,
    )
    frequencies = {word: count for word, count in sizes.items() if count}
    axes.imshow(np.asarray(cloud.generate_from_frequencies(frequencies)), interpolation="lanczos")


def _blue(word: str, font_size: int, **others: object) -> str:
    """Of a word in a cloud: the larger, the darker."""
    red, green, blue, _ = BLUES(0.55 + 0.45 * min(font_size / (PICTURE * DOTS / 3), 1))
    return f"rgb({round(255 * red)}, {round(255 * green)}, {round(255 * blue)})"


class _Rows:
    """Equal rows of pictures under a line each; places are inches from the left."""

    def __init__(self, rows: int, width: float, below: float = 0.0) -> None:
        self.height = HEAD + PICTURE + below
        self.size = (max(width, PICTURE) + 2 * GAP, rows * self.height + 2 * GAP)
        self.figure = Figure(figsize=self.size)

    def write(self, row: int, text: str) -> None:
        top = self._top(row) - HEAD / 2
        place = (GAP / self.size[0], top / self.size[1])
        self.figure.text(*place, plain(text), fontsize=12, va="center", weight="bold", parse_math=False)

    def box(self, row: int, left: float, width: float) -> Axes:
        """Axes of a picture's height in the row."""
        across, up = self.size
        low = self._top(row) - HEAD - PICTURE
        return self.figure.add_axes(((GAP + left) / across, low / up, width / across, PICTURE / up))

    def _top(self, row: int) -> float:
        return self.size[1] - GAP - row * self.height
