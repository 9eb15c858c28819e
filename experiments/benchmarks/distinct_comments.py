"""A student's step: every distinct comment of the batch encoded once, or every occurrence."""

import torch
from torch import Tensor

from encoders import CommentedPosts, Tokens
from experiments.benchmarks.material import UNLABELLED_POSTS, Material
from experiments.benchmarks.timing import Comparison, Sides, alternating
from experiments.benchmarks.training import comment_trainee


def per_occurrence(batch: CommentedPosts) -> CommentedPosts:
    """The same posts, with a row of `comments` for each comment of each post that counts."""
    comments, counted = batch.comments, batch.comment_weight > 0
    if isinstance(comments, Tensor) or not counted.any():
        raise ValueError("the batch has stored features or no comments: nothing is encoded")
    rows = batch.comment_index[counted]  # (occurrences,)
    index = torch.zeros_like(batch.comment_index)
    index[counted] = torch.arange(len(rows), device=rows.device)
    return batch._replace(comments=Tokens(comments.ids[rows], comments.mask[rows]), comment_index=index)


def student_batch(material: Material, drop: float) -> CommentedPosts:
    """The first batch of a student's first epoch."""
    data = material.student_data(material.text_weights, material.sizes.batch_size, drop)
    return next(iter(data.train_dataloader()))


def sides(material: Material, batch: CommentedPosts) -> Sides[Tensor]:
    """A step of both kinds; returns its loss."""
    model = material.classifier(material.text_weights)
    occurring, distinct = comment_trainee(model), comment_trainee(model)
    once = distinct.moved(batch)
    each = per_occurrence(once)
    return Sides(lambda: occurring.step(each), lambda: distinct.step(once))


def measure(material: Material) -> list[Comparison]:
    """A student that drops half of the comments, as in the paper, and one that drops none (Table 7, Base+Com+ST)."""
    return [_compared(material, drop) for drop in (0.5, 0.0)]


def _compared(material: Material, drop: float) -> Comparison:
    sizes, batch = material.sizes, student_batch(material, drop)
    first, second = alternating(sides(material, batch), sizes.repeats, material.device)
    many, few = (_rows(each) for each in (per_occurrence(batch), batch))
    shown = (
        f"{sizes.batch_size} labelled posts, {UNLABELLED_POSTS} unlabelled ones for each: {len(batch.label)} texts; "
        f"{many} comments, {few} distinct; text encoder of {sizes.layers} layers, {sizes.width} wide, trained"
    )
    note = "The posts' own texts are encoded on both sides. Comments are shared only by a query and its posts here."
    name = f"student's step, {100 * drop:.0f} % of the comments dropped"
    return Comparison(name, "each occurrence encoded", "each distinct comment", shown, first, second, note=note)


def _rows(batch: CommentedPosts) -> int:
    return len(batch.comments.ids) if isinstance(batch.comments, Tokens) else len(batch.comments)
