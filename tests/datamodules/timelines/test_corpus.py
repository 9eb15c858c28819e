"""Mirrors datamodules/timelines/corpus.py."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from datamodules.posts import Posts
from datamodules.timelines import Accounts, Pictures, Shares, Texts, Timelines, write_timelines

MakePosts = Callable[..., Posts]


@pytest.fixture
def corpus(make_posts: MakePosts, tmp_path: Path) -> Timelines:
    posts = make_posts(
        [("ä", "dog", "a.png"), ("ä", "dog cat", None), ("b", "dog", "c.png")], ["train", "test", "train"]
    )
    texts, shares = Texts(min_count=1), Shares("prepared", "paper")
    return write_timelines(posts, tmp_path / "corpus", Accounts(0), texts, Pictures(), shares)


def test_columns_are_arrays_and_words_stay_on_the_disk(corpus: Timelines) -> None:
    assert len(corpus) == 3
    assert all(column.shape == (3,) for column in (corpus.user, corpus.picture, corpus.text, corpus.part))
    assert (corpus.user.dtype, corpus.picture.dtype, corpus.text.dtype) == (np.int32,) * 3
    assert isinstance(corpus.tokens, np.memmap)
    assert (corpus.tokens.tolist(), corpus.offsets.tolist()) == ([1, 1, 1], [0, 1, 2, 3])
    assert [corpus.rows(part).tolist() for part in ("train", "validation", "test")] == [[0, 2], [], [1]]


def test_a_worker_opens_the_folder_again(corpus: Timelines) -> None:
    assert corpus.tokens.size == 3
    packed = pickle.dumps(corpus)
    assert len(packed) < 1000
    assert pickle.loads(packed).users == ["ä", "b"]


def test_an_unknown_part_names_the_known_ones(corpus: Timelines) -> None:
    with pytest.raises(ValueError, match="no part 'dev'; there are train, validation, test"):
        corpus.rows("dev")


def test_what_is_no_corpus_is_told_by_file(tmp_path: Path, corpus: Timelines) -> None:
    with pytest.raises(FileNotFoundError, match=r"corpus\.json: no corpus of timelines; the stage `timelines`"):
        Timelines(tmp_path)
    path = corpus.folder / "corpus.json"
    path.write_text(json.dumps(corpus.info | {"version": 0}))
    with pytest.raises(ValueError, match="files of version 0, not 1"):
        Timelines(corpus.folder)
    path.write_text("{")
    with pytest.raises(ValueError, match="not whole"):
        Timelines(corpus.folder)
