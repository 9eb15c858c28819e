"""Mirrors retrieval/index.py."""

import json
from pathlib import Path

import numpy as np
import pytest

from retrieval.index import IndexSettings, VectorIndex, resolve
from retrieval.sources import ArrayVectors

KEY = {"encoder": {"model": "resnet152", "pooled": True}, "data": "wild"}


def source(rows: int = 60, width: int = 8, absent: int = 5, seed: int = 0) -> ArrayVectors:
    draw = np.random.default_rng(seed)
    present = np.ones(rows, bool)
    present[draw.choice(rows, absent, replace=False)] = False
    return ArrayVectors(draw.normal(size=(rows, width)).astype(np.float32), present)


def naive(query: np.ndarray, vector: np.ndarray, distance: str) -> float:
    if distance == "l2_squared":
        return float(((query - vector) ** 2).sum())
    return float(query @ vector / np.linalg.norm(query) / np.linalg.norm(vector))


@pytest.mark.parametrize("distance", ["cosine", "l2_squared"])
def test_flat_search_is_the_sorted_list_of_all_present_posts(tmp_path: Path, distance: str) -> None:
    posts = source()
    index = VectorIndex.build(tmp_path / "index", posts, KEY, IndexSettings(distance=distance))
    queries = np.random.default_rng(1).normal(size=(3, 8)).astype(np.float32)
    scores, rows = index.search(queries, 1000)
    assert rows.shape == (3, 55)
    for query, got_rows, got_scores in zip(queries, rows, scores, strict=True):
        wanted = {row: naive(query, posts.values[row], distance) for row in np.flatnonzero(posts.present)}
        assert got_rows.tolist() == sorted(wanted, key=lambda row: -index.sign * wanted[row])
        np.testing.assert_allclose(got_scores, [wanted[row] for row in got_rows], atol=1e-5)


@pytest.mark.parametrize("distance", ["cosine", "l2_squared"])
def test_dense_and_exact_scores_take_an_absent_post_as_a_zero_vector(tmp_path: Path, distance: str) -> None:
    posts = source()
    index = VectorIndex.build(tmp_path / "index", posts, KEY, IndexSettings(distance=distance))
    query = np.random.default_rng(1).normal(size=8).astype(np.float32)
    zero = 0.0 if distance == "cosine" else float(query @ query)
    wanted = [
        naive(query, v, distance) if there else zero for v, there in zip(posts.values, posts.present, strict=True)
    ]
    np.testing.assert_allclose(index.dense(query[None])[0], wanted, atol=1e-5)
    np.testing.assert_allclose(index.exact(query, np.arange(60)), wanted, atol=1e-5)
    np.testing.assert_allclose(index.exact(query, np.array([7, 3])), [wanted[7], wanted[3]], atol=1e-5)


def test_float16_vectors_are_kept_as_they_come(tmp_path: Path) -> None:
    posts = source()
    half = ArrayVectors(posts.values.astype(np.float16), posts.present)
    index = VectorIndex.build(tmp_path / "index", half, KEY)
    assert index.vectors.dtype == np.float16
    np.testing.assert_array_equal(index.vectors[posts.present], half.values[posts.present])


@pytest.mark.parametrize("distance", ["cosine", "l2_squared"])
def test_ivfpq_finds_the_query_s_cluster(tmp_path: Path, distance: str) -> None:
    draw = np.random.default_rng(0)
    centres = draw.normal(size=(20, 16))
    labels = np.repeat(np.arange(20), 100)
    values = (centres[labels] + 0.1 * draw.normal(size=(2000, 16))).astype(np.float32)
    settings = IndexSettings(distance=distance, kind="ivfpq", nlist=20, nprobe=5, m=8, bits=6)
    index = VectorIndex.build(tmp_path / "index", ArrayVectors(values, np.ones(2000, bool)), KEY, settings)
    _, rows = index.search((centres + 0.1 * draw.normal(size=(20, 16))).astype(np.float32), 50)
    assert (labels[rows] == np.arange(20)[:, None]).mean() > 0.95
    assert index.kind == "ivfpq"


