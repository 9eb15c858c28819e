"""Mirrors datamodules/simulated/simulate.py."""

import hashlib
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from datamodules.simulated import CLASSES, simulate
from datamodules.simulated.simulate import split_of

FIELDS = ["id", "text", "image", "user", "created_at", "comments", "labels", "split", "ups", "downs", "views", "tags"]
LABELLED, CORPUS, EMOTION = 60, 150, 200
EMOTIONS = ("reddit_emotion/", "flickr_emotion/")
PINS = ("pins/", "clicks/")
TIMELINES = ("timelines/",)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_seed_gives_the_same_bytes(network: Path, tmp_path: Path) -> None:
    simulate(tmp_path / "again", seed=3, labelled=LABELLED, corpus=CORPUS)
    assert digests(tmp_path / "again") == digests(network)


def test_a_seed_gives_the_same_emotions(emotional: Path, tmp_path: Path) -> None:
    simulate(tmp_path, seed=3, labelled=20, corpus=21, emotion=EMOTION)
    ours, theirs = (
        {n: d for n, d in digests(each).items() if n.startswith(EMOTIONS)} for each in (emotional, tmp_path)
    )
    assert ours == theirs
    assert len(ours) > 2 * EMOTION


def test_emotions_change_no_other_file(network: Path, emotional: Path) -> None:
    ours, theirs = digests(network), digests(emotional)
    assert not [name for name in ours if name.startswith(EMOTIONS)]
    assert {name for name in theirs if name not in ours} == {name for name in theirs if name.startswith(EMOTIONS)}
    assert [name for name in ours if ours[name] != theirs[name]] == ["truth.parquet"]


def test_truth_keeps_its_rows_and_emotions_follow(network: Path, emotional: Path) -> None:
    before, after = (pq.read_table(each / "truth.parquet") for each in (network, emotional))
    assert after.select(before.column_names).slice(0, len(before)).equals(before)
    others, emotions = after.slice(0, len(before)).to_pylist(), after.slice(len(before)).to_pylist()
    assert {row["set"] for row in others} == {None}
    assert Counter(row["set"] for row in emotions) == {"reddit_emotion": EMOTION, "flickr_emotion": EMOTION}
    assert all(row["user"] is None and row["sarcasm"] is None for row in emotions)


def test_a_seed_gives_the_same_pins_and_clicks(pinned: Path, tmp_path: Path) -> None:
    simulate(tmp_path, seed=3, labelled=20, corpus=21, pins=60)
    ours, theirs = ({n: d for n, d in digests(each).items() if n.startswith(PINS)} for each in (pinned, tmp_path))
    assert ours == theirs
    assert len(ours) > 50


def test_pins_change_no_other_file(emotional: Path, pinned: Path) -> None:
    ours, theirs = digests(emotional), digests(pinned)
    assert {name for name in theirs if name not in ours} == {name for name in theirs if name.startswith(PINS)}
    assert not [name for name in ours if name.startswith(PINS)]
    assert [name for name in ours if ours[name] != theirs[name]] == ["truth.parquet"]


def test_truth_keeps_its_rows_and_pins_follow(emotional: Path, pinned: Path) -> None:
    before, after = (pq.read_table(each / "truth.parquet") for each in (emotional, pinned))
    assert after.select(before.column_names).slice(0, len(before)).equals(before)
    rows = after.slice(len(before)).to_pylist()
    assert len(rows) == 60
    assert {row["set"] for row in rows} == {"pins"}
    assert all(row["scene"] and row["theme"] and row["weather"] and row["emotion"] is None for row in rows)


def test_a_seed_gives_the_same_timelines(posted: Path, tmp_path: Path) -> None:
    simulate(tmp_path, seed=3, labelled=20, corpus=21, timelines=800)
    ours, theirs = ({n: d for n, d in digests(each).items() if n.startswith(TIMELINES)} for each in (posted, tmp_path))
    assert ours == theirs
    assert len(ours) > 200


def test_timelines_change_no_other_file(network: Path, posted: Path) -> None:
    ours, theirs = digests(network), digests(posted)
    assert {name for name in theirs if name not in ours} == {name for name in theirs if name.startswith(TIMELINES)}
    assert not [name for name in ours if name.startswith(TIMELINES)]
    assert [name for name in ours if ours[name] != theirs[name]] == ["truth.parquet"]


def test_truth_keeps_its_rows_and_timelines_follow(network: Path, posted: Path) -> None:
    before, after = (pq.read_table(each / "truth.parquet") for each in (network, posted))
    assert after.select(before.column_names).slice(0, len(before)).equals(before)
    rows = after.slice(len(before)).to_pylist()
    assert len(rows) == 800
    assert {row["set"] for row in rows} == {"timelines"}
    assert all(row["scene"] and row["topic"] and row["user"] and row["sarcasm"] is None for row in rows)


