"""Mirrors datamodules/formats/timelines.py."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from datamodules.posts import Posts
from datamodules.prepare import main, open_layout, prepare
from datamodules.preparing import Options

Prepare = Callable[..., Posts]
BRANDS = [{"user": "allbirds", "group": "shoes"}, {"user": "tibi", "group": "fashion"}]
REACTIONS = [{"user": "anna", "brand": "allbirds", "kind": "follow"}, {"user": "allbirds", "brand": "tibi"}]
REACTIONS[1]["kind"] = "comment"


def lines(path: Path, rows: list) -> None:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows))


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A folder `net` with a picture, `media/a.png`."""
    folder = tmp_path / "net"
    (folder / "media").mkdir(parents=True)
    Image.new("RGB", (9, 9)).save(folder / "media" / "a.png")
    return folder


@pytest.fixture
def timelines(raw: Path, tmp_path: Path) -> Prepare:
    def run(*rows: dict | str, brands: list | None = None, reactions: list | None = None) -> Posts:
        lines(raw / "posts.jsonl", list(rows))
        for name, found in (("brands", brands), ("reactions", reactions)):
            if found is not None:
                lines(raw / f"{name}.jsonl", found)
        return prepare(open_layout("timelines", raw), tmp_path / "out", max_bad=1)

    return run


def test_a_post_has_user_text_picture_and_moment(timelines: Prepare) -> None:
    post = {"user": "anna", "text": " What a #day 😍 https://x.org ", "image": "media/a.png", "id": 7, "likes": 3}
    posts = timelines(post | {"time": "2018-03-01T12:00:00Z"})
    row = posts.rows(["net/7"])[0]
    assert (row["user"], row["text"]) == ("anna", " What a #day 😍 https://x.org ")
    assert row["created_at"] == "2018-03-01T12:00:00+00:00"
    assert posts.pictures(row) == ["media/a.png"]
    assert [row[name] for name in ("title", "comments", "labels", "ups")] == [None] * 4
    assert posts.info["suspicious"] == posts.info["dropped"] == {}


def test_text_picture_and_user_may_be_missing_but_not_both_of_text_and_picture(timelines: Prepare) -> None:
    posts = timelines(
        {"user": "a", "text": "words"},
        {"user": "a", "image": "media/a.png"},
        {"text": "nobody's"},
        {"user": " ", "text": "nobody's, too"},
        {"user": "a", "text": "  ", "image": ""},
        {"user": "a"},
        {"user": "a", "image": "media/gone.png"},
    )
    rows = posts.rows(posts.ids)
    assert [row["id"] for row in rows] == [f"net/posts.jsonl:{line}" for line in (1, 2, 3, 4)]
    assert [row["user"] for row in rows] == ["a", "a", None, None]
    assert [row["text"] for row in rows] == ["words", None, "nobody's", "nobody's, too"]
    assert posts.info["dropped"] == {"neither text nor image": 2, "image missing": 1}
    assert posts.info["suspicious"] == {}


