"""Mirrors experiments/steps/retrieve.py: copies of the benchmark's posts in the corpus."""

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamodules.posts import SCHEMA, Posts
from datamodules.retrieved import Retrieved


class Leaky(NamedTuple):
    """What was retrieved from a corpus that holds every benchmark post once more, under another id."""

    found: Retrieved
    parts: dict[str, list[str]]

    def queries(self, *parts: str) -> list[str]:
        return [post for part in parts for post in self.parts[part]]

    def heard(self, query: str) -> list[str]:
        return self.found.comments(query, 100)


def copy_of(post: str) -> str:
    return f"copy/{post.partition('/')[2]}"


def said_under(post: str) -> str:
    return f"said under {post.partition('/')[2]} alone"


@pytest.fixture(scope="module")
def leaky(planned: Any, tmp_path_factory: pytest.TempPathFactory) -> Leaky:
    plain = planned()
    plain.run("benchmark", "corpus")
    benchmark = Posts(plain.folder("benchmark") / "posts")
    corpus = tmp_path_factory.mktemp("leaky") / "corpus"
    shutil.copytree(plain.folder("corpus") / "posts", corpus, ignore=shutil.ignore_patterns(".arrow"))
    copies = [copied(benchmark, row) for row in benchmark.rows(benchmark.ids)]
    pq.write_table(pa.Table.from_pylist(copies, SCHEMA), corpus / "posts" / "part-999999.parquet")
    posts = (f"--protocol.benchmark={benchmark.folder}", f"--protocol.corpus={corpus}")
    folder = planned(*posts, "--protocol.retrieval.num_comments=50").run("retrieve")
    return Leaky(Retrieved(folder), benchmark.split("paper"))


def copied(benchmark: Posts, row: dict[str, Any]) -> dict[str, Any]:
    """The same text and picture; comments of its own."""
    media = [medium | {"path": str(Path(benchmark.info["media_root"], medium["path"]))} for medium in row["media"]]
    comments = [{"text": said_under(row["id"])}]
    return row | {"id": copy_of(row["id"]), "media": media, "comments": comments, "labels": None}


def test_a_post_is_not_retrieved_for_itself_under_another_id(leaky: Leaky) -> None:
    for query in leaky.queries("train", "validation", "test"):
        assert copy_of(query) not in leaky.found.posts(query)
        assert said_under(query) not in leaky.heard(query)


def test_no_validation_or_test_post_is_ever_an_unlabelled_post(leaky: Leaky) -> None:
    found = {post for query in leaky.queries("train", "validation", "test") for post in leaky.found.posts(query)}
    assert found & {copy_of(post) for post in leaky.queries("train")}, "copies are near enough to be found"
    assert not found & {copy_of(post) for post in leaky.queries("validation", "test")}


def test_comments_of_a_held_out_posts_copy_serve_other_queries(leaky: Leaky) -> None:
    """No label is in them; the paper retrieves for all splits."""
    held_out = {said_under(post) for post in leaky.queries("validation", "test")}
    assert any(held_out & set(leaky.heard(query)) for query in leaky.queries("train", "validation", "test"))


def test_the_report_says_from_which_corpus(leaky: Leaky) -> None:
    report = json.loads((leaky.found.path.parent / "retrieval.json").read_text())
    assert report["corpus"]["posts"] == 60 + sum(map(len, leaky.parts.values()))