def test_another_seed_gives_other_posts_pictures_and_users(network: Path, tmp_path: Path) -> None:
    simulate(tmp_path, seed=4, labelled=LABELLED, corpus=CORPUS)
    ours, theirs = digests(network), digests(tmp_path)
    posts = [name for name in ours if name.endswith((".jsonl", ".parquet")) or name.startswith("media/")]
    assert posts
    assert not [name for name in posts if ours[name] == theirs.get(name)]


def test_counts_change_neither_causes_nor_pictures_of_a_post(network: Path, tmp_path: Path) -> None:
    simulate(tmp_path, seed=3, labelled=20, corpus=40)
    ours, theirs = digests(network), digests(tmp_path)
    pictures = [name for name in theirs if name.startswith("media/")]
    assert len(pictures) == 4 * 20 + 40
    assert all(theirs[name] == ours[name] for name in pictures)


def test_every_post_has_the_fields_and_a_picture(network: Path, posts: dict[str, list[dict]]) -> None:
    for part, rows in posts.items():
        for row in rows:
            assert list(row) == FIELDS
            with Image.open(network / part / "../media" / row["image"]) as picture:
                assert (picture.size, picture.format) == ((64, 64), "JPEG")
            assert row["views"] >= row["ups"] + row["downs"]
            assert 2014 <= int(row["created_at"][:4]) <= 2019


def test_only_the_corpus_has_comments_and_only_it_lacks_labels(posts: dict[str, list[dict]]) -> None:
    assert len(posts["corpus"]) > max(len(posts[task]) for task in CLASSES)
    assert all(row["comments"] and not row["labels"] and row["split"] is None for row in posts["corpus"])
    for task, classes in CLASSES.items():
        assert all(not row["comments"] and row["labels"][task] in classes for row in posts[task])


def test_no_two_posts_share_a_text_or_an_id(posts: dict[str, list[dict]]) -> None:
    for field in ("text", "id"):
        assert set(Counter(row[field] for rows in posts.values() for row in rows).values()) == {1}


def test_the_test_part_of_600_has_150_posts_or_more() -> None:
    parts = Counter(split_of(position, 600) for position in range(600))
    assert parts == {"train": 330, "validation": 102, "test": 168}


def test_a_new_network_replaces_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    simulate(tmp_path, seed=0, labelled=21, corpus=30, emotion=EMOTION, pins=40, timelines=100)
    (tmp_path / "log").write_text("kept")
    (tmp_path / ".simulated.tmp").mkdir()  # of a run that was killed
    simulate(tmp_path, seed=0, labelled=20, corpus=30)
    assert (tmp_path / "log").read_text() == "kept"
    assert len(list((tmp_path / "media").iterdir())) == 4 * 20 + 30
    assert not (tmp_path / ".simulated.tmp").exists()
    assert not [name for name in (*EMOTIONS, *PINS, *TIMELINES) if (tmp_path / name).exists()]


@pytest.mark.parametrize(("labelled", "corpus"), [(19, 100), (40, 40)])
def test_too_few_posts_are_refused(tmp_path: Path, labelled: int, corpus: int) -> None:
    with pytest.raises(ValueError, match=f"labelled={labelled}, corpus={corpus}"):
        simulate(tmp_path / "network", 0, labelled, corpus)
    assert not (tmp_path / "network").exists()


@pytest.mark.parametrize("emotion", [-1, 199, 20_001])
def test_too_few_and_too_many_emotions_are_refused(tmp_path: Path, emotion: int) -> None:
    with pytest.raises(ValueError, match=f"emotion={emotion}: give 0, or 200 to 20,000"):
        simulate(tmp_path / "network", 0, 20, 30, emotion)
    assert not (tmp_path / "network").exists()


@pytest.mark.parametrize("pins", [-1, 39, 100_001])
def test_too_few_and_too_many_pins_are_refused(tmp_path: Path, pins: int) -> None:
    with pytest.raises(ValueError, match=f"pins={pins}: give 0, or 40 to 100,000"):
        simulate(tmp_path / "network", 0, 20, 30, pins=pins)
    assert not (tmp_path / "network").exists()


@pytest.mark.parametrize("timelines", [-1, 99, 100_001])
def test_too_few_and_too_many_timelines_are_refused(tmp_path: Path, timelines: int) -> None:
    with pytest.raises(ValueError, match=f"timelines={timelines}: give 0, or 100 to 100,000"):
        simulate(tmp_path / "network", 0, 20, 30, timelines=timelines)
    assert not (tmp_path / "network").exists()
