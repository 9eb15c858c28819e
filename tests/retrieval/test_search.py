"""Mirrors retrieval/search.py."""

from pathlib import Path

import numpy as np
import pytest

from retrieval.index import IndexSettings, VectorIndex
from retrieval.search import Found, PostVectors, TwoModalitySearch
from retrieval.sources import ArrayVectors

POSTS = 70
NOBODY = np.zeros(0, np.int64)


def vectors(rows: int, seed: int) -> PostVectors:
    draw = np.random.default_rng(seed)
    image, text = draw.normal(size=(rows, 6)) + 0.5, draw.normal(size=(rows, 4)) + 0.3
    image_present, text_present = draw.random(rows) > 0.2, draw.random(rows) > 0.2
    return PostVectors(image.astype(np.float32), image_present, text.astype(np.float32), text_present)


CORPUS, QUERIES = vectors(POSTS, 0), vectors(25, 1)
EXCLUDE = [np.array([query, (7 * query) % POSTS]) for query in range(25)]


def indices(folder: Path, settings: IndexSettings, corpus: PostVectors = CORPUS) -> tuple[VectorIndex, VectorIndex]:
    image = VectorIndex.build(folder / "image", ArrayVectors(corpus.image, corpus.image_present), {}, settings)
    text = VectorIndex.build(folder / "text", ArrayVectors(corpus.text, corpus.text_present), {}, settings)
    return image, text


def score(query: np.ndarray, vector: np.ndarray, distance: str) -> float:
    if distance == "l2_squared":
        return float(((query - vector) ** 2).sum())
    length = np.linalg.norm(query) * np.linalg.norm(vector)
    return float(query @ vector / length) if length else 0.0


def neighbours(query: int, modality: str, distance: str) -> list[tuple[int, float]]:
    """All corpus posts by one modality, nearest first, without the excluded."""
    values, present = getattr(CORPUS, modality), getattr(CORPUS, f"{modality}_present")
    asked = getattr(QUERIES, modality)[query]
    rows = [row for row in range(POSTS) if present[row] and row not in EXCLUDE[query]]
    sign = 1 if distance == "cosine" else -1
    return sorted(((row, score(asked, values[row], distance)) for row in rows), key=lambda pair: -sign * pair[1])


def naive_alpha(distance: str, rank: int) -> float:
    means = []
    for modality in ("image", "text"):
        there = np.flatnonzero(getattr(QUERIES, f"{modality}_present"))
        means.append(np.mean([pair[1] for query in there for pair in neighbours(query, modality, distance)[:rank]]))
    return means[1] / (means[0] + means[1])  # Eq. 2


def naive_search(alpha: float, r: int, count: int, distance: str) -> list[tuple[list[int], list[float], int]]:
    """Eq. 1 post by post."""
    sign = 1 if distance == "cosine" else -1
    results = []
    for query in range(len(QUERIES.image)):
        has = {name: bool(getattr(QUERIES, f"{name}_present")[query]) for name in ("image", "text")}
        weight = {"image": alpha, "text": 1 - alpha} if all(has.values()) else {name: float(has[name]) for name in has}
        near = {name: {row for row, _ in neighbours(query, name, distance)[:r]} for name in has if has[name]}
        inside = set.intersection(*near.values()) if near else set()
        outside = set.union(*near.values()) - inside if near else set()
        total = {}
        for row in inside | outside:
            total[row] = 0.0
            for name in near:
                vector = getattr(CORPUS, name)[row] * getattr(CORPUS, f"{name}_present")[row]
                total[row] += weight[name] * score(getattr(QUERIES, name)[query], vector, distance)
        first = sorted(inside, key=lambda row: -sign * total[row])[:count]
        rest = sorted(outside, key=lambda row: -sign * total[row])[: count - len(first)]
        results.append((first + rest, [total[row] for row in first + rest], len(rest)))
    return results


def assert_found(found: Found, wanted: list[tuple[list[int], list[float], int]]) -> None:
    for query, (rows, scores, filled) in enumerate(wanted):
        assert found.rows[query][found.rows[query] >= 0].tolist() == rows
        np.testing.assert_allclose(found.scores[query, : len(rows)], scores, atol=2e-5)
        assert np.isnan(found.scores[query, len(rows) :]).all()
        assert found.filled[query] == filled


@pytest.mark.parametrize("distance", ["cosine", "l2_squared"])
def test_alpha_is_equations_2_to_4_in_a_loop(tmp_path: Path, distance: str) -> None:
    search = TwoModalitySearch(*indices(tmp_path, IndexSettings(distance=distance)))
    alpha = search.alpha(QUERIES, EXCLUDE, rank=10)
    assert alpha.alpha == pytest.approx(naive_alpha(distance, 10), abs=1e-6)
    assert alpha.alpha * alpha.image_mean == pytest.approx((1 - alpha.alpha) * alpha.text_mean)
    assert search.alpha(QUERIES, EXCLUDE, rank=3).alpha == pytest.approx(naive_alpha(distance, 3), abs=1e-6)


