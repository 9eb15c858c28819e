"""Pictures with what users say of them, and a query's clicks becoming positive phrases (Pins, Figures 1 and 2)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from experiments.figures import GREY, LINE, RIGHT, WRONG, draw_picture, plain, wrapped
from experiments.pins_clicks import Query

COLUMNS, COLUMN, PICTURE = 3, 4.0, 2.6  # of Figure 1: pictures a row; inches
MOST, MOST_LINES = 5, 2  # descriptions of a picture, and lines of one
ITEM, ITEM_PICTURE, ITEM_LINES = 2.35, 1.75, 3  # of Figure 2: a clicked item; lines of annotations


class Pin(NamedTuple):
    """A picture and its descriptions."""

    picture: Path
    descriptions: list[str]


def pins_figure(pins: Sequence[Pin]) -> Figure:
    """Pictures in rows of three, each above its first descriptions."""
    rows = [pins[start : start + COLUMNS] for start in range(0, len(pins), COLUMNS)]
    texts = [[_described(pin.descriptions) for pin in row] for row in rows]
    heights = [PICTURE + 0.35 + LINE * max(map(len, row)) for row in texts]
    page = _Page(COLUMN * min(COLUMNS, len(pins)), sum(heights) + 0.1)
    top = page.height - 0.1
    for row, lines, height in zip(rows, texts, heights, strict=True):
        for column, (pin, said) in enumerate(zip(row, lines, strict=True)):
            left = COLUMN * column + 0.15
            page.picture(left, top - PICTURE, COLUMN - 0.3, PICTURE, pin.picture)
            for place, (line, first) in enumerate(said):
                y = top - PICTURE - 0.2 - LINE * place
                page.write(left + 0.16, y, line, "black")
                page.write(left, y, "•" * first, GREY)
        top -= height
    return page.figure


def clicks_figure(query: Query, items: int, media: Path) -> Figure:
    """The clicked items above, the ranked annotations with those struck out and the positive phrases below.

    Args:
        query: its way from clicks to positives.
        items: clicked items shown.
        media: root of the items' paths.
    """
    shown = query.items[:items]
    ranked_height = LINE * 1.15 * max(len(query.ranked), 1)
    width = max(ITEM * max(len(shown), 1), 4 * ITEM) + 0.3
    page = _Page(width, 0.75 + 0.45 + ITEM_PICTURE + LINE * (ITEM_LINES + 1) + 0.7 + ranked_height + 0.2)
    top = page.height - 0.35
    page.write(0.2, top, f"query: {query.text}", "black", fontsize=15, weight="bold")
    top -= 0.5
    more = len(query.items) - len(shown)
    page.write(0.2, top, "1. clicked results, with their annotations" + f" ({more} more)" * (more > 0), GREY)
    top -= 0.2
    for place, item in enumerate(shown):
        _item(page, 0.2 + ITEM * place, top, media / item.path, item.annotations, item.clicks)
    top -= ITEM_PICTURE + LINE * (ITEM_LINES + 1) + 0.45
    _ranked(page, query, top, width)
    return page.figure


def _item(page: "_Page", left: float, top: float, picture: Path, annotations: Sequence[str], clicks: int) -> None:
    page.picture(left, top - ITEM_PICTURE, ITEM - 0.25, ITEM_PICTURE, picture)
    below = top - ITEM_PICTURE - 0.2
    page.write(left, below, f"{clicks} click{'s' * (clicks != 1)}", "black", weight="bold")
    for line in wrapped(", ".join(annotations), ITEM - 0.3, ITEM_LINES):
        below -= LINE
        page.write(left, below, line, "#333333")


def _ranked(page: "_Page", query: Query, top: float, width: float) -> None:
    """Annotations by clicks with bars, and to their right the positive phrases."""
    right = width * 0.66
    page.write(0.2, top, "2. annotations by clicks; struck out: share a word stem with the query", GREY)
    page.write(right, top, "3. positive phrases", GREY)
    names = [plain(each.phrase) for each in query.ranked]
    bar = 0.35 + max((_width(name) for name in names), default=0)
    longest = max((each.clicks for each in query.ranked), default=1)
    room = right - 0.9 - bar
    for place, (each, name) in enumerate(zip(query.ranked, names, strict=True)):
        y = top - 0.35 - LINE * 1.15 * place
        colour = WRONG if each.shares_word else "black"
        page.write(0.2, y, name, colour)
        page.bar(bar, y, room * each.clicks / longest, "#e3b7b3" if each.shares_word else "#b9d3ea")
        page.write(bar + room * each.clicks / longest + 0.08, y, str(each.clicks), GREY)
        if each.shares_word:
            page.line(0.17, 0.23 + _width(name), y, WRONG)
        else:
            page.write(right, y, name, RIGHT, weight="bold")
    if not query.positives:
        page.write(right, top - 0.35, "none", GREY)


class _Page:
    """A white page on which things stand at inches from the lower left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width, height))
        self._axes = self.figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
        self._axes.set_axis_off()

    def write(self, x: float, y: float, text: str, colour: str, **style: Any) -> None:
        how: dict[str, Any] = {"fontsize": 11, "va": "center", "parse_math": False} | style
        self._axes.text(x, y, plain(text), color=colour, **how)

    def picture(self, x: float, y: float, width: float, height: float, path: Path) -> None:
        box = (x / self.width, y / self.height, width / self.width, height / self.height)
        axes = self.figure.add_axes(box)
        draw_picture(axes, path)
        axes.set_anchor("NW")  # above its text's beginning

    def bar(self, x: float, y: float, width: float, colour: str) -> None:
        self._axes.barh([y], [width], left=[x], height=LINE * 0.75, color=colour)
        self._axes.set_xlim(0, self.width)
        self._axes.set_ylim(0, self.height)

    def line(self, start: float, end: float, y: float, colour: str) -> None:
        self._axes.plot([start, end], [y, y], color=colour, linewidth=1)


def _described(descriptions: Sequence[str]) -> list[tuple[str, bool]]:
    """Lines of the first descriptions, and whether each is the first one of its description."""
    texts = [wrapped(text, COLUMN - 0.55, MOST_LINES) for text in descriptions[:MOST]]
    return [(line, not place) for lines in texts for place, line in enumerate(lines)]


def _width(text: str) -> float:
    """Inches of a line in the pages' letters."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    width, _, _ = TextToPath().get_text_width_height_descent(text, FontProperties(size=11), ismath=False)
    return float(width) / 72
