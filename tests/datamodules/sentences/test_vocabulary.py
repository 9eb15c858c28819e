"""Mirrors datamodules/sentences/vocabulary.py: words of training sentences only."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from datamodules.posts import Posts
from datamodules.sentences import Words, write_corpus
from encoders.vocabulary import read_counts

MakePosts = Callable[..., Posts]
PINS = [
    (None, ["b a c é", "b a c d"]),
    (None, ["b c z z z z"]),
    ("t.png", ["d d d d rare"]),
]
PARTS = ["train", "train", "test"]


def test_counts_are_of_training_sentences_and_ties_are_by_word(make_posts: MakePosts, tmp_path: Path) -> None:
    corpus = write_corpus(make_posts(PINS, PARTS, a_file=1), tmp_path / "out", words=Words(1), protocol="paper")
    assert corpus.words == ["<bos>", "<eos>", "<unk>", "z", "b", "c", "a", "d", "é"]
    np.testing.assert_array_equal(read_counts(corpus.folder), [3, 3, 0, 4, 3, 3, 2, 1, 1])
    assert corpus.info["unique_words"] == {"1": 6, "3": 3, "50": 0}
    assert corpus.part("test").tokens.tolist() == [7, 7, 7, 7, 2]


@pytest.mark.parametrize(("least", "there"), [(2, ["z", "b", "c", "a"]), (3, ["z", "b", "c"]), (4, ["z"])])
def test_the_least_count_is_enough(make_posts: MakePosts, tmp_path: Path, least: int, there: list[str]) -> None:
    words = Words(least, "drop")
    corpus = write_corpus(make_posts(PINS, PARTS), tmp_path / "out", words=words, protocol="paper")
    assert corpus.words == ["<bos>", "<eos>", *there]


def test_an_empty_vocabulary_says_how_often_the_most_frequent_word_occurs(
    make_posts: MakePosts, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"no word occurs 50 times \(min_count\) .*'z' is the most frequent, 4 times"):
        write_corpus(make_posts(PINS, PARTS), tmp_path / "out", protocol="paper")
    posts = make_posts(PINS, ["test", "test", "test"], name="untrained")
    with pytest.raises(ValueError, match="in the training sentences: they have none"):
        write_corpus(posts, tmp_path / "other", words=Words(1), protocol="paper")
