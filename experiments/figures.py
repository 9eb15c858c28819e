"""Pictures of results: confusion matrix, and which comments a post's picture and text attend to."""

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont
from matplotlib.ft2font import FT2Font
from matplotlib.patches import Rectangle

from encoders.atomic import replacing
from encoders.pictures import open_picture
from experiments.results import PredictedPost
from experiments.scores import Floats

BLUES = LinearSegmentedColormap.from_list("blues", ["#f5f8fc", "#b9d3ea", "#5d9bcc", "#1d5c99", "#0b2f57"])
RIGHT, WRONG, GREY = "#1a7f4b", "#b3261e", "#5f6b76"
LINE = 0.235  # inches a line of text
COMMENT_WIDTH, CAPTION_WIDTH = 4.9, 3.4  # inches
ROW_PADDING = 0.28  # inches between comments
MOST_LINES = 4  # of a comment, 7 of a post's text


def save_figure(figure: Figure, path: Path) -> None:
    """Write a PNG whole or not at all."""
    with replacing(path) as part:
        figure.savefig(part, format="png", dpi=160, facecolor="white")


def confusion_figure(counts: Floats, classes: Sequence[str], title: str) -> Figure:
    """Confusion matrix (C, C), rows gold, columns predicted: counts, and shares of each gold class as colour."""
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)  # (C, C)
    side = max(3.6, 1.15 * len(classes) + 1.6)
    figure = Figure(figsize=(side + 2.4, side), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(share, cmap=BLUES, vmin=0, vmax=1)
    names = [textwrap.fill(plain(name), 14) for name in classes]
    axes.set_xticks(range(len(classes)), names, fontsize=11, rotation=0 if len(classes) < 6 else 45)
    axes.set_yticks(range(len(classes)), names, fontsize=11)
    axes.set_xlabel("ours", fontsize=12)
    axes.set_ylabel("gold", fontsize=12)
    axes.set_title(textwrap.fill(plain(title), int(10 * side)), fontsize=12, pad=10)
    for (row, column), value in np.ndenumerate(counts):
        colour = "white" if share[row, column] > 0.5 else "black"
        text = f"{int(value)}\n{100 * share[row, column]:.0f} %"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=12)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03, format=lambda value, _: f"{100 * value:.0f} %")
    bar.set_label("share of the gold class", fontsize=11)
    bar.outline.set_visible(False)
    return figure


def attention_figure(post: PredictedPost, classes: Sequence[str], base: PredictedPost | None = None) -> Figure:
    """A post, what was predicted, and the weight of each of its comments by picture and by text (paper, Figure 5).

    Args:
        post: with its content, where that is known.
        classes: class names in order.
        base: the same post by another classifier.
    """
    columns = {name: weights for name, weights in post.attention.items() if weights}
    comments = [wrapped(comment, COMMENT_WIDTH, MOST_LINES) for comment in post.comments]
    heights = [LINE * len(lines) + ROW_PADDING for lines in comments] or [0.8]
    caption = wrapped(post.text or "(no text)", CAPTION_WIDTH, 7)
    verdicts = _verdicts(post, classes, base)
    below = LINE * (len(caption) + len(verdicts)) + 0.5
    height = max(2.6 + below, sum(heights) + 0.9)
    width = 3.9 + 5.6 + 1.1 * max(len(columns), 1) + 0.3
    figure = Figure(figsize=(width, height))
    picture = figure.add_axes((0.25 / width, below / height, 3.4 / width, 1 - (below + 0.25) / height))
    draw_picture(picture, post.picture)
    _draw_caption(figure, caption, verdicts, below, width, height)
    table = figure.add_axes((4.0 / width, 0, (width - 4.2) / width, 1))
    _draw_comments(table, comments, heights, columns, height)
    return figure


def plain(text: str) -> str:
    """Text as the figures' font can draw it: other characters become a square, line breaks blanks."""
    return "".join(char if ord(char) in _CHARACTERS else "▫" for char in " ".join(text.split()))


def draw_picture(axes: Axes, path: Path | None) -> None:
    """Show a picture, or say why there is none."""
    axes.set_axis_off()
    axes.set_anchor("N")
    if path is not None:
        try:
            axes.imshow(np.asarray(open_picture(path, draft=600)), interpolation="lanczos")
            return
        except ValueError as error:
            reason = f"picture can't be read:\n{textwrap.fill(str(error), 34)}"
    else:
        reason = "no picture"
    axes.add_patch(Rectangle((0, 0), 1, 1, transform=axes.transAxes, facecolor="#eef1f4", edgecolor="#c8d0d8"))
    axes.text(0.5, 0.5, reason, transform=axes.transAxes, ha="center", va="center", color=GREY, fontsize=11)


