"""Mirrors datamodules/descriptions.py."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from datamodules.descriptions import count_descriptions
from datamodules.posts import SCHEMA, VERSION, Posts


def prepared(folder: Path, media: list[list[dict]]) -> Posts:
    """A prepared set with these media, a post each."""
    (folder / "posts").mkdir(parents=True)
    rows = [{"id": f"d/{number}", "media": each} for number, each in enumerate(media)]
    if rows:
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / "posts" / "part-00000.parquet")
    facts = {"version": VERSION, "name": "d", "media_root": str(folder), "tasks": {}, "dropped": {}}
    (folder / "dataset.json").write_text(json.dumps(facts))
    return Posts(folder)


def described(path: str | None, *texts: str, kind: str = "image") -> dict:
    return {"path": path, "kind": kind, "descriptions": list(texts) or None}


def test_pictures_sentences_and_words_are_counted_as_they_are_written(tmp_path: Path) -> None:
    media = [
        [described("a.jpg", "A dog, a dog", "a  cat\u00e9 "), described("b.jpg")],
        [described("a.jpg", "a Dog")],  # the same picture again
        [described(None, "nobody has\tthe picture", " \n")],
        [described("c.mp4", "a film", kind="video")],
        [],
    ]
    found = count_descriptions(prepared(tmp_path, media))
    # A dog, a dog | a caté | a Dog | nobody has the picture | a film: 4 + 2 + 2 + 4 + 2 words
    assert (found.images, found.sentences, found.words) == (1, 5, 14)
    # A; "dog,"; a x 4; dog; caté; Dog; nobody; has; the; picture; film
    assert found.unique == {1: 11, 3: 1, 50: 0}


def test_a_set_without_posts_or_without_descriptions_has_none(tmp_path: Path) -> None:
    assert count_descriptions(prepared(tmp_path / "silent", [[described("a.jpg")], []])).words == 0
    empty = prepared(tmp_path / "empty", [])
    assert count_descriptions(empty) == (0, 0, 0, {1: 0, 3: 0, 50: 0})
