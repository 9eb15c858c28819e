"""Mirrors datamodules/retrieval_tasks.py: pair by pair against the posts as they are."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from datamodules.retrieval_tasks import Retrieval, RetrievalTask, retrieval_tasks
from datamodules.timelines import Timelines
from encoders.tasks import TASKS

ALL = [*TASKS, "text_image"]


@pytest.fixture
def corpus(timelines_inputs: dict) -> Timelines:
    return Timelines(timelines_inputs["corpus"])


def known(picture: NDArray[np.integer]) -> NDArray[np.int64]:
    """All but picture 5 have features."""
    return np.where(picture == 5, -1, picture).astype(np.int64)


def asked(corpus: Timelines, part: str = "validation", names: list[str] = ALL) -> dict[str, RetrievalTask]:
    return {task.name: task for task in retrieval_tasks(corpus, part, names, known).tasks}


def pairs(corpus: Timelines, task: RetrievalTask, query: str, gallery: list[int]) -> set[tuple[int, int]]:
    """(identity of the query, identity of a true item) of a task."""
    own = getattr(corpus, query)[task.queries].tolist()
    return {
        (identity, gallery[place])
        for number, identity in enumerate(own)
        for place in task.true[task.offsets[number] : task.offsets[number + 1]].tolist()
    }


def changed(timelines_inputs: dict, folder: Path, **info: object) -> Timelines:
    shutil.copytree(timelines_inputs["corpus"], folder)
    told = json.loads((folder / "corpus.json").read_text())
    (folder / "corpus.json").write_text(json.dumps(told | info))
    return Timelines(folder)


def test_texts_without_a_picture_ask_for_their_users(corpus: Timelines) -> None:
    task = asked(corpus)["text_user"]
    assert pairs(corpus, task, "text", [0, 1, 2]) == {(9, 0), (9, 1)}
    assert (len(task.queries), task.gallery_size, task.unknown_users) == (1, 3, 1)


def test_all_texts_ask_where_the_corpus_says_so(timelines_inputs: dict, tmp_path: Path) -> None:
    corpus = changed(timelines_inputs, tmp_path / "all", text_queries="all")
    task = asked(corpus)["text_user"]
    assert pairs(corpus, task, "text", [0, 1, 2]) == {(7, 0), (8, 2), (7, 1), (9, 0), (9, 1), (11, 0)}
    assert corpus.text[task.queries].tolist() == [7, 8, 9, 11], "each text once, in the order of their numbers"


def test_pictures_ask_for_the_users_who_posted_them_each_once(corpus: Timelines) -> None:
    task = asked(corpus)["image_user"]
    assert pairs(corpus, task, "picture", [0, 1, 2]) == {(3, 0), (3, 2), (4, 1)}
    assert (task.gallery_size, task.unknown_users) == (3, 0)
    test = asked(corpus, "test")["image_user"]
    assert pairs(corpus, test, "picture", [0, 1, 2]) == {(6, 1), (7, 0)}
    assert test.unknown_users == 1


def test_pictures_and_texts_ask_for_each_other_among_the_same_pairs(corpus: Timelines) -> None:
    found = retrieval_tasks(corpus, "validation", ALL, known)
    tasks = {task.name: task for task in found.tasks}
    texts, pictures = corpus.text[found.texts].tolist(), corpus.picture[found.pictures].tolist()
    assert (texts, pictures) == ([7, 8], [3, 4])
    there = pairs(corpus, tasks["image_text"], "picture", texts)
    assert there == {(3, 7), (3, 8), (4, 7)}
    assert pairs(corpus, tasks["text_image"], "text", pictures) == {(text, picture) for picture, text in there}
    assert (tasks["image_text"].gallery_size, tasks["text_image"].gallery_size) == (2, 2)


def test_only_galleries_that_are_asked_for_are_made(corpus: Timelines) -> None:
    found = retrieval_tasks(corpus, "validation", TASKS, known)
    assert [task.name for task in found.tasks] == list(TASKS)
    assert (len(found.texts), len(found.pictures)) == (2, 0)


def large(seed: int, count: int) -> tuple[Retrieval, "Made"]:
    corpus = Made(seed, count)
    return retrieval_tasks(corpus, "test", ALL, known), corpus  # type: ignore[arg-type]


class Made:
    """A corpus of 400 posts in memory."""

    def __init__(self, seed: int, count: int) -> None:
        random = np.random.default_rng(0)
        self.picture, self.text, self.user = (random.integers(-1, top, 400) for top in (60, 80, 7))
        self.users = [str(number) for number in range(7)]
        self.info = {"text_queries": "all", "settings": {"shares": {"pairs": count}, "seed": seed}}

    def rows(self, part: str) -> NDArray[np.int64]:
        return np.arange(400)


def test_of_many_pairs_as_many_are_drawn_as_are_asked_for_and_all_of_their_sides_are_true() -> None:
    found, corpus = large(0, 50)
    both = {
        (picture, text)
        for picture, text in zip(known(corpus.picture), corpus.text, strict=True)
        if min(picture, text) >= 0
    }
    task = next(task for task in found.tasks if task.name == "image_text")
    texts, pictures = set(corpus.text[found.texts].tolist()), set(corpus.picture[task.queries].tolist())
    assert len(texts) <= 50
    assert len(pictures) <= 50
    there = pairs(corpus, task, "picture", corpus.text[found.texts].tolist())  # type: ignore[arg-type]
    assert there == {(picture, text) for picture, text in both if picture in pictures and text in texts}
    assert 50 <= len(there) < len(both)


def test_the_seed_of_the_corpus_draws_the_pairs() -> None:
    (first, _), (again, _), (other, _) = large(0, 50), large(0, 50), large(1, 50)
    assert first.texts.tolist() == again.texts.tolist() != other.texts.tolist()


def test_a_part_without_posts_asks_nothing(timelines_inputs: dict, tmp_path: Path) -> None:
    made = Made(0, 50)
    made.rows = lambda part: np.zeros(0, np.int64)  # type: ignore[method-assign]
    found = retrieval_tasks(made, "test", ALL, known)  # type: ignore[arg-type]
    assert [(len(task.queries), task.offsets.tolist()) for task in found.tasks] == [(0, [0])] * 4


def test_unknown_tasks_are_named(corpus: Timelines) -> None:
    with pytest.raises(
        ValueError, match="no task 'user_text'; there are text_user, image_text, image_user, text_image"
    ):
        retrieval_tasks(corpus, "test", ["text_user", "user_text"], known)
