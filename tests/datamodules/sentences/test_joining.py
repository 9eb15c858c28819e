"""Mirrors datamodules/sentences/joining.py: what becomes of words that are not known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from datamodules.posts import Posts
from datamodules.sentences import Corpus, Words, write_corpus
from encoders.vocabulary import read_counts

MakePosts = Callable[..., Posts]
Write = Callable[[str], Corpus]
PINS = [
    ("a.png", ["cat dog cat one", "two three four five"]),
    ("b.png", ["cat dog six six"]),
    ("v.png", ["dog seven seven seven", "eight nine ten eleven"]),
]


@pytest.fixture
def write(make_posts: MakePosts, tmp_path: Path) -> Write:
    posts = make_posts(PINS, ["train", "train", "validation"], a_file=1)

    def written(unknown: str) -> Corpus:
        words = Words(2, unknown)  # type: ignore[arg-type]
        return write_corpus(posts, tmp_path / unknown, words=words, protocol="paper", range_size=1)

    return written


def test_rare_words_become_unknown_and_sentences_without_a_known_one_go(write: Write) -> None:
    corpus = write("unk")
    assert corpus.words == ["<bos>", "<eos>", "<unk>", "cat", "dog", "six"]
    counts = read_counts(corpus.folder)
    np.testing.assert_array_equal(counts, [2, 2, 1, 3, 2, 2])  # <unk> for "one" only: three sentences less
    train = corpus.part("train")
    assert train.tokens.tolist() == [3, 4, 3, 2, 3, 4, 5, 5]
    assert train.offsets.tolist() == [0, 4, 8]
    assert train.picture.tolist() == [0, 1]
    assert corpus.part("validation").tokens.tolist() == [4, 2, 2, 2]


def test_rare_words_are_left_out_by_option_and_short_rests_stay(write: Write) -> None:
    corpus = write("drop")
    assert corpus.words == ["<bos>", "<eos>", "cat", "dog", "six"]
    np.testing.assert_array_equal(read_counts(corpus.folder), [2, 2, 3, 2, 2])
    assert corpus.part("train").tokens.tolist() == [2, 3, 2, 2, 3, 4, 4]
    assert corpus.part("train").offsets.tolist() == [0, 3, 7]
    validation = corpus.part("validation")
    assert (validation.tokens.tolist(), validation.offsets.tolist(), validation.picture.tolist()) == ([3], [0, 1], [2])


@pytest.mark.parametrize("unknown", ["unk", "drop"])
def test_counts_and_the_last_lines_tell_all_words_and_unknown_ones(
    write: Write, unknown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    info = write(unknown).info
    assert info["dropped"]["unknown_words_only"] == 2
    assert info["parts"]["train"] == {"images": 2, "sentences": 2, "words": 8, "unknown": 1, "without_picture": 0}
    assert [line.partition(f"{unknown}: ")[2] for line in capsys.readouterr().out.splitlines()[-2:]] == [
        "train: 2 sentences (0 without a picture) of 2 pictures, 8 words (12.50% unknown)",
        "validation: 1 sentences (0 without a picture) of 1 pictures, 4 words (75.00% unknown)",
    ]
