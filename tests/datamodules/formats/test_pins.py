"""Mirrors datamodules/formats/pins.py."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from datamodules.posts import Posts
from datamodules.prepare import main, open_layout, prepare
from datamodules.preparing import Options

Prepare = Callable[..., Posts]


@pytest.fixture
def pins(tmp_path: Path) -> Prepare:
    """Prepare some lines of two files; the picture `media/a.png` is there."""
    raw = tmp_path / "board"
    (raw / "media").mkdir(parents=True)
    Image.new("RGB", (9, 9)).save(raw / "media" / "a.png")

    def run(*lines: dict, more: tuple[dict, ...] = (), sheet: str = "") -> Posts:
        (raw / "one.jsonl").write_text("\n".join(map(json.dumps, lines)))
        (raw / "two.jsonl").write_text("\n".join(map(json.dumps, more)))
        if sheet:
            (raw / "dataset.yaml").write_text(sheet)
        return prepare(open_layout("pins", raw), tmp_path / "out", max_bad=1)

    return run


def said(posts: Posts) -> list[tuple[str, str | None, list[str]]]:
    rows = posts.rows(posts.ids)
    return [(row["id"], medium["path"], medium["descriptions"]) for row in rows for medium in row["media"]]


def test_descriptions_are_of_the_picture_and_nothing_else_is_said(pins: Prepare) -> None:
    posts = pins({"id": 7, "image": "media/a.png", "descriptions": ["A quiet lake.", "  ", "snow!", None], "user": "u"})
    assert said(posts) == [("board/7", "media/a.png", ["A quiet lake.", "snow!"])]
    row = posts.rows(["board/7"])[0]
    assert [row[name] for name in ("text", "title", "comments", "user")] == [None] * 4


def test_lines_of_one_picture_stay_apart_and_are_called_by_file_and_number(pins: Prepare) -> None:
    line = {"image": "media/a.png", "descriptions": ["the same"]}
    posts = pins(line, line, more=(line, {"image": None, "descriptions": ["no picture"]}))
    assert said(posts) == [
        ("board/one.jsonl:1", "media/a.png", ["the same"]),
        ("board/one.jsonl:2", "media/a.png", ["the same"]),
        ("board/two.jsonl:1", "media/a.png", ["the same"]),
        ("board/two.jsonl:2", None, ["no picture"]),
    ]
    assert posts.info["dropped"] == posts.info["suspicious"] == {}


def test_splits_are_the_papers_protocol_under_all_their_names(pins: Prepare) -> None:
    names = ["train", "val", "validation", "dev", "test", None]
    posts = pins(*({"id": str(n), "descriptions": ["d"], "split": name} for n, name in enumerate(names)))
    assert posts.protocols == ["paper"]
    assert posts.split() == {
        "train": ["board/0"],
        "validation": ["board/1", "board/2", "board/3"],
        "test": ["board/4"],
    }


def test_faulty_lines_are_located_and_a_lost_picture_keeps_its_descriptions(pins: Prepare) -> None:
    posts = pins(
        {"id": "1", "descriptions": ["d"], "image": "media/a.png"},
        {"id": "2", "descriptions": []},
        {"id": "3", "descriptions": [" ", ""]},
        {"id": "4", "descriptions": "text"},
        {"id": "5", "image": "media/a.png"},
        {"id": "6", "descriptions": ["d"], "split": "holdout"},
        {"id": "7", "descriptions": ["d"], "image": "../a.png"},
        {"id": "8", "descriptions": ["gone"], "image": "media/gone.png"},
    )
    problems = [json.loads(line) for line in (posts.folder / "problems.jsonl").open(encoding="utf-8")]
    assert [(found["line"], found["id"]) for found in problems[:2]] == [(2, "2"), (3, "3")]
    assert [found["line"] for found in problems] == [2, 3, 4, 5, 6, 7, 8]
    causes = [found["cause"].partition(": ")[0] for found in problems]
    assert causes == ["no descriptions"] * 2 + ["not as expected"] * 3 + ["path outside", "image missing"]
    assert said(posts) == [("board/1", "media/a.png", ["d"]), ("board/8", None, ["gone"])]


def test_a_file_named_as_image_is_an_image_whatever_its_ending(pins: Prepare, tmp_path: Path) -> None:
    frames = [Image.new("L", (9, 9), shade) for shade in (0, 255)]
    frames[0].save(tmp_path / "board" / "media" / "b.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "board" / "media" / "c.mp4").write_bytes(b"video")
    posts = pins(*({"image": f"media/{name}", "descriptions": ["d"]} for name in ("b.gif", "c.mp4")))
    assert [posts.pictures(row) for row in posts.rows(posts.ids)] == [["media/b.gif"], []]
    assert posts.info["suspicious"] == {"image broken": 1}


def test_the_sheet_names_the_set_and_the_place_of_pictures(pins: Prepare) -> None:
    posts = pins({"id": "1", "image": "a.png", "descriptions": ["d"]}, sheet="{name: mine, media_root: media}")
    assert said(posts) == [("mine/1", "a.png", ["d"])]


def test_the_command_line_prepares_a_file_and_other_options_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "few.jsonl").write_text('{"descriptions": ["a lake"]}')
    assert main(["pins", str(tmp_path / "few.jsonl"), str(tmp_path / "out")]) == 0
    assert "1 posts" in capsys.readouterr().out
    assert Posts(tmp_path / "out").ids == ["few/few.jsonl:1"]
    with pytest.raises(ValueError, match="pins takes no --language; it takes --name"):
        open_layout("pins", tmp_path / "few.jsonl", Options(language="en"))
    with pytest.raises(FileNotFoundError, match=r"no \*\.jsonl there"):
        open_layout("pins", tmp_path / "out" / "splits")