def test_ivfpq_is_the_same_index_for_the_same_seed_and_marks_missing_results(tmp_path: Path) -> None:
    posts = source(rows=2000, absent=100)
    settings = IndexSettings(kind="ivfpq", nlist=50, nprobe=1, m=4, bits=4)
    first, second = (VectorIndex.build(tmp_path / name, posts, KEY, settings) for name in "ab")
    for one, two in zip(first.search(posts.values[:9], 500), second.search(posts.values[:9], 500), strict=True):
        np.testing.assert_array_equal(one, two)
    rows = first.search(posts.values[:9], 500)[1]
    assert (rows[:, -1] == -1).all()
    assert posts.present[rows[rows >= 0]].all()
    wider = VectorIndex(first.folder, KEY, nprobe=50).search(posts.values[:9], 500)[1]
    assert (wider >= 0).all()


def test_left_out_numbers_are_the_official_code_s_at_its_size() -> None:
    settings = resolve(IndexSettings(), 27_784_828, 2048)
    assert settings["kind"] == "ivfpq"
    assert settings["nlist"] == pytest.approx(270_000, rel=0.01)
    assert settings["nprobe"] == pytest.approx(10_000, rel=0.01)
    assert (settings["m"], settings["bits"]) == (8, 8)
    assert resolve(IndexSettings(), 49_999, 2048)["kind"] == "flat"
    assert resolve(IndexSettings(), 50_000, 2048)["kind"] == "ivfpq"


def test_impossible_quantisers_are_refused() -> None:
    with pytest.raises(ValueError, match="do not divide the width 10"):
        resolve(IndexSettings(kind="ivfpq"), 10_000, 10)
    with pytest.raises(ValueError, match="too few"):
        resolve(IndexSettings(kind="ivfpq"), 200, 16)


def test_another_key_is_refused_by_the_entries_that_differ(tmp_path: Path) -> None:
    VectorIndex.build(tmp_path / "index", source(), KEY)
    VectorIndex(tmp_path / "index", KEY)
    other = {"encoder": {"model": "vgg16", "pooled": True}, "data": "wild", "side": 448}
    with pytest.raises(ValueError) as error:
        VectorIndex(tmp_path / "index", other)
    assert "encoder.model is 'resnet152', wanted 'vgg16'" in str(error.value)
    assert "side is 'absent', wanted 448" in str(error.value)
    assert "data" not in str(error.value).replace(str(tmp_path), "")


def test_building_again_opens_what_is_there_and_refuses_other_settings(tmp_path: Path) -> None:
    VectorIndex.build(tmp_path / "index", source(), KEY)
    before = (tmp_path / "index" / "index.json").stat().st_mtime_ns
    VectorIndex.build(tmp_path / "index", source(), KEY)
    assert (tmp_path / "index" / "index.json").stat().st_mtime_ns == before
    with pytest.raises(ValueError, match="distance is 'cosine', wanted 'l2_squared'"):
        VectorIndex.build(tmp_path / "index", source(), KEY, IndexSettings(distance="l2_squared"))


def test_a_broken_vector_leaves_no_index_behind_and_the_next_build_succeeds(tmp_path: Path) -> None:
    posts = source()
    broken = posts.values.copy()
    row = int(np.flatnonzero(posts.present)[3])
    broken[row, 2] = np.nan
    with pytest.raises(ValueError, match=f"corpus row {row} is not finite"):
        VectorIndex.build(tmp_path / "index", ArrayVectors(broken, posts.present), KEY)
    with pytest.raises(FileNotFoundError, match="not finished"):
        VectorIndex(tmp_path / "index")
    assert len(VectorIndex.build(tmp_path / "index", posts, KEY)) == 55


def test_an_index_and_its_presence_must_agree(tmp_path: Path) -> None:
    index = VectorIndex.build(tmp_path / "index", source(), KEY)
    np.save(index.folder / "present.npy", np.ones(60, bool))
    with pytest.raises(ValueError, match="55 indexed of 60 posts"):
        VectorIndex(index.folder)


def test_index_json_says_what_made_it(tmp_path: Path) -> None:
    VectorIndex.build(tmp_path / "index", source(), KEY)
    info = json.loads((tmp_path / "index" / "index.json").read_text())
    assert info["key"] == KEY
    assert (info["rows"], info["present"], info["width"], info["settings"]["kind"]) == (60, 55, 8, "flat")


def test_an_index_of_no_posts_finds_none(tmp_path: Path) -> None:
    posts = source()
    index = VectorIndex.build(tmp_path / "index", ArrayVectors(posts.values, np.zeros(60, bool)), KEY)
    assert index.search(posts.values[:2], 10)[1].shape == (2, 0)
