"""Mirrors datamodules/sentences/corpus.py."""

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from datamodules.posts import Posts
from datamodules.sentences import BOS, EOS, UNKNOWN, Cleaning, Corpus, Words, write_corpus
from encoders.vocabulary import read_counts

PINS = [("a.png", ["a cat on a mat", "one dog in the sun"]), (None, ["the cat and the dog"])]


@pytest.fixture
def corpus(make_posts: Callable[..., Posts], tmp_path: Path) -> Corpus:
    return write_corpus(make_posts(PINS), tmp_path / "corpus", Cleaning(), Words(2), validation_images=0)


def test_special_words_have_their_numbers(corpus: Corpus) -> None:
    assert [corpus.words[number] for number in (BOS, EOS, UNKNOWN)] == ["<bos>", "<eos>", "<unk>"]
    assert corpus.words[3:] == ["the", "a", "cat", "dog"]
    np.testing.assert_array_equal(read_counts(corpus.folder), [3, 3, 6, 3, 2, 2, 2])


def test_sentences_are_memory_mapped_and_a_pickled_corpus_is_small(corpus: Corpus) -> None:
    train = corpus.part("train")
    assert all(isinstance(values, np.memmap) for values in train)
    assert [values.dtype for values in train] == [np.int32, np.int64, np.int32]
    again = pickle.loads(pickle.dumps(corpus))
    assert len(pickle.dumps(corpus)) < 300
    np.testing.assert_array_equal(again.part("train").tokens, train.tokens)


def test_what_is_not_there_is_named(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no part 'test'; there are train"):
        corpus.part("test")
    with pytest.raises(FileNotFoundError, match=r"corpus\.json: no corpus .* stage `sentences` .*run pins"):
        Corpus(tmp_path)
    path = corpus.folder / "corpus.json"
    path.write_text(json.dumps(corpus.info | {"version": 0}))
    with pytest.raises(ValueError, match="version 0, not 1; write it again"):
        Corpus(corpus.folder)


@pytest.mark.parametrize("content", [b"", b'{"version": 1, "par', b"[1]", b"\xff"])
def test_a_cut_file_is_named_with_the_way_out(make_posts: Callable[..., Posts], tmp_path: Path, content: bytes) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "corpus.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"corpus/corpus\.json: no.*; delete .*/corpus and let it be made again"):
        Corpus(tmp_path / "corpus")
    with pytest.raises(ValueError, match=r"corpus/corpus\.json: no.*; delete .*/corpus and let it be made again"):
        write_corpus(make_posts(PINS), tmp_path / "corpus")


def test_reading_needs_neither_torch_nor_the_database() -> None:
    code = "import sys, datamodules.sentences as s; s.Corpus; print({'torch', 'duckdb', 'datasets'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said.strip() == "set()"
