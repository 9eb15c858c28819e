"""Mirrors lightning_modules/pairs.py."""

from math import nan

import pytest
import torch

from encoders.tasks import TASKS
from lightning_modules.pairs import PAPER, Pair, is_learned, learned_by, side_of

NONE: frozenset[str] = frozenset()


def test_content_is_another_where_picture_or_text_is() -> None:
    identities = torch.tensor([[0, 0, 5], [0, 1, 5], [0, 0, 6], [-1, 0, 5], [0, -1, 5], [-1, -1, 5], [-1, 0, 7]])
    side = side_of("content", torch.zeros(6, 2), identities, torch.arange(7))
    groups = side.identity.tolist()
    assert groups[0] == groups[2]
    assert groups[3] == groups[6]
    assert groups[5] == -1
    assert len(set(groups)) == 5
    assert side.place.tolist() == [0, 1, 2, 3, 4, -1, 5]


def test_a_side_counts_vectors_by_device_and_posts_in_order() -> None:
    identities = torch.tensor([[4, 0, 0], [-1, 0, 0], [6, 0, 0]])
    side = side_of("image", torch.zeros(2, 3), identities, torch.tensor([2, 1, 0]))
    assert side.identity.tolist() == [6, -1, 4]
    assert side.place.tolist() == [1, -1, 0]


def test_the_paper_teaches_all_three_tasks() -> None:
    assert learned_by(PAPER, TASKS, NONE) == {"image", "text", "user"}
    assert all(is_learned(task, PAPER) for task in (*TASKS, "text_image"))


def test_weight_zero_teaches_nothing() -> None:
    pairs = [Pair("text", "user", 1), Pair("image", "text", 0), Pair("image", "user", 0)]
    assert learned_by(pairs, TASKS, NONE) == {"text", "user"}
    assert [is_learned(task, pairs) for task in TASKS] == [True, False, False]


def test_content_teaches_what_it_is_made_of() -> None:
    pairs = [Pair("content", "user", 1)]
    assert learned_by(pairs, TASKS, NONE) == {"image", "text", "user"}
    assert [is_learned(task, pairs) for task in TASKS] == [True, False, True]


def test_what_is_frozen_is_not_taught() -> None:
    assert learned_by([Pair("image", "text", 1)], TASKS, frozenset({"text", "user"})) == {"image"}


@pytest.mark.parametrize(
    ("pairs", "tasks", "frozen", "message"),
    [
        ([Pair("sound", "user", 1)], TASKS, NONE, r"pair sound, user, 1: give two of image, text, user"),
        ([Pair("text", "text", 1)], TASKS, NONE, r"pair text, text, 1: give two of"),
        ([Pair("content", "text", 1)], TASKS, NONE, r"pair content, text, 1: give two of"),
        ([Pair("text", "user", -0.1)], TASKS, NONE, r"pair text, user, -0.1: .* weight 0 or more"),
        ([Pair("text", "user", nan)], TASKS, NONE, r"pair text, user, nan: .* weight 0 or more"),
        (PAPER, ["text-user"], NONE, r"task 'text-user': give query_gallery, two of image, text, user"),
        (PAPER, ["text_text"], NONE, r"task 'text_text': give query_gallery"),
        ([Pair("text", "user", 0)], TASKS, NONE, r"no pair of weight above 0 has both sides of a task"),
        ([Pair("text", "user", 1)], ["image_text"], NONE, r"no pair of weight above 0 has both sides of a task"),
        (PAPER, TASKS, frozenset({"users"}), r"frozen users: give some of image, text, user"),
        ([Pair("text", "user", 1)], TASKS, frozenset({"text", "user"}), r"text, user: all that the pairs could teach"),
    ],
)
def test_settings_that_mean_nothing_are_refused(
    pairs: list[Pair], tasks: list[str], frozen: frozenset[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        learned_by(pairs, tasks, frozen)
