"""Posts side by side with the answers of several classifiers (Emotion, Tables 6 and 7)."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from experiments.figures import GREY, LINE, RIGHT, WRONG, draw_picture, plain, wrapped
from experiments.results import PredictedPost

COLUMN, NAMES, PICTURE = 2.3, 2.15, 2.0  # inches: a post, the rows' names, a picture's height
MOST_LINES = 5  # of a post's text
NOT_APPLICABLE = "n/a"  # the classifier was given nothing of the post


def answers_figure(
    posts: Sequence[PredictedPost], answers: Sequence[Mapping[str, str]], classes: Sequence[str]
) -> Figure:
    """Draw a column for each post: picture, text, gold class, and every classifier's answer, green where it is right.

    Args:
        posts: with their content, where that is known.
        answers: for each post, classifier -> class name.
        classes: class names in order.
    """
    names = list(answers[0]) if answers else []
    texts = [wrapped(post.text or "(no text)", COLUMN - 0.3, MOST_LINES) for post in posts]
    height = PICTURE + LINE * (MOST_LINES + len(names) + 2.4)
    width = NAMES + COLUMN * len(posts)
    figure = Figure(figsize=(width, height))
    below = height - PICTURE - LINE * (MOST_LINES + 1)  # of the gold line
    for row, name in enumerate(["ground truth", *names]):
        _write(figure, 0.15, below - row * LINE * 1.05, name, "black" if row else GREY, width, height)
    for column, (post, text) in enumerate(zip(posts, texts, strict=True)):
        left = NAMES + COLUMN * column
        axes = figure.add_axes(
            (left / width, (height - PICTURE + 0.1) / height, (COLUMN - 0.3) / width, (PICTURE - 0.2) / height)
        )
        draw_picture(axes, post.picture)
        for row, line in enumerate(text):
            _write(figure, left, height - PICTURE - LINE * (row + 0.5), line, "black", width, height)
        gold = classes[post.gold]
        _write(figure, left, below, gold, GREY, width, height)
        for row, name in enumerate(names, start=1):
            said = answers[column][name]
            colour = GREY if said == NOT_APPLICABLE else RIGHT if said == gold else WRONG
            _write(figure, left, below - row * LINE * 1.05, said, colour, width, height)
    return figure


def _write(figure: Figure, x: float, y: float, text: str, colour: str, width: float, height: float) -> None:
    """Text at inches from the lower left corner."""
    figure.text(x / width, y / height, plain(text), fontsize=11, color=colour, va="center", parse_math=False)