def test_the_summary_says_how_many_posts_have_a_user(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines(raw / "posts.jsonl", [{"user": "a", "text": "x"}, {"text": "y"}, {"user": 3, "text": "z"}])
    assert main(["timelines", str(raw), str(raw.parent / "out")]) == 0
    assert "3 posts, 3 with text, 0 with media, 0 with comments, 2 with user" in capsys.readouterr().out


def test_a_moment_that_is_none_is_a_doubt_and_the_post_stays(timelines: Prepare) -> None:
    moments = [1519905600, "yesterday", None, {"at": 5}, "2018-03-01", 10**25]
    posts = timelines(*({"user": "a", "text": "x", "time": moment} for moment in moments))
    dates = [row["created_at"] for row in posts.rows(posts.ids)]
    assert dates == ["2018-03-01T12:00:00+00:00", None, None, None, "2018-03-01T00:00:00", None]
    problems = [json.loads(line) for line in (posts.folder / "problems.jsonl").open(encoding="utf-8")]
    assert [problem["line"] for problem in problems] == [2, 4, 6]
    assert problems[0]["cause"] == "no date: 'yesterday'"
    assert posts.info["suspicious"] == {"no date": 3}


def test_a_number_beyond_any_range_is_no_moment_and_the_post_stays(raw: Path, tmp_path: Path) -> None:
    lines = [f'{{"user": "a", "text": "x", "time": {number}}}' for number in ("1e999", "9" * 5001)]
    (raw / "posts.jsonl").write_text("\n".join(lines))
    posts = prepare(open_layout("timelines", raw), tmp_path / "out", max_bad=0)
    assert [row["created_at"] for row in posts.rows(posts.ids)] == [None, None]
    assert posts.info["suspicious"] == {"no date": 2}


def test_user_names_stay_in_any_writing(timelines: Prepare) -> None:
    names = ["José 🌸", "мария", "ゆき", "أمل", "anna", "Anna", 42]
    posts = timelines(*({"user": name, "text": "x"} for name in names))
    assert [row["user"] for row in posts.rows(posts.ids)] == list(map(str, names))


def test_duplicates_without_ids_stay_for_others_to_judge(timelines: Prepare) -> None:
    post = {"user": "a", "text": "again", "time": 5}
    assert timelines(post, post).ids == ["net/posts.jsonl:1", "net/posts.jsonl:2"]


def test_faulty_lines_are_located_and_a_split_is_the_papers_protocol(timelines: Prepare) -> None:
    posts = timelines(
        "{broken",
        {"user": "a", "text": "x", "split": "dev", "id": "1"},
        {"user": ["a"], "text": "x"},
        {"user": "a", "text": "x", "split": "holdout", "id": "2"},
        {"user": "a", "text": "x", "image": "../a.png"},
    )
    problems = [json.loads(line) for line in (posts.folder / "problems.jsonl").open(encoding="utf-8")]
    assert [problem["line"] for problem in problems] == [1, 3, 4, 5]
    causes = [problem["cause"].partition(": ")[0] for problem in problems]
    assert causes == ["not as expected"] * 3 + ["path outside"]
    assert posts.split() == {"validation": ["net/1"]}


def test_users_are_labelled_by_their_reactions_to_brands(timelines: Prepare) -> None:
    users = ["anna", "ben", "allbirds", None]
    posts = timelines(*({"user": user, "text": "x"} for user in users), brands=BRANDS, reactions=REACTIONS)
    assert len(posts) == 4  # lines of the other two files are no posts
    assert posts.user_labels() == {
        "allbirds": {"brand": "shoes"},
        "anna": {"shoes": "yes", "fashion": "no"},
        "ben": {"shoes": "no", "fashion": "no"},
    }
    assert posts.info["user_tasks"] == {
        "shoes": ["no", "yes"],
        "fashion": ["no", "yes"],
        "brand": ["shoes", "fashion"],
    }
    assert posts.info["tasks"] == {}
    assert set(posts.info["sources"]) == {"brands.jsonl", "posts.jsonl", "reactions.jsonl"}


def test_brands_beside_a_single_file_count_too(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines(raw / "posts.jsonl", [{"user": user, "text": "x"} for user in ("anna", "ben", "cara", "tibi")])
    lines(raw / "brands.jsonl", BRANDS)
    lines(raw / "reactions.jsonl", REACTIONS)
    assert main(["timelines", str(raw / "posts.jsonl"), str(raw.parent / "out")]) == 0
    told = capsys.readouterr().out
    assert "users' task shoes: no 2, yes 1\n" in told
    assert "users' task brand: shoes 0, fashion 1\n" in told
    assert set(Posts(raw.parent / "out").info["sources"]) == {"brands.jsonl", "posts.jsonl", "reactions.jsonl"}


def test_without_brands_nobody_is_labelled(timelines: Prepare) -> None:
    posts = timelines({"user": "anna", "text": "x"})
    assert (posts.user_labels(), posts.info["user_tasks"]) == ({}, {})


def test_what_is_missing_or_faulty_beside_the_timelines_is_said_before_any_work(raw: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no \*\.jsonl there"):
        open_layout("timelines", raw)
    lines(raw / "brands.jsonl", BRANDS)
    with pytest.raises(FileNotFoundError, match=r"reactions\.jsonl: not there, but brands\.jsonl is"):
        open_layout("timelines", raw)
    lines(raw / "reactions.jsonl", REACTIONS)
    with pytest.raises(FileNotFoundError, match="no timelines there, only brands or reactions"):
        open_layout("timelines", raw)
    lines(raw / "posts.jsonl", [{"user": "anna", "text": "x"}])
    lines(raw / "reactions.jsonl", [*REACTIONS, {"user": "anna", "brand": "zara", "kind": "follow"}])
    with pytest.raises(ValueError, match=r"reactions\.jsonl, line 3: brand 'zara'"):
        open_layout("timelines", raw)
    with pytest.raises(ValueError, match="timelines takes no --language; it takes --name"):
        open_layout("timelines", raw, Options(language="en"))


def test_two_workers_label_users_as_one(raw: Path, tmp_path: Path) -> None:
    lines(raw / "brands.jsonl", BRANDS)
    lines(raw / "reactions.jsonl", REACTIONS)
    for number in range(2):
        lines(raw / f"{number}.jsonl", [{"user": user, "text": "x"} for user in ("anna", f"u{number}")])
    made = [prepare(open_layout("timelines", raw), tmp_path / f"w{count}", workers=count) for count in (1, 2)]
    first, second = ((posts.folder / "users.parquet").read_bytes() for posts in made)
    assert first == second
    assert list(made[0].user_labels()) == ["anna", "u0", "u1"]
