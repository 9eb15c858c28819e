"""Mirrors datamodules/formats/flickr8k.py."""

import json
from pathlib import Path

import pytest
from PIL import Image

from datamodules.posts import Posts
from datamodules.prepare import main, open_layout, prepare
from datamodules.preparing import Options

HEADER = "image\tcaption_no\tsplit\tcaption\n"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    (tmp_path / "raw" / "images").mkdir(parents=True)
    rows = [("a", "train"), ("b", "dev"), ("c", "test"), ("d", "extra")]
    for name, _ in rows:
        Image.new("RGB", (9, 9)).save(tmp_path / "raw" / "images" / f"{name}.jpg")
    lines = [f'{name}.jpg\t{number}\t{split}\t{name} "{number}\n' for name, split in rows for number in (1, 0, 2)]
    (tmp_path / "raw" / "captions.tsv").write_text(HEADER + "".join(lines))
    return tmp_path / "raw"


def test_caption_0_is_the_post_and_the_others_comments(raw: Path, tmp_path: Path) -> None:
    posts = prepare(open_layout("flickr8k", raw), tmp_path / "out")
    assert posts.ids == ["flickr8k/a", "flickr8k/b", "flickr8k/c", "flickr8k/d"]
    row = posts.rows(["flickr8k/b"])[0]
    assert row["text"] == 'b "0'
    assert [comment["text"] for comment in row["comments"]] == ['b "1', 'b "2']
    assert posts.picture(row) == raw / "images" / "b.jpg"
    assert posts.split() == {"train": ["flickr8k/a"], "validation": ["flickr8k/b"], "test": ["flickr8k/c"]}


def test_all_captions_describe_the_picture_by_option(raw: Path, tmp_path: Path) -> None:
    (raw / "captions.tsv").write_text((raw / "captions.tsv").read_text().replace('a "0', ""))
    posts = prepare(open_layout("flickr8k", raw, Options(as_descriptions=True)), tmp_path / "out")
    said = {row["id"]: row["media"][0] for row in posts.rows(posts.ids)}
    assert said["flickr8k/c"]["descriptions"] == ['c "0', 'c "1', 'c "2']
    assert said["flickr8k/a"]["descriptions"] == ['a "1', 'a "2']
    assert said["flickr8k/c"]["path"] == "images/c.jpg"
    assert [value for name in ("text", "comments") for value in posts.column(name)] == [None] * 8
    assert posts.info["options"] == {"as_descriptions": True}
    assert posts.split()["test"] == ["flickr8k/c"]


def test_the_command_line_takes_the_option(raw: Path, tmp_path: Path) -> None:
    assert main(["flickr8k", str(raw), str(tmp_path / "out"), "--as_descriptions"]) == 0
    assert Posts(tmp_path / "out").column("text") == [None] * 4


def test_faulty_rows_are_listed_with_their_lines(raw: Path, tmp_path: Path) -> None:
    with (raw / "captions.tsv").open("ab") as handle:
        handle.write(b"e.jpg\t0\ttrain\n")  # line 14
        handle.write(b"c.jpg\t0\ttest\tagain\n")  # the same picture a second time
        handle.write(b"d\xff.jpg\t0\ttest\tx\n" + b"f.jpg\t0\tnowhere\tx\n" + b"g.jpg\t0\tdev\tx\ng.jpg\t0\tdev\ty")
    posts = prepare(open_layout("flickr8k", raw), tmp_path / "out", max_bad=1)
    assert len(posts) == 4
    lines = (posts.folder / "problems.jsonl").read_text().splitlines()
    assert [int(line.split('"line": ')[1].split(",")[0]) for line in lines] == [8, 14, 15, 16, 17, 18]
    assert posts.info["dropped"] == {"columns": 1, "splits or numbers": 2, "rows apart": 2}


@pytest.mark.parametrize(
    ("numbers", "cause"),
    [
        (["0", "00"], "splits or numbers"),
        (["1", "1"], "splits or numbers"),
        (["0", "x"], "caption numbers"),
        (["-1", "0"], "caption numbers"),
        (["", "0"], "caption numbers"),
    ],
)
def test_captions_whose_numbers_are_equal_or_none_are_refused(
    raw: Path, tmp_path: Path, numbers: list[str], cause: str
) -> None:
    with (raw / "captions.tsv").open("a") as handle:
        handle.writelines(f"e.jpg\t{number}\ttrain\tsaid\n" for number in numbers)  # from line 14 on
    posts = prepare(open_layout("flickr8k", raw), tmp_path / "out", max_bad=1)
    (problem,) = map(json.loads, (posts.folder / "problems.jsonl").open())
    assert (problem["file"], problem["line"], problem["id"]) == ("captions.tsv", 14, "e.jpg")
    assert problem["cause"].startswith(f"{cause}: ")
    assert str(numbers) in problem["cause"]


def test_a_picture_whose_rows_stand_apart_is_bad_in_every_place(raw: Path, tmp_path: Path) -> None:
    with (raw / "captions.tsv").open("a") as handle:
        handle.write("a.jpg\t3\ttrain\tlate\n")
    with pytest.raises(ValueError, match="2 of 5 records are bad"):
        prepare(open_layout("flickr8k", raw), tmp_path / "out")
    posts = prepare(open_layout("flickr8k", raw), tmp_path / "out", max_bad=1)
    assert posts.ids == ["flickr8k/b", "flickr8k/c", "flickr8k/d"]
    problems = [json.loads(line) for line in (posts.folder / "problems.jsonl").open()]
    assert [problem["line"] for problem in problems] == [2, 14]
    assert {problem["cause"] for problem in problems} == {
        "rows apart: this picture's begin in lines 2, 14; put them together"
    }


def test_another_table_is_refused(raw: Path) -> None:
    (raw / "captions.tsv").write_text("image,caption\n")
    with pytest.raises(ValueError, match="line 1: the header must be image, caption_no"):
        open_layout("flickr8k", raw).pieces()
    (raw / "captions.tsv").unlink()
    with pytest.raises(FileNotFoundError, match=r"captions\.tsv"):
        open_layout("flickr8k", raw)
    with pytest.raises(ValueError, match="flickr8k takes no --language"):
        open_layout("flickr8k", raw, Options(language="en"))
