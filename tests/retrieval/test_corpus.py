"""Mirrors retrieval/corpus.py and retrieval/sources.py."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from retrieval.corpus import Corpus, distinct_comments
from retrieval.sources import ArrayVectors, StoreVectors

KEY = {"image": "tiny", "text": "tiny"}
IDS = ["wild/1", "wild/2", "wild/3"]
COMMENTS = [["a nice owl", "so nice"], [], ["so nice", "where is it"]]


def arrays(rows: int, width: int) -> ArrayVectors:
    return ArrayVectors(np.random.default_rng(rows).normal(size=(rows, width)).astype(np.float32), np.ones(rows, bool))


def build(folder: Path, comments: Sequence[Sequence[str]] = COMMENTS, key: dict[str, str] = KEY) -> Corpus:
    texts = distinct_comments(comments)
    vectors = arrays(len(texts), 5)
    return Corpus.build(
        folder,
        key,
        IDS,
        image=arrays(3, 4),
        text=arrays(3, 2),
        comments=comments,
        comment_texts=texts,
        comment_vectors=vectors,
    )


def test_a_corpus_reads_back_what_was_put_in(tmp_path: Path) -> None:
    build(tmp_path / "corpus")
    corpus = Corpus(tmp_path / "corpus", KEY)
    assert len(corpus) == 3
    assert corpus.rows(["wild/3", "unknown", "wild/1"]).tolist() == [2, -1, 0]
    assert corpus.rows([]).tolist() == []
    assert corpus.ids([1, 0]) == ["wild/2", "wild/1"]
    assert [corpus.comment_texts(corpus.comment_rows(post)) for post in range(3)] == COMMENTS
    rows = corpus.comment_rows(2)
    np.testing.assert_array_equal(corpus.comment_vectors[rows], arrays(3, 5).values[[1, 2]])
    assert corpus.info["comments"] == 4
    assert corpus.info["distinct_comments"] == 3


def test_a_corpus_without_any_comment_opens(tmp_path: Path) -> None:
    corpus = build(tmp_path / "corpus", [[], [], []])
    assert corpus.comment_rows(0).tolist() == []
    assert corpus.comment_texts([]) == []


def test_comments_without_a_vector_are_left_out(tmp_path: Path) -> None:
    texts = distinct_comments(COMMENTS)
    vectors = ArrayVectors(np.ones((3, 5), np.float32), np.array([True, False, True]))
    corpus = Corpus.build(
        tmp_path / "corpus",
        KEY,
        IDS,
        image=arrays(3, 4),
        text=arrays(3, 2),
        comments=COMMENTS,
        comment_texts=texts,
        comment_vectors=vectors,
    )
    assert corpus.comment_texts(corpus.comment_rows(0)) == ["a nice owl"]


def test_another_key_is_refused_by_name(tmp_path: Path) -> None:
    build(tmp_path / "corpus")
    with pytest.raises(ValueError, match="text is 'tiny', wanted 'large'"):
        Corpus(tmp_path / "corpus", {**KEY, "text": "large"})
    with pytest.raises(ValueError, match="text is 'tiny', wanted 'large'"):
        build(tmp_path / "corpus", key={**KEY, "text": "large"})


def test_an_unfinished_corpus_is_not_opened(tmp_path: Path) -> None:
    build(tmp_path / "corpus")
    (tmp_path / "corpus" / "corpus.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"corpus\.json: not there or not finished; build the corpus again"):
        Corpus(tmp_path / "corpus", KEY)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ids": ["wild/1", "wild/1", "wild/2"]}, "come twice"),
        ({"ids": ["wild/1"]}, "one row a post"),
        ({"comment_texts": ["so nice"]}, "1 distinct comments, 3 sentence vectors"),
        ({"comments": [["never seen"], [], []]}, "'wild/1' has a comment that is not among"),
    ],
)
def test_wrong_input_is_named_and_leaves_no_corpus(tmp_path: Path, change: dict, message: str) -> None:
    given = {"ids": IDS, "comments": COMMENTS, "comment_texts": distinct_comments(COMMENTS), **change}
    with pytest.raises(ValueError, match=message):
        Corpus.build(
            tmp_path / "corpus",
            KEY,
            given["ids"],
            image=arrays(3, 4),
            text=arrays(3, 2),
            comments=given["comments"],
            comment_texts=given["comment_texts"],
            comment_vectors=arrays(3, 5),
        )
    assert not (tmp_path / "corpus").exists()


class SmallStore:
    """A feature store in memory."""

    shape = (2,)

    def __init__(self, values: dict[str, list[float]]) -> None:
        self.values = values

    def take(self, ids: Sequence[str]) -> tuple[Tensor, Tensor]:
        rows = torch.tensor([self.values.get(name, [0.0, 0.0]) for name in ids])
        return rows, torch.tensor([name in self.values for name in ids])


def test_vectors_of_a_store_come_in_the_order_of_the_ids() -> None:
    vectors = StoreVectors(SmallStore({"a": [1.0, 2.0], "b": [3.0, 4.0]}), ["b", "gone", "a"])
    assert vectors.shape == (3, 2)
    values, present = vectors.rows(0, 3)
    assert values.tolist() == [[3, 4], [0, 0], [1, 2]]
    assert present.tolist() == [True, False, True]
    assert vectors.rows(2, 3)[0].tolist() == [[1, 2]]


def test_a_store_of_regions_is_refused() -> None:
    store = SmallStore({})
    store.shape = (49, 2)
    with pytest.raises(ValueError, match="encode pooled features"):
        StoreVectors(store, ["a"])
