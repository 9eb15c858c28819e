"""Mirrors retrieval/retrieve.py, retrieval/pools.py and retrieval/settings.py."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from retrieval.corpus import Corpus, distinct_comments
from retrieval.retrieve import Queries, retrieve
from retrieval.search import PostVectors
from retrieval.settings import RetrievalSettings
from retrieval.sources import ArrayVectors

POSTS, QUERIES = 50, 30
SETTINGS = RetrievalSettings(posts=6, comment_posts=4, num_comments=3)
PARTS = ["train"] * 18 + ["validation"] * 6 + ["test"] * 6
EXCLUDE = {"post/0": {"post/1"}, "post/29": {"post/28", "not in the corpus"}}
NEVER = [f"post/{row}" for row in range(18, 30)]


def posts() -> PostVectors:
    draw = np.random.default_rng(0)
    image, text = draw.normal(size=(POSTS, 6)), draw.normal(size=(POSTS, 4))
    image_present, text_present = draw.random(POSTS) > 0.1, draw.random(POSTS) > 0.1
    image_present[5] = text_present[5] = False
    return PostVectors(image.astype(np.float32), image_present, text.astype(np.float32), text_present)


def comments() -> list[list[str]]:
    return [[f"comment {at} of post {row}" for at in range(row % 4)] + ["too short"] for row in range(POSTS)]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    texts, vectors = distinct_comments(comments()), posts()
    values = np.random.default_rng(1).normal(size=(len(texts), 5)).astype(np.float32)
    return Corpus.build(
        tmp_path_factory.mktemp("retrieve") / "corpus",
        {"data": "tiny"},
        [f"post/{row}" for row in range(POSTS)],
        image=ArrayVectors(vectors.image, vectors.image_present),
        text=ArrayVectors(vectors.text, vectors.text_present),
        comments=comments(),
        comment_texts=texts,
        comment_vectors=ArrayVectors(values, np.ones(len(texts), bool)),
    )


def run(corpus: Corpus, folder: Path, settings: RetrievalSettings = SETTINGS) -> list[dict[str, Any]]:
    queries = Queries([f"post/{row}" for row in range(QUERIES)], PARTS, posts().part(slice(0, QUERIES)))
    retrieve(corpus, queries, settings, folder, exclude=EXCLUDE, never_posts=NEVER)
    return pq.read_table(folder / "retrieved.parquet").to_pylist()


def test_posts_are_neither_the_query_nor_its_doubles_nor_held_out_ones(corpus: Corpus, tmp_path: Path) -> None:
    rows = run(corpus, tmp_path)
    assert [row["id"] for row in rows] == [f"post/{row}" for row in range(QUERIES)]
    for row in rows:
        assert row["id"] not in row["posts"]
        assert not set(row["posts"]) & (EXCLUDE.get(row["id"], set()) | set(NEVER))
        assert len(row["posts"]) == len(row["scores"]) == (0 if row["id"] == "post/5" else 6)
        assert len(set(row["posts"])) == len(row["posts"])


def test_allowed_posts_are_those_of_a_search_that_never_saw_the_forbidden(corpus: Corpus, tmp_path: Path) -> None:
    rows = run(corpus, tmp_path)
    alpha = json.loads((tmp_path / "retrieval.json").read_text())["alpha"]
    vectors = posts()
    own = {"post/0", "post/1", "post/28", "post/29"}
    for query in (0, 2, 3, 29):
        has = vectors.image_present[query], vectors.text_present[query]
        weight = (alpha, 1 - alpha) if all(has) else (float(has[0]), float(has[1]))
        total = {}
        for post in range(POSTS):
            there = vectors.image_present[post], vectors.text_present[post]
            name = f"post/{post}"
            shut = (
                post == query
                or name in NEVER
                or (query in (0, 29) and name in own and name in EXCLUDE[f"post/{query}"])
            )
            if shut or any(need and not given for need, given in zip(has, there, strict=True)):
                continue
            total[name] = sum(
                share * float(a[query] @ a[post] / np.linalg.norm(a[query]) / np.linalg.norm(a[post]))
                for share, a in zip(weight, (vectors.image, vectors.text), strict=True)
                if share
            )
        best = sorted(total, key=lambda name: -total[name])[:6]
        assert rows[query]["posts"] == best
        np.testing.assert_allclose(rows[query]["scores"], [total[name] for name in best], atol=1e-5)


def test_comments_come_from_the_nearest_posts_but_never_from_the_post_itself(corpus: Corpus, tmp_path: Path) -> None:
    texts = comments()
    rows = run(corpus, tmp_path, replace(SETTINGS, num_comments=99))
    for row in rows:
        assert len({comment["post"] for comment in row["comments"]}) <= 4
        for comment in row["comments"]:
            assert comment["text"] in texts[int(comment["post"].removeprefix("post/"))]
            assert comment["text"] != "too short"
            assert comment["post"] not in {row["id"], *EXCLUDE.get(row["id"], ())}
        scores = [comment["score"] for comment in row["comments"]]
        assert scores == sorted(scores, reverse=True)
    assert any(comment["post"] in NEVER for row in rows for comment in row["comments"])
    assert rows[5]["comments"] == []


def test_at_most_so_many_comments_of_a_post(corpus: Corpus, tmp_path: Path) -> None:
    rows = run(corpus, tmp_path, replace(SETTINGS, num_comments=99, comments_per_post=1))
    assert all(comment["text"].startswith("comment 0 ") for row in rows for comment in row["comments"])
    assert max(len(run["comments"]) for run in rows) > 1


def test_the_report_counts(corpus: Corpus, tmp_path: Path) -> None:
    rows = run(corpus, tmp_path)
    report = json.loads((tmp_path / "retrieval.json").read_text())
    vectors = posts().part(slice(0, QUERIES))
    assert 0 < report["alpha"] < 1
    assert report["alpha"] == pytest.approx(report["text_mean"] / (report["text_mean"] + report["image_mean"]))
    assert report["queries"]["image_and_text"] == int((vectors.image_present & vectors.text_present).sum())
    assert report["queries"]["neither"] == 1
    assert report["short_queries"] == 1
    assert report["empty_pools"] == sum(not row["comments"] for row in rows)
    assert report["settings"]["posts"] == 6
    assert report["corpus"]["posts"] == POSTS


def test_posts_from_the_union_are_counted(corpus: Corpus, tmp_path: Path) -> None:
    run(corpus, tmp_path, replace(SETTINGS, r=8))
    report = json.loads((tmp_path / "retrieval.json").read_text())
    assert report["filled_queries"] > 0
    assert report["filled_posts"] >= report["filled_queries"]


def test_alpha_on_training_queries_is_another_number(corpus: Corpus, tmp_path: Path) -> None:
    alphas = []
    for choice in ("all", "train"):
        run(corpus, tmp_path, replace(SETTINGS, alpha_queries=choice))
        alphas.append(json.loads((tmp_path / "retrieval.json").read_text())["alpha"])
    assert alphas[0] != alphas[1]


def test_shuffled_comments_are_another_post_s_of_the_same_part(corpus: Corpus, tmp_path: Path) -> None:
    plain = run(corpus, tmp_path / "plain")
    shuffled = run(corpus, tmp_path / "shuffled", replace(SETTINGS, comment_control="shuffled", seed=3))
    for own, row, part in zip(plain, shuffled, PARTS, strict=True):
        assert (row["posts"], row["scores"]) == (own["posts"], own["scores"])
        shut = {row["id"], *EXCLUDE.get(row["id"], ())}
        assert not shut & {comment["post"] for comment in row["comments"]}
        donors = [other for other, name in zip(plain, PARTS, strict=True) if name == part and other["id"] != row["id"]]
        assert any([c for c in donor["comments"] if c["post"] not in shut] == row["comments"] for donor in donors)
    assert sum(own["comments"] != row["comments"] for own, row in zip(plain, shuffled, strict=True)) > 25


def test_random_posts_leave_the_comments_alone(corpus: Corpus, tmp_path: Path) -> None:
    plain = run(corpus, tmp_path / "plain")
    drawn = run(corpus, tmp_path / "random", replace(SETTINGS, unlabelled_control="random"))
    for own, row in zip(plain, drawn, strict=True):
        assert row["comments"] == own["comments"]
        assert len(row["posts"]) == len(set(row["posts"])) == len(own["posts"])
        assert not set(row["posts"]) & ({row["id"], "post/5"} | EXCLUDE.get(row["id"], set()) | set(NEVER))
        assert np.isnan(row["scores"]).all()
    assert sum(own["posts"] != row["posts"] for own, row in zip(plain, drawn, strict=True)) > 25


def test_the_same_run_gives_the_same_bytes(corpus: Corpus, tmp_path: Path) -> None:
    settings = replace(SETTINGS, comment_control="shuffled", unlabelled_control="random")
    for name in ("one", "two"):
        run(corpus, tmp_path / name, settings)
    for file in ("retrieved.parquet", "retrieval.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_corpus_of_another_distance_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="indexed by cosine, wanted l2_squared"):
        run(corpus, tmp_path, replace(SETTINGS, distance="l2_squared"))


def test_alpha_needs_a_query(corpus: Corpus, tmp_path: Path) -> None:
    queries = Queries(["post/0"], ["test"], posts().part(slice(0, 1)))
    settings = replace(SETTINGS, alpha_queries="train")
    with pytest.raises(ValueError, match="no query is in part 'train'"):
        retrieve(corpus, queries, settings, tmp_path, exclude={}, never_posts=[])