@pytest.mark.parametrize("distance", ["cosine", "l2_squared"])
@pytest.mark.parametrize("r", [100_000, 40, 15, 3])
@pytest.mark.parametrize("count", [4, 60])
def test_search_is_equation_1_in_a_loop(tmp_path: Path, distance: str, r: int, count: int) -> None:
    search = TwoModalitySearch(*indices(tmp_path, IndexSettings(distance=distance)), r=r)
    assert_found(search.search(QUERIES, EXCLUDE, 0.4, count), naive_search(0.4, r, count, distance))


def test_some_queries_of_these_tests_are_short_and_some_lack_a_modality(tmp_path: Path) -> None:
    found = TwoModalitySearch(*indices(tmp_path, IndexSettings()), r=15).search(QUERIES, EXCLUDE, 0.4, 6)
    assert 0 < (found.filled > 0).sum() < 25
    assert 0 < (QUERIES.image_present & QUERIES.text_present).sum() < 25


def test_an_excluded_post_is_never_found(tmp_path: Path) -> None:
    image, text = indices(tmp_path, IndexSettings())
    itself = [np.array([row]) for row in range(POSTS)]
    for r in (100_000, 30):
        search = TwoModalitySearch(image, text, r=r)
        with_it = search.search(CORPUS, [NOBODY] * POSTS, 0.5, 3)
        without = search.search(CORPUS, itself, 0.5, 3)
        has = CORPUS.image_present & CORPUS.text_present
        assert (with_it.rows[has, 0] == np.flatnonzero(has)).all()
        assert not (without.rows == np.arange(POSTS)[:, None]).any()


def test_a_query_without_picture_is_searched_by_text_alone_whatever_alpha_is(tmp_path: Path) -> None:
    search = TwoModalitySearch(*indices(tmp_path, IndexSettings()))
    blind = QUERIES._replace(image_present=np.zeros(25, bool))
    one, two = (search.search(blind, EXCLUDE, alpha, 5) for alpha in (0.1, 0.9))
    np.testing.assert_array_equal(one.rows, two.rows)
    text = TwoModalitySearch(search.image, search.text, modalities="text").search(QUERIES, EXCLUDE, 0.5, 5)
    np.testing.assert_array_equal(one.rows, text.rows)
    assert (one.rows[~QUERIES.text_present] == -1).all()
    assert search.alpha(blind, EXCLUDE).alpha == 0


def test_one_modality_alone_is_that_modality_s_own_list(tmp_path: Path) -> None:
    for r in (100_000, 30):
        search = TwoModalitySearch(*indices(tmp_path, IndexSettings()), r=r, modalities="image")
        found = search.search(QUERIES, EXCLUDE, 0.3, 5)
        for query in range(25):
            wanted = neighbours(query, "image", "cosine")[:5] if QUERIES.image_present[query] else []
            assert found.rows[query][found.rows[query] >= 0].tolist() == [row for row, _ in wanted]
        assert search.alpha(QUERIES, EXCLUDE).alpha == 1


def test_equally_near_posts_come_in_the_order_of_their_rows(tmp_path: Path) -> None:
    same = PostVectors(np.ones((9, 6), np.float32), np.ones(9, bool), np.ones((9, 4), np.float32), np.ones(9, bool))
    found = TwoModalitySearch(*indices(tmp_path, IndexSettings(), same)).search(same, [NOBODY] * 9, 0.5, 4)
    np.testing.assert_array_equal(found.rows, np.tile(np.arange(4), (9, 1)))


def test_ivfpq_search_keeps_the_neighbours_of_both_modalities(tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    labels = np.repeat(np.arange(20), 100)
    centres = {"image": draw.normal(size=(20, 16)), "text": draw.normal(size=(20, 8))}
    noisy = {name: centre[labels] + 0.1 * draw.normal(size=(2000, centre.shape[1])) for name, centre in centres.items()}
    there = np.ones(2000, bool)
    corpus = PostVectors(noisy["image"].astype(np.float32), there, noisy["text"].astype(np.float32), there)
    settings = IndexSettings(kind="ivfpq", nlist=20, nprobe=4, m=4, bits=6)
    search = TwoModalitySearch(*indices(tmp_path, settings, corpus), r=300)
    queries = corpus.part(slice(0, 2000, 50))
    own = [np.array([row]) for row in range(0, 2000, 50)]
    found = search.search(queries, own, search.alpha(queries, own).alpha, 10)
    assert (labels[found.rows] == labels[::50, None]).mean() > 0.95
    assert not (found.rows == np.arange(0, 2000, 50)[:, None]).any()


def test_alpha_without_a_positive_sum_is_refused(tmp_path: Path) -> None:
    search = TwoModalitySearch(*indices(tmp_path, IndexSettings()))
    against = QUERIES._replace(image=-QUERIES.image * 0 - 1, text=-QUERIES.text * 0 - 1)
    with pytest.raises(ValueError, match="alpha has no value"):
        search.alpha(against, EXCLUDE, rank=60)


def test_indices_of_different_corpora_are_refused(tmp_path: Path) -> None:
    image, _ = indices(tmp_path / "a", IndexSettings())
    _, text = indices(tmp_path / "b", IndexSettings(distance="l2_squared"))
    with pytest.raises(ValueError, match="different corpora"):
        TwoModalitySearch(image, text)
