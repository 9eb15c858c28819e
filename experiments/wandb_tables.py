"""Evaluations on W&B: posts with picture, text, gold, ours and attention over comments; the confusion matrix."""

from collections.abc import Sequence

import wandb
from lightning.pytorch.loggers import WandbLogger

from encoders.pictures import open_picture
from experiments.results import PredictedPost
from experiments.scores import confusion

LIMIT = 200  # posts with pictures; more make the page slow
SIDE = 320  # pixels of a logged picture's longer side
COLUMNS: list[str | int] = [
    "id",
    "picture",
    "text",
    "gold",
    "ours",
    "right",
    "confidence",
    "comments",
    "by picture",
    "by text",
]


def log_evaluation(
    logger: WandbLogger, rows: Sequence[PredictedPost], classes: Sequence[str], limit: int = LIMIT
) -> None:
    """Log `<part>/posts` (the first `limit` posts) and `<part>/confusion` (all posts) of one part's predictions.

    Args:
        logger: online or offline.
        rows: predictions of one part, with their content where pictures and texts are wanted.
        classes: class names in order.
        limit: most posts in the table.
    """
    if not rows:
        return
    posts = wandb.Table(columns=COLUMNS, data=[_line(row, classes) for row in rows[:limit]])
    counts = confusion([row.gold for row in rows], [row.predicted for row in rows], len(classes))
    matrix = wandb.Table(
        columns=["gold", *classes], data=[[name, *map(int, line)] for name, line in zip(classes, counts, strict=True)]
    )
    part = rows[0].part
    logger.experiment.log({f"{part}/posts": posts, f"{part}/confusion": matrix})


def _line(row: PredictedPost, classes: Sequence[str]) -> list[object]:
    gold = classes[row.gold] if row.gold >= 0 else None
    confidence = row.probabilities[row.predicted] if row.probabilities else None
    comments = "\n".join(f"{number}. {comment}" for number, comment in enumerate(row.comments, start=1))
    weights = [" ".join(f"{weight:.2f}" for weight in side) for side in (row.image_attention, row.text_attention)]
    right = row.is_right if row.gold >= 0 else None
    return [row.id, _picture(row), row.text, gold, classes[row.predicted], right, confidence, comments, *weights]


def _picture(row: PredictedPost) -> wandb.Image | None:
    """A thumbnail; none where the post has no picture or it can't be read."""
    if row.picture is None:
        return None
    try:
        image = open_picture(row.picture, draft=SIDE)
    except ValueError:  # the prepared data set's problems.jsonl names it
        return None
    image.thumbnail((SIDE, SIDE))
    return wandb.Image(image)
