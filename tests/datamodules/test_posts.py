"""Mirrors datamodules/posts.py."""

import json
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from datamodules.posts import SCHEMA, USERS, Comment, Label, Media, Post, Posts
from datamodules.prepare import open_layout, prepare
from datamodules.preparing import Options

ROWS = [
    {
        "id": 7,
        "created_at": "Wed Oct 10 20:19:24 +0000 2018",
        "text": "snow in the park",
        "title": "Snow",
        "ocr_text": "PARK",
        "images": ["a.png", "b.png"],
        "attributes": ["tree", "snow"],
        "comments": [
            "cold!",
            {"id": "c2", "parent": "c1", "text": "so cold", "ups": 2, "downs": 0, "created_at": 86400},
        ],
        "tags": ["winter"],
        "ups": 1,
        "downs": 2,
        "favourites": 3,
        "views": 2**40,
        "labels": {"weather": "snow", "mood": 0},
        "split": "train",
    },
    {"id": "bare"},
    {"id": "late", "labels": {"weather": "sun"}, "split": "test"},
]


@pytest.fixture
def posts(tmp_path: Path) -> Posts:
    raw = tmp_path / "raw"
    raw.mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (8, 8)).save(raw / name)
    (raw / "posts.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    (raw / "dataset.yaml").write_text("{name: w, licence: mine, tasks: {weather: [sun, snow], mood: [good, bad]}}")
    keep = Options(keep_without_comments=True, keep_without_pictures=True)
    return prepare(open_layout("wild", raw, keep), tmp_path / "out")


def test_every_column_comes_back(posts: Posts) -> None:
    media = [Media("a.png", attributes=["tree", "snow"]), Media("b.png")]
    second = Comment("c2", "c1", "so cold", ups=2, downs=0, created_at="1970-01-02T00:00:00+00:00")
    labels = [Label("mood", "good"), Label("weather", "snow")]
    full = Post("w/7", None, "2018-10-10T20:19:24+00:00", "snow in the park", "Snow", "PARK", media)
    full.comments, full.tags, full.labels = [Comment(text="cold!"), second], ["winter"], labels
    full.ups, full.downs, full.favourites, full.views = 1, 2, 3, 2**40
    assert posts.rows(["w/7"]) == [msgspec.to_builtins(full)]


def test_a_post_may_lack_all_but_its_id(posts: Posts) -> None:
    row = posts.rows(["w/bare"])[0]
    assert row == {name: None for name in SCHEMA.names} | {"id": "w/bare"}
    assert posts.picture(row) is None


def test_rows_keep_the_order_asked_for(posts: Posts) -> None:
    assert len(posts) == 3
    assert posts.ids == ["w/7", "w/bare", "w/late"]
    assert [row["id"] for row in posts.rows(["w/late", "w/7", "w/late"])] == ["w/late", "w/7", "w/late"]
    assert posts.rows([]) == []
    assert posts.position("w/late") == 2
    assert posts.column("title") == ["Snow", None, None]
    assert [batch["id"] for batch in posts.batches(["id"], size=2)] == [["w/7", "w/bare"], ["w/late"]]
    rows = posts.rows(posts.ids)
    for column in ("media", "comments", "labels"):
        assert posts.entries(column, size=2) == sum(len(row[column] or []) for row in rows) > 0


def test_splits_labels_and_pictures(posts: Posts, tmp_path: Path) -> None:
    assert posts.split("paper") == {"train": ["w/7"], "test": ["w/late"]}
    assert posts.classes("weather") == ["sun", "snow"]
    assert posts.labels("weather") == {"w/7": 1, "w/late": 0}
    assert posts.labels("mood") == {"w/7": 0}
    assert posts.picture(posts.rows(["w/7"])[0]) == tmp_path / "raw" / "a.png"
    assert posts.info["licence"] == "mine"


def test_users_labels_are_by_user_and_task_and_users_without_any_are_left_out(posts: Posts) -> None:
    assert posts.user_labels() == {}
    both = [Label("shoes", "yes", 2), Label("fashion", "no", 0)]
    rows = [("ゆき", msgspec.to_builtins(both)), ("ben", None), ("tibi", [{"task": "brand", "value": "fashion"}])]
    table = pa.table([[user for user, _ in rows], [labels for _, labels in rows]], schema=USERS)
    pq.write_table(table, posts.folder / "users.parquet")
    assert posts.user_labels() == {"ゆき": {"shoes": "yes", "fashion": "no"}, "tibi": {"brand": "fashion"}}


def test_a_lost_picture_is_passed_over(posts: Posts, tmp_path: Path) -> None:
    media = [{"kind": "image", "path": None}, {"kind": "video", "path": "v.mp4"}, {"kind": "image", "path": "b.png"}]
    assert posts.picture({"media": media}) == tmp_path / "raw" / "b.png"


def test_the_most_frequent_annotation_wins(posts: Posts) -> None:
    (part,) = (posts.folder / "posts").glob("*.parquet")
    labels = [Label("weather", "snow", 1), Label("weather", "sun", 2)]
    table = pq.read_table(part)
    tie = [Label("weather", "snow", 2), Label("weather", "sun", 2)]
    column = [msgspec.to_builtins(labels), None, msgspec.to_builtins(tie)]
    position = SCHEMA.names.index("labels")
    pq.write_table(table.set_column(position, SCHEMA.field("labels"), [column]), part)
    assert Posts(posts.folder).labels("weather") == {"w/7": 0, "w/late": 0}


def test_errors_say_what_there_is(posts: Posts, tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="no post 'w/8'"):
        posts.rows(["w/8"])
    with pytest.raises(ValueError, match=r"no split 'papr'; there are \['paper'\]"):
        posts.split("papr")
    with pytest.raises(ValueError, match=r"no task 'wether'; there are \['mood', 'weather'\]"):
        posts.classes("wether")
    with pytest.raises(KeyError, match="no column 'txt'; there are id, user"):
        posts.column("txt")
    with pytest.raises(FileNotFoundError, match=r"datamodules\.prepare"):
        Posts(tmp_path / "nowhere")
    info = posts.folder / "dataset.json"
    info.write_text(json.dumps(posts.info | {"version": 0}))
    with pytest.raises(ValueError, match="version 0, not 1; prepare it again"):
        Posts(posts.folder)
