"""Mirrors datamodules/triples.py: post by post against the corpus' own files."""

import pickle

import numpy as np
import pytest
import torch

from datamodules.batching import FILLER
from datamodules.retrieval_tasks import RetrievalTask
from datamodules.timelines import Timelines
from datamodules.triples import Pictures, QueryRows, TripleRows, padded
from encoders.batches import PostTriples
from encoders.store import FeatureStore

WIDTH = 4


@pytest.fixture
def corpus(timelines_inputs: dict) -> Timelines:
    return Timelines(timelines_inputs["corpus"])


@pytest.fixture
def pictures(corpus: Timelines, timelines_inputs: dict) -> Pictures:
    return Pictures(corpus, FeatureStore(timelines_inputs["pictures"]))


def keys_of(count: int) -> list[tuple[int, int]]:
    return [(0, row) for row in range(count)]


def said(corpus: Timelines, post: int, words: int = 20) -> list[int]:
    own = corpus.tokens[corpus.offsets[post] : corpus.offsets[post + 1]].tolist()[:words]
    return own + [0] * (words - len(own))


def same(one: PostTriples, other: PostTriples) -> bool:
    return all(torch.equal(*each) for each in zip(one, other, strict=True))


def test_a_batch_is_its_posts_in_the_order_of_the_keys(corpus: Timelines, pictures: Pictures) -> None:
    posts = corpus.rows("train")
    order = [5, 0, 8, 3, 7, 2]
    batch = TripleRows(corpus, posts, pictures)[[(0, row) for row in order]]
    chosen = posts[order]
    shown = [number if number != 5 else -1 for number in corpus.picture[chosen].tolist()]  # 5.png has no features
    assert batch.picture.tolist() == shown
    assert batch.text.tolist() == corpus.text[chosen].tolist()
    assert batch.user.tolist() == corpus.user[chosen].tolist()
    wanted = [torch.arange(WIDTH) + 10.0 * number for number in shown if number >= 0]
    torch.testing.assert_close(batch.pictures, torch.stack(wanted), rtol=0, atol=0)
    assert batch.words.tolist() == [said(corpus, post) for post in chosen if corpus.text[post] >= 0]


def test_long_texts_are_cut_and_short_ones_filled_up(corpus: Timelines, pictures: Pictures) -> None:
    posts = corpus.rows("train")
    batch = TripleRows(corpus, posts, pictures, words=3)[keys_of(len(posts))]
    assert batch.words.shape[1] == 3
    lengths = np.diff(corpus.offsets)[posts[corpus.text[posts] >= 0]]
    assert (batch.words > 0).sum(1).tolist() == np.minimum(lengths, 3).tolist()
    assert lengths.max() == 25


def test_fillers_have_nothing_and_move_no_other_post(corpus: Timelines, pictures: Pictures) -> None:
    rows = TripleRows(corpus, corpus.rows("train"), pictures)
    alone, filled = rows[keys_of(4)], rows[[*keys_of(4), (0, FILLER)]]
    for name in ("picture", "text", "user"):
        assert getattr(filled, name).tolist() == [*getattr(alone, name).tolist(), -1]
    assert torch.equal(filled.pictures, alone.pictures)
    assert torch.equal(filled.words, alone.words)
    nothing = rows[[(0, FILLER)]]
    assert [len(values) for values in nothing] == [0, 0, 1, 1, 1]
    assert (nothing.pictures.shape, nothing.words.shape) == ((0, WIDTH), (0, 20))


@pytest.mark.parametrize("modality", ["image", "text", "user"])
def test_only_what_is_to_be_shown_is_there(modality: str, corpus: Timelines, pictures: Pictures) -> None:
    posts = corpus.rows("train")
    whole = TripleRows(corpus, posts, pictures)[keys_of(len(posts))]
    batch = TripleRows(corpus, posts, pictures, shown=(modality,))[keys_of(len(posts))]
    for name, field in (("image", "picture"), ("text", "text"), ("user", "user")):
        found = getattr(batch, field)
        assert torch.equal(found, getattr(whole, field)) if name == modality else (found == -1).all()
    assert len(batch.pictures) == (len(whole.pictures) if modality == "image" else 0)
    assert len(batch.words) == (len(whole.words) if modality == "text" else 0)


def test_without_a_store_no_post_has_a_picture(corpus: Timelines) -> None:
    batch = TripleRows(corpus, corpus.rows("train"), Pictures(corpus, None))[keys_of(9)]
    assert (batch.picture == -1).all()
    assert len(batch.pictures) == 0


def test_queries_come_with_their_true_items_and_without_fillers(corpus: Timelines, pictures: Pictures) -> None:
    posts = corpus.rows("train")[:3]
    task = RetrievalTask("text_user", posts, np.array([2, 0, 1, 0]), np.array([0, 1, 3, 4]), 3)
    rows = QueryRows(TripleRows(corpus, posts, pictures, shown=("text",)), task)
    batch = rows[[(0, 2), (0, FILLER), (0, 1)]]
    assert batch.true.tolist() == [[0, -1], [0, 1]]
    assert batch.items.text.tolist() == corpus.text[posts[[2, 1]]].tolist()
    assert rows[[(0, FILLER)]].true.shape == (0, 1)
    assert len(rows) == 3


def test_padded_cuts_and_fills() -> None:
    found = padded(np.arange(10, 20), np.array([0, 4, 9]), np.array([2, 5, 0]), 3, fill=-7)
    assert found.tolist() == [[10, 11, -7], [14, 15, 16], [-7, -7, -7]]


def test_rows_that_workers_are_given_are_the_same(corpus: Timelines, pictures: Pictures) -> None:
    rows = TripleRows(corpus, corpus.rows("train"), pictures)
    again = pickle.loads(pickle.dumps(rows))
    assert same(again[keys_of(9)], rows[keys_of(9)])
