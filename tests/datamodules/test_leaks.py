"""Mirrors datamodules/leaks.py."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from datamodules.leaks import (
    DISTANCE,
    copies,
    grouped_copies,
    leaks,
    main,
    near,
    picture_hash,
    read_groups,
    split_copies,
)
from datamodules.posts import Posts
from datamodules.prepare import open_layout, prepare
from datamodules.preparing import Options

KEEP = Options(language="any", keep_without_comments=True, keep_without_pictures=True)


def picture(seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 255, (12, 12, 3), np.uint8)
    return Image.fromarray(noise).resize((320, 320), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(3))


def prepared(folder: Path, name: str, rows: list[dict]) -> Posts:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return prepare(open_layout("wild", folder / f"{name}.jsonl", KEEP), folder / name)


@pytest.fixture
def benchmark(tmp_path: Path) -> Posts:
    picture(0).save(tmp_path / "zero.png")
    rows = [
        {"id": "1", "text": "a snowy owl @x http://a.b", "image": "zero.png", "split": "train"},
        {"id": "123456789012", "text": "short", "split": "validation"},
        {"id": "3", "text": "A Snowy  OWL!", "split": "test"},
    ]
    return prepared(tmp_path, "bench", rows)


def test_a_copy_is_known_by_id_picture_or_text(benchmark: Posts, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    picture(0).resize((200, 200)).save(other / "small.jpg", quality=60)
    picture(1).save(other / "one.jpg")
    rows = [
        {"id": "1", "text": "the same short id means nothing"},
        {"id": "a", "image": "small.jpg"},
        {"id": "b", "image": "one.jpg", "text": "short"},
        {"id": "123456789012"},
        {"id": "c", "text": "RT @anna a snowy owl"},
    ]
    corpus = prepared(other, "corpus", rows)
    by = {(copy.benchmark, copy.corpus, copy.by) for copy in copies(benchmark, corpus)}
    assert by == {
        ("bench/1", "corpus/a", "picture"),
        ("bench/123456789012", "corpus/123456789012", "id"),
        ("bench/1", "corpus/c", "text"),
        ("bench/3", "corpus/c", "text"),
    }
    assert leaks(benchmark, corpus)["bench/1"] == {"corpus/a", "corpus/c"}
    assert "bench/9" not in leaks(benchmark, corpus)


def test_splits_of_one_set_leak_from_earlier_to_later(benchmark: Posts, capsys: pytest.CaptureFixture[str]) -> None:
    assert {(copy.benchmark, copy.corpus) for copy in split_copies(benchmark, "paper")} == {("bench/1", "bench/3")}
    assert main([str(benchmark.folder)]) == 0
    assert "by text: 1 pairs, such as bench/1 = bench/3" in capsys.readouterr().out
    assert main([str(benchmark.folder), str(benchmark.folder / "no")]) == 1


def test_near_finds_every_pair_that_a_full_comparison_finds() -> None:
    draw = np.random.default_rng(0)
    left = draw.integers(0, 2**64, 60, np.uint64)
    flips = [np.bitwise_xor.reduce(np.uint64(1) << draw.choice(64, k, replace=False).astype(np.uint64), initial=0)
             for k in draw.integers(0, 5, 60)]  # fmt: skip
    right = left ^ np.array(flips, np.uint64)
    slow = {(i, j) for i in range(60) for j in range(60) if int(left[i] ^ right[j]).bit_count() <= DISTANCE}
    assert 0 < len(slow) < 60
    assert set(near(left, right)) == slow


def test_a_broken_picture_has_no_hash(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    assert picture_hash(tmp_path / "broken.jpg") is None
    picture(0).save(tmp_path / "a.png")
    picture(0).save(tmp_path / "b.jpg", quality=40)
    a, b = picture_hash(tmp_path / "a.png"), picture_hash(tmp_path / "b.jpg")
    assert a is not None
    assert b is not None
    assert (a ^ b).bit_count() <= DISTANCE


def test_a_split_can_leave_out_the_later_ones_of_the_copies(benchmark: Posts, tmp_path: Path) -> None:
    assert main([str(benchmark.folder), "--apart", "apart"]) == 0
    assert benchmark.split("apart") == {"train": ["bench/1"], "validation": ["bench/123456789012"]}
    groups = tmp_path / "groups.tsv"
    groups.write_text("id\tgroup\n1\t7\n123456789012\t7\n3\t8\n99\t7\n")
    found = list(grouped_copies(benchmark, read_groups(benchmark, groups)))
    assert [(copy.benchmark, copy.corpus) for copy in found] == [("bench/1", "bench/123456789012")]
    assert main([str(benchmark.folder), "--groups", str(groups), "--apart", "grouped"]) == 0
    assert benchmark.split("grouped") == {"train": ["bench/1"], "test": ["bench/3"]}
    assert benchmark.split("paper")["validation"] == ["bench/123456789012"], "the published split stays"


def test_a_faulty_line_of_groups_is_named(benchmark: Posts, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "groups.tsv").write_text("id\tgroup\n1\n")
    assert main([str(benchmark.folder), "--groups", str(tmp_path / "groups.tsv")]) == 1
    assert "groups.tsv, line 2" in capsys.readouterr().err


def test_how_many_ids_of_the_groups_are_posts_is_printed(
    benchmark: Posts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "groups.tsv").write_text("id\tgroup\n1\t7\n1\t8\n3\t8\n99\t7\n")
    assert main([str(benchmark.folder), "--groups", str(tmp_path / "groups.tsv")]) == 0
    assert f"groups.tsv: 2 of 3 ids are posts of {benchmark.folder}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id\tgroup\nbench/1\t7\n", r"groups\.tsv: no id is of a post .* ids are like 'bench/1', the posts' like '1'"),
        ("id\tgroup\n", r"groups\.tsv: no id is of a post"),
        ("1\t7\n3\t7\n", r"groups\.tsv, line 1: '1\\t7' is no header id<tab>group"),
        ("identity\tgroup\n1\t7\n", r"groups\.tsv, line 1: .* is no header"),
        ("", r"groups\.tsv, line 1: '' is no header"),
    ],
)
def test_groups_of_other_posts_or_without_a_header_are_refused(
    benchmark: Posts, tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "groups.tsv").write_text(text)
    with pytest.raises(ValueError, match=told):
        read_groups(benchmark, tmp_path / "groups.tsv")
