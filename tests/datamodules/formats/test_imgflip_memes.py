"""Mirrors datamodules/formats/imgflip_memes.py."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from datamodules.posts import Posts
from datamodules.prepare import main, open_layout, prepare
from datamodules.preparing import Options

HEADER = "id\timage\ttemplate\tuser\ttitle\ttext\tviews\tvotes"
DOGE = 'b1\ttemplates/Doge.jpg\tDoge\tu0388\tded mem\t"VERY" WORK / ""WOW""\t970\t2'
Prepare = Callable[..., Posts]


@pytest.fixture
def memes(tmp_path: Path) -> Prepare:
    raw = tmp_path / "raw"
    (raw / "templates").mkdir(parents=True)
    Image.new("RGB", (9, 9)).save(raw / "templates" / "Doge.jpg")

    def run(*rows: str, header: str = HEADER) -> Posts:
        (raw / "memes.tsv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return prepare(open_layout("imgflip_memes", raw), tmp_path / "out", max_bad=1)

    return run


def test_the_boxes_are_the_text_and_quotes_are_letters(memes: Prepare) -> None:
    posts = memes(DOGE)
    row = posts.rows(["imgflip_memes/b1"])[0]
    assert (row["user"], row["title"], row["text"]) == ("u0388", "ded mem", '"VERY" WORK / ""WOW""')
    assert (row["views"], row["ups"]) == (970, 2)
    assert posts.pictures(row) == ["templates/Doge.jpg"]
    assert [row[name] for name in ("created_at", "downs", "labels", "tags")] == [None] * 4
    assert (posts.info["tasks"], posts.info["user_tasks"], posts.protocols) == ({}, {}, [])


def test_many_memes_share_a_picture_and_an_untitled_one_has_none(memes: Prepare) -> None:
    posts = memes(DOGE, DOGE.replace("b1", "b2").replace("ded mem", ""))
    rows = posts.rows(["imgflip_memes/b1", "imgflip_memes/b2"])
    assert [row["title"] for row in rows] == ["ded mem", None]
    assert len({path for row in rows for path in posts.pictures(row)}) == 1


def test_faulty_rows_are_located(memes: Prepare) -> None:
    posts = memes(
        DOGE,
        "b2\ttemplates/Doge.jpg\tDoge\tu1\ttitle\ttext\t5",
        "b3\ttemplates/Doge.jpg\tDoge\tu1\ttitle\ttext\tmany\t5",
        "",
        "b4\ttemplates/Lost.jpg\tLost\tu1\ttitle\ttext\t5\t6",
        DOGE,
    )
    problems = [json.loads(line) for line in (posts.folder / "problems.jsonl").open(encoding="utf-8")]
    assert [(problem["line"], problem["cause"].partition(": ")[0]) for problem in problems] == [
        (3, "columns"),
        (4, "not as expected"),
        (6, "image missing"),
        (7, "duplicate id"),
    ]
    assert posts.ids == ["imgflip_memes/b1", "imgflip_memes/b4"]


def test_the_command_line_prepares_it(memes: Prepare, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memes(DOGE)
    assert main(["imgflip_memes", str(tmp_path / "raw"), str(tmp_path / "mine"), "--name", "mine"]) == 0
    assert "1 posts, 1 with text, 1 with media, 0 with comments, 1 with user" in capsys.readouterr().out
    assert Posts(tmp_path / "mine").ids == ["mine/b1"]


def test_another_header_or_no_file_is_an_error(memes: Prepare, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"memes\.tsv, line 1: the header must be id, image, template, user"):
        memes(DOGE, header="id,image")
    with pytest.raises(ValueError, match="imgflip_memes takes no --min_ups"):
        open_layout("imgflip_memes", tmp_path / "raw", Options(min_ups=1))
    (tmp_path / "raw" / "memes.tsv").unlink()
    with pytest.raises(FileNotFoundError, match=r"memes\.tsv: not there; columns id, image, template"):
        open_layout("imgflip_memes", tmp_path / "raw")
