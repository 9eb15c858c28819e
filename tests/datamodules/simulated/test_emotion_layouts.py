"""Mirrors datamodules/simulated/emotion_layouts.py."""

import csv
from collections import Counter
from pathlib import Path

from PIL import Image

from datamodules.simulated.emotion_layouts import SUBREDDITS
from datamodules.simulated.emotions import FLICKR

EMOTION = 200


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_subreddit_lists_the_posts_of_its_emotion_by_up_votes(emotional: Path, felt: dict[str, dict]) -> None:
    listed = []
    for emotion, subreddit in SUBREDDITS.items():
        head, *rows = rows_of(emotional / "reddit_emotion" / f"{subreddit}.csv")
        assert head == ["id", "title", "url", "ups"]
        assert {felt[row[0]]["emotion"] for row in rows} == {emotion}
        assert all(row[2] == f"https://i.example.org/{row[0]}.jpg" for row in rows)
        ups = [int(row[3]) for row in rows]
        assert ups == sorted(ups, reverse=True)
        assert min(ups) >= 100
        listed += [row[0] for row in rows]
    assert len(listed) == len(set(listed)) == EMOTION
    assert set(listed) == {own for own, row in felt.items() if row["set"] == "reddit_emotion"}


def test_an_album_is_a_folder_and_a_single_picture_a_file(emotional: Path, felt: dict[str, dict]) -> None:
    images = emotional / "reddit_emotion" / "images"
    rows = [row for row in felt.values() if row["set"] == "reddit_emotion"]
    expected = set()
    for row in rows:
        count, own = len(row["album"]), row["id"]
        expected |= {f"{own}.jpg"} if count == 1 else {f"{own}/{place}.jpg" for place in range(1, count + 1)}
        assert row["album"][0] == row["scene"]
    assert {str(path.relative_to(images)) for path in images.rglob("*.jpg")} == expected
    assert 0.04 < sum(len(row["album"]) > 1 for row in rows) / EMOTION < 0.18
    with Image.open(images / min(expected)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (64, 64))


def test_votes_are_listed_by_emotion_without_a_header(emotional: Path, felt: dict[str, dict]) -> None:
    listed: dict[str, list[str]] = {}
    for emotion in FLICKR.shares:
        rows = rows_of(emotional / "flickr_emotion" / "agg" / f"{emotion}_agg.csv")
        assert [int(row[0]) for row in rows] == list(range(len(rows)))
        for _, url, disagree, agree in rows:
            assert int(disagree) + int(agree) >= 5
            listed.setdefault(url.rsplit("/", 1)[1].split("_")[0], []).append(emotion)
    assert len(listed) == EMOTION
    assert all(felt[photo]["emotion"] in emotions for photo, emotions in listed.items())
    assert Counter(map(len, listed.values()))[1] > 0.9 * EMOTION


def test_every_photo_has_its_texts_and_its_picture(emotional: Path, felt: dict[str, dict]) -> None:
    head, *rows = rows_of(emotional / "flickr_emotion" / "texts.csv")
    assert head == ["photo", "title", "description"]
    assert {row[0] for row in rows} == {own for own, row in felt.items() if row["set"] == "flickr_emotion"}
    assert all(len(f"{title} {description}".split()) > 5 for _, title, description in rows)
    images = emotional / "flickr_emotion" / "images"
    assert {path.name for path in images.iterdir()} == {f"{row[0]}.jpg" for row in rows}
