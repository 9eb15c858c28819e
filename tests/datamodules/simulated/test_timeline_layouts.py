"""Mirrors datamodules/simulated/timeline_layouts.py."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from datamodules.posts import Posts
from datamodules.prepare import open_layout, prepare
from datamodules.simulated.timeline_layouts import write_timelines
from datamodules.simulated.timelines import BRANDS, Said

LAYOUT = "timelines"


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def rows(posted: Path) -> list[dict[str, Any]]:
    return read(posted / LAYOUT / "timelines.jsonl")


@pytest.fixture(scope="module")
def prepared(posted: Path, tmp_path_factory: pytest.TempPathFactory) -> Posts:
    return prepare(open_layout("timelines", posted / LAYOUT), tmp_path_factory.mktemp("prepared") / "posts")


def test_a_line_has_user_text_image_time_and_id(rows: list[dict[str, Any]]) -> None:
    assert len(rows) == 800
    for row in rows:
        assert list(row) == ["user", "text", "image", "time", "id"]
        assert row["image"] in (None, f"{row['id']}.jpg")
        assert row["text"] or row["image"]


def test_each_account_writes_moments_in_one_way_and_both_ways_occur(rows: list[dict[str, Any]]) -> None:
    ways = {(row["user"], type(row["time"])) for row in rows}
    assert len(ways) == len({row["user"] for row in rows})
    assert {way for _, way in ways} == {int, str}


def test_every_picture_is_a_file_but_for_one_lost_in_200(posted: Path, rows: list[dict[str, Any]]) -> None:
    images = posted / LAYOUT / yaml.safe_load((posted / LAYOUT / "dataset.yaml").read_text())["media_root"]
    named = [row["image"] for row in rows if row["image"]]
    told = [row["image"] for row in rows if row["image"] and row["text"]]
    assert set(named) - {path.name for path in images.iterdir()} == set(told[199::200]) != set()
    for path in images.iterdir():
        with Image.open(path) as picture:
            assert (picture.size, picture.format) == ((64, 64), "JPEG")


def test_copies_of_a_picture_look_alike_though_their_bytes_differ(timelines: list[Said], tmp_path: Path) -> None:
    copies = [said for said in timelines if said.picture not in (None, said.number)]
    (picture, count), *_ = Counter(said.picture for said in copies).most_common()
    assert count > 2
    chosen = [said for said in copies if said.picture == picture] + [copies[0], copies[1]]
    write_timelines(tmp_path / "out", 0, chosen, [])
    files = [tmp_path / "out" / "images" / f"{said.number}.jpg" for said in chosen[:count]]
    pixels = [np.asarray(Image.open(file), dtype=float) for file in files]
    assert max(np.abs(pixels[0] - each).mean() for each in pixels) < 12
    assert len({file.read_bytes() for file in files}) > 1


def test_brands_are_all_there_and_reactions_are_to_them(posted: Path, rows: list[dict[str, Any]]) -> None:
    brands = read(posted / LAYOUT / "brands.jsonl")
    assert [(row["user"], row["group"]) for row in brands] == BRANDS
    reactions = read(posted / LAYOUT / "reactions.jsonl")
    assert {tuple(row) for row in reactions} == {("user", "brand", "kind")}
    assert {row["user"] for row in reactions} <= {row["user"] for row in rows}


def test_truth_has_the_causes_of_posts_and_users(posted: Path, rows: list[dict[str, Any]]) -> None:
    truth = [row for row in pq.read_table(posted / "truth.parquet").to_pylist() if row["set"] == "timelines"]
    assert [row["id"] for row in truth] == [row["id"] for row in rows]
    for known, row in zip(truth, rows, strict=True):
        assert known["user"] == row["user"]
        assert (known["picture"] is None) is (row["image"] is None)
        assert known["off_topic"] or known["topic"] in known["interests"]
        assert len(known["favourites"]) == 3


def test_the_format_timelines_reads_it(prepared: Posts, rows: list[dict[str, Any]]) -> None:
    assert (prepared.info["name"], len(prepared), prepared.info["dropped"]) == ("simulated_timelines", 800, {})
    assert prepared.info["suspicious"] == {"image missing": 1}
    assert prepared.ids == [f"simulated_timelines/{row['id']}" for row in rows]
    found = prepared.rows(prepared.ids)
    assert [row["user"] for row in found] == [row["user"] for row in rows]
    assert all(row["created_at"].startswith("201") and row["created_at"].endswith("+00:00") for row in found)


def test_users_are_labelled_as_their_reactions_say(prepared: Posts, posted: Path) -> None:
    group_of = dict(BRANDS)
    reacted = {(row["user"], group_of[row["brand"]]) for row in read(posted / LAYOUT / "reactions.jsonl")}
    labels = prepared.user_labels()
    assert set(labels) == set(prepared.column("user"))
    brands = [user for user in labels if user in group_of]
    assert brands
    for user, said in labels.items():
        if user in brands:
            assert said == {"brand": group_of[user]}
        else:
            groups = dict.fromkeys(group_of.values())
            assert said == {group: "yes" if (user, group) in reacted else "no" for group in groups}
