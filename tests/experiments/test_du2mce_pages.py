"""Mirrors experiments/du2mce_pages.py; test_spaces.py makes its documents."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from experiments import du2mce_pages
from experiments.du2mce_pages import Cluster, cluster, count_words


def test_clusters_are_groups_of_users_the_largest_first() -> None:
    angles = np.array([0.0, 1.6, 0.1, 3.1, 0.2, 1.5])
    vectors = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    found = cluster(vectors, 3)
    assert [each.users.tolist() for each in found] == [[0, 2, 4], [1, 5], [3]]
    np.testing.assert_allclose(found[0].centroid, vectors[[0, 2, 4]].mean(0), rtol=1e-6)
    # the centroid of three angles lies at the middle one
    assert found[0].cosine == pytest.approx((1 + 2 * np.cos(0.1)) / 3, rel=1e-5)
    with pytest.raises(ValueError, match="6 users make no 7 clusters"):
        cluster(vectors, 7)


@pytest.mark.parametrize("at_once", [2, 100])
def test_words_of_a_cluster_are_counted_over_all_posts_of_its_users(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(du2mce_pages, "AT_ONCE", at_once)
    user, said = [0, -1, 1, 2, 0], [[1, 2, 2], [3], [3, 1], [], [1]]
    corpus: Any = SimpleNamespace(
        words=["<pad>", "sea", "hill", "road"],
        users=["anna", "ben", "cem", "dora"],
        user=np.array(user, np.int32),
        tokens=np.array([word for words in said for word in words], np.int32),
        offsets=np.cumsum([0, *map(len, said)]),
    )
    none = np.zeros(2, np.float32)
    found = count_words(corpus, [Cluster(np.array(users), none, 1.0) for users in ([0, 3], [2], [1])])
    assert found.tolist() == [[0, 2, 2, 0], [0, 0, 0, 0], [0, 1, 0, 1]]
