"""Mirrors datamodules/formats/tweeteval.py."""

import json
from pathlib import Path

import pytest

from datamodules.prepare import open_layout, prepare
from datamodules.preparing import Options


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "mapping.txt").write_text("0\tanger\n1\tjoy\n2\toptimism")
    files = {
        "train": ("so @user angry \nwhat\u2028joy\n", "0\n1\n"),
        "val": ("hope", "2"),
        "test": ("joy\r\n", "1\r\n"),
    }
    for part, (texts, labels) in files.items():
        (folder / f"{part}_text.txt").write_text(texts, encoding="utf-8", newline="")
        (folder / f"{part}_labels.txt").write_text(labels, newline="")
    return folder


def test_line_i_of_the_texts_has_the_label_on_line_i(raw: Path, tmp_path: Path) -> None:
    posts = prepare(open_layout("tweeteval", raw), tmp_path / "out")
    ids = [f"tweeteval_emotion/{own}" for own in ("train-1", "train-2", "val-1", "test-1")]
    assert posts.ids == ids
    assert posts.column("text") == ["so @USER angry", "what joy", "hope", "joy"]
    assert posts.classes("emotion") == ["anger", "joy", "optimism"]
    assert posts.labels("emotion") == dict(zip(ids, (0, 1, 2, 1), strict=True))
    assert posts.split() == {"train": ids[:2], "validation": ids[2:3], "test": ids[3:]}
    assert posts.info["media_root"] == str(raw)


def test_faulty_lines_are_listed(raw: Path, tmp_path: Path) -> None:
    (raw / "train_text.txt").write_bytes(b"\xef\xbb\xbfone\n\ncaf\xe9\nfour\nfive")
    (raw / "train_labels.txt").write_text("0\n1\n1\n7\n\n")
    posts = prepare(open_layout("tweeteval", raw), tmp_path / "out", max_bad=1)
    assert posts.column("text") == ["one", "hope", "joy"]
    rows = [json.loads(line) for line in (posts.folder / "problems.jsonl").open(encoding="utf-8")]
    assert [(row["file"], row["line"], row["id"], row["cause"]) for row in rows] == [
        ("train_text.txt", 2, "train-2", "no text"),
        ("train_text.txt", 3, "train-3", "not UTF-8: byte 0xe9 at column 4"),
        ("train_labels.txt", 4, "train-4", "not as expected: label '7' is none of 0, 1, 2 in mapping.txt"),
        ("train_labels.txt", 5, "train-5", "not as expected: label '' is none of 0, 1, 2 in mapping.txt"),
    ]


def test_files_of_unlike_length_are_refused(raw: Path, tmp_path: Path) -> None:
    (raw / "val_labels.txt").write_text("1\n2\n")
    with pytest.raises(ValueError, match=r"val_text\.txt has 1 lines and .*val_labels\.txt 2"):
        prepare(open_layout("tweeteval", raw), tmp_path / "out")


@pytest.mark.parametrize("mapping", ["0\tanger\n1 joy", "0\tanger\n0\tjoy", "0\tanger\n1\tanger", "0\tanger\nx\tjoy"])
def test_a_faulty_mapping_is_named(raw: Path, mapping: str) -> None:
    (raw / "mapping.txt").write_text(mapping)
    with pytest.raises(ValueError, match=r"mapping\.txt, line 2: no number<tab>class"):
        open_layout("tweeteval", raw)


def test_what_is_missing_is_named(raw: Path) -> None:
    (raw / "test_labels.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"test_labels\.txt: not there"):
        open_layout("tweeteval", raw)
    with pytest.raises(ValueError, match="tweeteval takes no --language; it takes --name"):
        open_layout("tweeteval", raw, Options(language="en"))
