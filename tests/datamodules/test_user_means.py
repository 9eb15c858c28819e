"""Mirrors datamodules/user_means.py: user by user."""

import numpy as np
import pytest

from datamodules import user_means
from datamodules.timelines import Timelines
from datamodules.user_means import UserMeans, at_random, picture_means, random_like, word_means


@pytest.fixture(params=[1, 4, 10_000])
def corpus(request: pytest.FixtureRequest, timelines_inputs: dict, monkeypatch: pytest.MonkeyPatch) -> Timelines:
    monkeypatch.setattr(user_means, "POSTS", request.param)
    monkeypatch.setattr(user_means, "ROWS", request.param)
    return Timelines(timelines_inputs["corpus"])


def test_a_user_is_the_mean_of_all_words_of_their_training_texts(corpus: Timelines) -> None:
    vectors = np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32)
    found = word_means(corpus, vectors)
    for user in range(3):
        posts = [post for post in corpus.rows("train") if corpus.user[post] == user]
        words = [word for post in posts for word in corpus.tokens[corpus.offsets[post] : corpus.offsets[post + 1]]]
        np.testing.assert_allclose(found.vectors[user], vectors[words].mean(0), rtol=1e-5)
    assert found.known.all()


def test_a_user_is_the_mean_of_their_training_pictures_as_often_as_posted(corpus: Timelines) -> None:
    features = np.random.default_rng(1).standard_normal((8, 2)).astype(np.float32)
    known = np.arange(8) != 5
    found = picture_means(corpus, known, lambda numbers: features[numbers], 2)
    assert found.known.tolist() == [True, True, True]
    np.testing.assert_allclose(found.vectors[0], features[[0, 1]].mean(0), rtol=1e-5)
    np.testing.assert_allclose(found.vectors[1], features[1], rtol=1e-5)  # 5 has no features
    known[[0, 1]] = False
    assert not picture_means(corpus, known, lambda numbers: features[numbers], 2).known.any()


def test_users_without_anything_get_random_vectors_of_the_others_size() -> None:
    means = UserMeans(np.full((2000, 4), 3.0, np.float32), np.arange(2000) % 2 == 0)
    found = at_random(means, 0)
    assert (found[::2] == 3).all()
    assert np.sqrt(np.square(found[1::2]).mean()) == pytest.approx(3, rel=0.05)
    assert not np.array_equal(found, at_random(means, 1))
    np.testing.assert_array_equal(found, at_random(means, 0))
    everybody = random_like(means, 0)
    assert np.sqrt(np.square(everybody).mean()) == pytest.approx(3, rel=0.05)
    nobody = random_like(UserMeans(np.zeros((500, 16), np.float32), np.zeros(500, bool)), 0)
    assert np.linalg.norm(nobody, axis=1).mean() == pytest.approx(1, rel=0.05)
