"""Mirrors datamodules/statistics.py."""

import json
from pathlib import Path

import pytest

from datamodules.posts import Posts
from datamodules.prepare import open_layout, prepare
from datamodules.preparing import Options
from datamodules.statistics import by_year, class_counts, class_parts, main, report, split_sizes

ROWS = [
    {
        "id": 1,
        "created_at": "2014-01-01",
        "text": "one two http://x.y",
        "comments": ["a b", "a b c d"],
        "split": "train",
    },
    {"id": 2, "created_at": "2014-02-01T10:00:00Z", "text": "one", "comments": ["a"], "labels": {"t": "x"}},
    {"id": 3, "created_at": "2019-01-01", "text": "one two three four", "split": "test", "labels": {"t": "y"}},
    {"id": 4, "labels": {"t": "x"}},
]


@pytest.fixture
def posts(tmp_path: Path) -> Posts:
    (tmp_path / "raw.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    options = Options(language="any", keep_without_comments=True, keep_without_pictures=True)
    return prepare(open_layout("wild", tmp_path / "raw.jsonl", options), tmp_path / "out")


def test_table_1_by_hand(posts: Posts) -> None:
    table = by_year(posts)
    assert list(table) == ["", "2014", "2019", "Total"]
    line = table["2014"]
    # post 1: 3 tokens, comments of 2 and 4; post 2: 1 token, a comment of 1
    assert (line.posts, line.text_length, line.mean_comment_length, line.mean_comments) == (2, 2.0, 2.0, 1.5)
    total = table["Total"]
    assert (total.posts, total.mean_comments) == (4, 0.75)
    assert total.text_length == pytest.approx(8 / 3)
    assert table["2019"].mean_comment_length == 0


def test_posts_not_comments_weigh_in_the_total(posts: Posts) -> None:
    """The paper's Total is the post-weighted mean of its years; a mean over comments would give 7/3."""
    assert by_year(posts)["Total"].mean_comment_length == 2.0


def test_the_papers_total_is_the_mean_of_its_years_by_posts() -> None:
    num = [3_178_845, 6_373_198, 6_230_437, 4_583_203, 3_370_186, 4_048_959]
    length = [8.81, 8.19, 8.98, 8.55, 9.01, 8.35]
    assert sum(n * mean for n, mean in zip(num, length, strict=True)) / sum(num) == pytest.approx(8.62, abs=0.01)


def test_table_2_and_classes(posts: Posts, capsys: pytest.CaptureFixture[str]) -> None:
    assert split_sizes(posts) == {"paper": {"train": 1, "test": 1}}
    assert class_counts(posts, "t") == {"x": 2, "y": 1}
    assert class_parts(posts, "t", "paper") == {"x": {"train": 0, "test": 0}, "y": {"train": 0, "test": 1}}
    assert main([str(posts.folder)]) == 0
    assert capsys.readouterr().out.strip() == report(posts)
    assert "paper                1           0           1           2" in report(posts)
    assert main([str(posts.folder / "no")]) == 1


def test_classes_are_counted_in_each_part_with_a_total(posts: Posts) -> None:
    table = report(posts).split("\n\n")[-1].splitlines()
    assert [line.split() for line in table] == [
        ["t,", "paper", "train", "validation", "test", "all"],
        ["x", "0", "0", "0", "2"],  # both are in no part
        ["y", "0", "0", "1", "1"],
        ["Total", "0", "0", "1", "3"],
    ]


def test_classes_come_in_their_published_order(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "posts.jsonl").write_text('{"id": 1, "labels": {"mood": "a"}}')
    (tmp_path / "raw" / "dataset.yaml").write_text("tasks: {mood: [z, a, b]}")
    options = Options(language="any", keep_without_comments=True, keep_without_pictures=True)
    posts = prepare(open_layout("wild", tmp_path / "raw", options), tmp_path / "out")
    assert list(class_counts(posts, "mood").items()) == [("z", 0), ("a", 1), ("b", 0)]
    with pytest.raises(ValueError, match=r"no task 'mod'; there are \['mood'\]"):
        class_counts(posts, "mod")
