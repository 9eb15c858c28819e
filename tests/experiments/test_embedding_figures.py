"""Mirrors experiments/embedding_figures.py."""

import numpy as np
import pytest

from encoders.embeddings import Embeddings
from experiments.embedding_figures import apart, frequent, plane, words_figure


def embeddings(words: int) -> Embeddings:
    return Embeddings([f"w{word}" for word in range(words)], np.random.default_rng(0).normal(size=(words, 5)))


def test_the_first_words_are_taken_but_those_that_are_left_out() -> None:
    found = frequent(embeddings(6), 3, ["w1", "absent"])
    assert found.words == ["w0", "w2", "w3"]
    np.testing.assert_array_equal(found.vectors, embeddings(6).vectors[[0, 2, 3]])


def test_words_of_one_direction_lie_together_and_the_long_axis_is_horizontal() -> None:
    random = np.random.default_rng(1)
    centres = np.array([[5.0, 0, 0], [0, 5, 0]]).repeat(12, axis=0)
    lengths = random.uniform(1, 9, size=(24, 1))  # which cosines don't see
    found = plane(Embeddings([f"w{n}" for n in range(24)], lengths * (centres + random.normal(size=(24, 3)) * 0.1)))
    within = max(np.ptp(found[:12], axis=0).max(), np.ptp(found[12:], axis=0).max())
    assert abs(found[:12].mean(0) - found[12:].mean(0)).max() > within
    assert np.ptp(found[:, 0]) > np.ptp(found[:, 1])


def test_the_same_seed_gives_the_same_plane_and_too_few_words_are_refused() -> None:
    np.testing.assert_array_equal(plane(embeddings(9)), plane(embeddings(9)))
    assert plane(embeddings(4)).shape == (4, 2)
    with pytest.raises(ValueError, match="3 words; t-SNE wants 4"):
        plane(embeddings(3))


def test_labels_that_overlap_are_pushed_apart_and_stay_on_the_page() -> None:
    sizes = np.full((6, 2), [1.0, 0.2])
    page = np.array([4.0, 2.0])
    placed = apart(np.full((6, 2), 0.5), sizes, page)
    gaps = np.abs(placed[:, None] - placed[None])
    clear = (gaps[..., 0] >= 1 - 1e-3) | (gaps[..., 1] >= 0.2 - 1e-3)
    assert clear[~np.eye(6, dtype=bool)].all()
    assert (placed >= sizes / 2 - 1e-9).all()
    assert (placed <= page - sizes / 2 + 1e-9).all()
    alone = np.array([[1.0, 1.0], [3.0, 1.0]])
    np.testing.assert_array_equal(apart(alone, sizes[:2], page), alone)


def test_every_word_stands_in_the_picture() -> None:
    figure = words_figure(["dog", "$cat$"], np.array([[0.0, 0.0], [3.0, 1.0]]), "two words")
    assert {text.get_text() for axes in figure.axes for text in axes.texts} == {"dog", "$cat$", "two words"}
