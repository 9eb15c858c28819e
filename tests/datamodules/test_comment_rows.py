"""Mirrors datamodules/comment_rows.py, on a table made by hand."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from datamodules.batching import FILLER
from datamodules.comment_rows import CommentedRows, PostTable, identity_of
from datamodules.texts import ABSENT
from encoders.batches import UNLABELLED


class Numbers:
    """Texts whose vector is their number, and -1 where there is none."""

    def take(self, numbers: np.ndarray) -> Tensor:
        return torch.from_numpy(numbers).float().unsqueeze(1)


class Pictures:
    """Pictures whose feature is the post's own number; posts called "blind" have none."""

    shape = (1,)
    key, folder = "toy", Path("benchmark/features")

    def take(self, ids: Sequence[str]) -> tuple[Tensor, Tensor]:
        seen = torch.tensor([post != "blind" for post in ids])
        return torch.tensor([[0.0 if post == "blind" else float(post)] for post in ids]), seen


@pytest.fixture
def table() -> PostTable:
    """Two labelled posts, and one unlabelled post of each."""
    return PostTable(
        ids=["10", "blind", "20", "21"],
        text=np.array([0, ABSENT, 1, 0]),
        query=np.array([0, 1, 0, 1]),
        comments=np.array([[7, 5, ABSENT], [5, 9, 7]]),
        identity=np.array([identity_of(name) for name in "abcd"], dtype=np.uint64),
        from_corpus=np.array([False, False, True, True]),
        label=np.array([2, 0, UNLABELLED, UNLABELLED]),
        target=np.array([[0, 0], [0, 0], [0.5, 0.5], [1, 0]], dtype=np.float32),
        row=np.array([0, 1, -1, -1]),
    )


def test_a_batch_by_hand(table: PostTable) -> None:
    batch = CommentedRows(table, Numbers(), Pictures(), Pictures())[[(0, 1), (0, 0), (0, 2), (0, FILLER)]]
    assert batch.image.tolist() == [[0], [10], [20], [0]]
    assert batch.text.tolist() == [[-1], [0], [1], [-1]]
    assert batch.present.tolist() == [[False, False], [True, True], [True, True], [False, False]]
    assert batch.comments.tolist() == [[5], [7], [9]]
    assert batch.comment_index.tolist() == [[0, 2, 1], [1, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert batch.comment_weight.tolist() == [[1, 1, 1], [1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert batch.label.tolist() == [0, 2, UNLABELLED, UNLABELLED]
    assert batch.target.tolist() == [[0, 0], [0, 0], [0.5, 0.5], [0, 0]]
    assert batch.weight.tolist() == [1, 1, 1, 0]
    assert batch.row.tolist() == [1, 0, -1, -1]


def test_a_batch_of_fillers_is_blank(table: PostTable) -> None:
    batch = CommentedRows(table, Numbers(), Pictures(), Pictures(), drop=0.5)[[(0, FILLER)] * 2]
    assert batch.comments.tolist() == [[ABSENT]]
    assert not any(part.any() for part in (batch.image, batch.present, batch.comment_weight, batch.weight))


def test_comments_that_all_posts_dropped_are_not_encoded(table: PostTable) -> None:
    rows = CommentedRows(table, Numbers(), Pictures(), Pictures(), drop=0.5)
    numbers = set()
    for epoch in range(20):
        batch = rows[[(epoch, 0)]]
        kept = batch.comment_weight[0] > 0
        assert batch.comments[:, 0].tolist() == sorted([7.0, 5.0][at] for at in range(2) if kept[at])
        numbers.add(len(batch.comments))
    assert numbers == {1, 2}


def test_stores_of_different_shapes_are_refused(table: PostTable) -> None:
    wide = Pictures()
    wide.shape = (49, 1)
    with pytest.raises(ValueError, match=r"\(1,\) for the benchmark and as \(49, 1\) for the corpus"):
        CommentedRows(table, Numbers(), Pictures(), wide)


def test_stores_of_different_encoders_are_refused(table: PostTable) -> None:
    other = Pictures()
    other.key, other.folder = "another network", Path("corpus/features")
    with pytest.raises(ValueError, match=r"corpus/features was made by another network"):
        CommentedRows(table, Numbers(), Pictures(), other)


def test_names_of_posts_are_stable() -> None:
    assert identity_of("b/1") == identity_of("b/1") < 2**64
    assert len({identity_of("b/1", "c/1"), identity_of("b/1c/1"), identity_of("b/1"), identity_of("c/1", "b/1")}) == 4