def _verdicts(post: PredictedPost, classes: Sequence[str], base: PredictedPost | None) -> list[tuple[str, str]]:
    """Lines with their colours: gold, ours, base."""
    gold = classes[post.gold] if post.gold >= 0 else "unknown"
    lines = [(f"gold: {gold}", "black")]
    for name, found in (("ours", post), ("base", base)):
        if found is not None:
            sure = f" ({100 * found.probabilities[found.predicted]:.0f} %)" if found.probabilities else ""
            colour = GREY if found.gold < 0 else RIGHT if found.is_right else WRONG
            lines.append((f"{name}: {classes[found.predicted]}{sure}", colour))
    return lines


def _draw_caption(
    figure: Figure, caption: list[str], verdicts: list[tuple[str, str]], below: float, width: float, height: float
) -> None:
    y = below - 0.2
    for text, colour, weight in [(line, "black", "normal") for line in caption] + [
        (plain(text), colour, "bold") for text, colour in verdicts
    ]:
        y -= 0.1 if text == plain(verdicts[0][0]) and weight == "bold" else 0
        place = (0.25 / width, y / height)
        figure.text(*place, text, fontsize=11, color=colour, weight=weight, va="center", parse_math=False)
        y -= LINE


def _draw_comments(
    axes: Axes, comments: list[list[str]], heights: list[float], columns: dict[str, list[float]], height: float
) -> None:
    """A line a comment: its text, then a shaded cell a column; in inches from the top."""
    width = 5.6 + 1.1 * max(len(columns), 1)
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    top = 0.6
    axes.text(0.05, top - 0.2, "comments", fontsize=11, color=GREY, va="center")
    if not comments:
        axes.text(0.05, top + 0.3, "no comments", fontsize=11, va="center")
        return
    largest = max((max(weights) for weights in columns.values()), default=1.0)
    for place, name in enumerate(columns):
        label = f"by {'picture' if name == 'image' else name}"
        axes.text(5.6 + 1.1 * (place + 0.5), top - 0.2, label, fontsize=11, color=GREY, ha="center", va="center")
    for number, (lines, tall) in enumerate(zip(comments, heights, strict=True)):
        axes.plot([0, width], [top, top], color="#dde3e8", linewidth=0.8)
        text = "\n".join(lines)
        axes.text(0.05, top + tall / 2, f"{number + 1}", fontsize=11, color=GREY, va="center")
        axes.text(0.35, top + tall / 2, text, fontsize=11, va="center", linespacing=1.3, parse_math=False)
        for place, weights in enumerate(columns.values()):
            _draw_cell(axes, (5.6 + 1.1 * place, top, 1.1, tall), weights[number], largest)
        top += tall


def _draw_cell(axes: Axes, box: tuple[float, float, float, float], weight: float, largest: float) -> None:
    x, y, width, height = box
    shade = weight / max(largest, 1e-9)
    cell = Rectangle((x + 0.03, y + 0.03), width - 0.06, height - 0.06, facecolor=BLUES(shade))
    axes.add_patch(cell)
    colour = "white" if shade > 0.5 else "black"
    axes.text(x + width / 2, y + height / 2, f"{weight:.2f}", fontsize=12, color=colour, ha="center", va="center")


def wrapped(text: str, width: float, most: int) -> list[str]:
    """Lines of at most `width` inches; where there are more than `most`, the last one ends in an ellipsis."""
    lines, line = [], ""
    for word in re.findall(r"\S{1,20}", plain(text)):  # longer words, such as links, are cut
        longer = f"{line} {word}".strip()
        if line and _inches(longer) > width:
            lines.append(line)
            longer = word
        line = longer
    lines.append(line)
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]} …"]


def _inches(text: str) -> float:
    return sum(_FONT.load_char(ord(char)).linearHoriAdvance for char in text) / 65536 / 72


_FONT = FT2Font(findfont("DejaVu Sans"))  # comes with matplotlib, its default
_FONT.set_size(11, 72)  # points, so that a pixel is one
_CHARACTERS = _FONT.get_charmap()
