"""Mirrors datamodules/formats/mvsa.py."""

import json
from pathlib import Path

import pytest
from PIL import Image

from datamodules.formats.mvsa import CLASSES, agreed
from datamodules.posts import Posts
from datamodules.prepare import open_layout, prepare


def pictures(folder: Path, numbers: range) -> Path:
    (folder / "data").mkdir(parents=True)
    for number in numbers:
        Image.new("RGB", (9, 9)).save(folder / "data" / f"{number}.jpg")
    return folder


def problems(posts: Posts) -> list[tuple[str, int, str | None, str]]:
    rows = [json.loads(line) for line in (posts.folder / "problems.jsonl").open(encoding="utf-8")]
    return [(row["file"], row["line"], row["id"], row["cause"].partition(":")[0]) for row in rows]


def test_tweets_are_cleaned_as_the_paper_says(tmp_path: Path) -> None:
    raw = pictures(tmp_path / "raw", [1])
    row = {"id": "1", "text": "RT @someone: snow \n https://t.co/x", "emotion_label": 0}
    for name, rows in {"train": [row], "dev": [], "test": []}.items():
        (raw / f"{name}.json").write_text(json.dumps(rows))
    posts = prepare(open_layout("mvsa", raw), tmp_path / "out")
    assert posts.column("text") == ["RT @USER: snow HTTPURL"]


def test_a_row_that_is_no_utf8_is_a_problem_with_its_line(tmp_path: Path) -> None:
    raw = pictures(tmp_path / "raw", range(1, 3))
    rows = b'[{"id": "1", "text": "caf\xe9", "emotion_label": 0},\n{"id": "2", "text": "snow", "emotion_label": 0}]'
    for name, text in {"train": rows, "dev": b"[]", "test": b"[]"}.items():
        (raw / f"{name}.json").write_bytes(text)
    posts = prepare(open_layout("mvsa", raw), tmp_path / "out", max_bad=1)
    assert posts.ids == ["mvsa_single/2"]
    (problem,) = [json.loads(line) for line in (tmp_path / "out" / "problems.jsonl").open()]
    assert (problem["file"], problem["line"], problem["cause"]) == ("train.json", 1, "not UTF-8")


def test_the_json_layout(tmp_path: Path) -> None:
    raw = pictures(tmp_path / "raw", range(1, 6))
    train = [{"id": "1", "text": "one", "emotion_label": 0}, {"id": 2, "text": None, "emotion_label": 1}]
    (raw / "train.json").write_text(json.dumps(train, indent=1))
    (raw / "dev.json").write_text(json.dumps([{"id": "3", "text": "three", "emotion_label": 2}]))
    (raw / "test.json").write_text(
        '[{"id": "4", "text": "\\ud83d", "emotion_label": 0},\n{"id": "5", "emotion_label": NaN},\n7,\n'
        '{"id": "1", "text": "copy", "emotion_label": 0}, {"id": "9", "text": "no picture", "emotion_label": 0}]'
    )
    posts = prepare(open_layout("mvsa", raw), tmp_path / "out", max_bad=1)
    assert posts.split() == {
        "train": ["mvsa_single/1", "mvsa_single/2"],
        "validation": ["mvsa_single/3"],
        "test": ["mvsa_single/4", "mvsa_single/9"],
    }
    assert posts.classes("sentiment") == CLASSES
    assert [posts.labels("sentiment")[f"mvsa_single/{number}"] for number in (1, 2, 3, 4, 9)] == [0, 1, 2, 0, 0]
    assert posts.picture(posts.rows(["mvsa_single/9"])[0]) is None
    assert problems(posts) == [
        ("test.json", 1, "mvsa_single/4", "NUL or lone surrogate"),
        ("test.json", 2, "5", "not as expected"),
        ("test.json", 3, None, "not as expected"),
        ("test.json", 4, "mvsa_single/9", "image missing"),
        ("test.json", 4, "mvsa_single/1", "duplicate id"),
    ]


def test_the_official_layout(tmp_path: Path) -> None:
    raw = pictures(tmp_path / "raw", range(1, 31))
    for number in range(1, 31):
        (raw / "data" / f"{number}.txt").write_text(f"text {number}\n")
    (raw / "data" / "3.txt").write_bytes(b"caf\xe9\r\n")
    (raw / "data" / "4.txt").unlink()
    rows = [
        "ID\ttext,image",
        "1\tpositive,negative",
        "2\tneutral,negative",
        "3\tpositive,neutral",
        "4\tneutral,neutral",
    ]
    rows += ["5\tpositive", "x\tpositive,positive", *(f"{n}\tnegative,negative" for n in range(6, 31))]
    (raw / "labelResultAll.txt").write_bytes("\r\n".join(rows).encode())
    posts = prepare(open_layout("mvsa", raw), tmp_path / "out", max_bad=0.1)
    found = posts.labels("sentiment")
    assert [found[f"mvsa_single/{number}"] for number in (2, 3, 4, 6)] == [2, 0, 1, 2]
    assert posts.rows(["mvsa_single/3", "mvsa_single/6"])[0]["text"] == "caf\u00e9"
    assert posts.rows(["mvsa_single/6"])[0]["text"] == "text 6"
    assert {part: len(ids) for part, ids in posts.split("random").items()} == {"train": 24, "validation": 2, "test": 2}
    assert problems(posts) == [
        ("labelResultAll.txt", 2, "1", "labels contradict"),
        ("labelResultAll.txt", 4, "mvsa_single/3", "not UTF-8"),
        ("labelResultAll.txt", 5, "mvsa_single/4", "text missing"),
        ("labelResultAll.txt", 6, "5", "not as expected"),
        ("labelResultAll.txt", 7, "x", "not as expected"),
    ]


def test_the_usual_rule_for_two_labels() -> None:
    table = {(text, image): agreed(text, image) for text in CLASSES for image in CLASSES}
    assert table == {
        ("positive", "positive"): "positive",
        ("positive", "neutral"): "positive",
        ("positive", "negative"): None,
        ("neutral", "positive"): "positive",
        ("neutral", "neutral"): "neutral",
        ("neutral", "negative"): "negative",
        ("negative", "positive"): None,
        ("negative", "neutral"): "negative",
        ("negative", "negative"): "negative",
    }


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"train\.json, dev\.json, test\.json nor labelResultAll\.txt"):
        open_layout("mvsa", tmp_path)
    (tmp_path / "train.json").write_text('[{"id": 1,')
    with pytest.raises(ValueError, match=r"train\.json, line 1"):
        prepare(open_layout("mvsa", tmp_path), tmp_path / "out")
