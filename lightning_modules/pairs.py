"""Modalities of posts, and which of them are learned together (DU2MCE, section 3.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import torch
from torch import Tensor

from encoders.batches import PostTriples
from encoders.tasks import TASKS
from lightning_modules.ranking_loss import Side

COLUMNS = {"image": 0, "text": 1, "user": 2}  # of identities
# what a modality is made of
PARTS = {"image": ("image",), "text": ("text",), "user": ("user",), "content": ("image", "text")}


@dataclass(frozen=True)
class Pair:
    """A term of Eq. 1.

    Args:
        anchor: text, image, user, or content, which is picture and text in one (Section 4.6, Merged-Modality).
        other: the modality of positives and negatives.
        weight: lambda, at least 0; a pair of weight 0 is not learned.
    """

    anchor: str
    other: str
    weight: float


PAPER = (Pair("text", "user", 0.1), Pair("image", "text", 0.45), Pair("image", "user", 0.45))  # Table 2, the best


def identities_of(batch: PostTriples) -> Tensor:
    """(B, 3) int64, -1 where absent."""
    return torch.stack([batch.picture, batch.text, batch.user], dim=1)


def side_of(name: str, vectors: Tensor, identities: Tensor, order: Tensor) -> Side:
    """A modality of all posts in this order, given vectors (n, D) and identities (B, 3) by device."""
    if name in COLUMNS:
        identity = identities[:, COLUMNS[name]]
    else:
        of_parts = identities[:, [COLUMNS[part] for part in PARTS[name]]]
        number = torch.unique(of_parts, dim=0, return_inverse=True)[1]
        identity = torch.where((of_parts >= 0).any(1), number, -1)
    there = identity >= 0
    place = torch.where(there, there.cumsum(0) - 1, -1)
    return Side(vectors, identity[order], place[order])


def is_learned(task: str, pairs: Sequence[Pair]) -> bool:
    """Whether a pair of weight above 0 brings the task's two modalities together."""
    return any(
        {one, other} == set(task.split("_"))
        for pair in pairs
        if pair.weight > 0
        for one in PARTS[pair.anchor]
        for other in PARTS[pair.other]
    )


def learned_by(pairs: Sequence[Pair], tasks: Sequence[str], frozen: frozenset[str]) -> frozenset[str]:
    """Modalities that the pairs teach; ValueError where the settings are none or don't fit together."""
    for pair in pairs:
        parts = [part for name in (pair.anchor, pair.other) for part in PARTS.get(name, ("",))]
        if "" in parts or len(set(parts)) < len(parts) or not 0 <= pair.weight < inf:
            known = f"two of {', '.join(COLUMNS)}, or content (image and text in one) with user; weight 0 or more"
            raise ValueError(f"pair {pair.anchor}, {pair.other}, {pair.weight:g}: give {known}")
    for task in tasks:
        if len(set(task.split("_")) & COLUMNS.keys()) != 2 or task.count("_") != 1:
            raise ValueError(f"task {task!r}: give query_gallery, two of {', '.join(COLUMNS)}, like {TASKS[0]}")
    if not any(is_learned(task, pairs) for task in tasks):
        raise ValueError(
            f"no pair of weight above 0 has both sides of a task ({', '.join(tasks)}): nothing to choose by"
        )
    if frozen - COLUMNS.keys():
        raise ValueError(f"frozen {', '.join(sorted(frozen - COLUMNS.keys()))}: give some of {', '.join(COLUMNS)}")
    taught = {part for pair in pairs if pair.weight > 0 for name in (pair.anchor, pair.other) for part in PARTS[name]}
    if taught <= frozen:
        raise ValueError(f"{', '.join(sorted(taught))}: all that the pairs could teach is frozen")
    return frozenset(taught - frozen)
