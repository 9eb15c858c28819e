"""Mirrors datamodules/formats/reddit_emotion.py."""

import csv
import json
from pathlib import Path

import pytest
from PIL import Image

from datamodules.formats.reddit_emotion import MIN_UPS, SUBREDDITS, TOP, chosen
from datamodules.posts import Posts
from datamodules.prepare import open_layout, prepare
from datamodules.preparing import Options

HEADER = ["id", "title", "url", "ups"]
Listing = dict[str, list[list[object]]]


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (9, 9)).save(path)


def write_raw(folder: Path, rows: Listing, header: list[str] = HEADER) -> Path:
    folder.mkdir(exist_ok=True)
    for name in SUBREDDITS:
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows.get(name, [])])
    return folder


def submissions(*ids: str, ups: int = 5) -> list[list[object]]:
    return [[own, f"title {own}", f"http://i.imgur.com/{own}.jpg", ups] for own in ids]


def problems(posts: Posts) -> list[tuple[str, int, str | None, str]]:
    rows = [json.loads(line) for line in (posts.folder / "problems.jsonl").open(encoding="utf-8")]
    return [(row["file"], row["line"], row["id"], row["cause"]) for row in rows]


def test_the_subreddit_is_the_label_and_the_title_the_text(tmp_path: Path) -> None:
    told = ['Me,\n @you "too"  http://a.b', "http://i.imgur.com/x.png", 7]
    raw = write_raw(tmp_path / "raw", {name: [[f"{name[0]}1", *told]] for name in SUBREDDITS})
    for name in SUBREDDITS:
        picture(raw / "images" / f"{name[0]}1.png")
    posts = prepare(open_layout("reddit_emotion", raw), tmp_path / "out")
    ids = [f"reddit_emotion/{own}" for own in ("happy-h1", "creepy-c1", "rage-r1", "gore-g1")]
    assert posts.ids == ids
    assert posts.classes("emotion") == ["joy", "fear", "anger", "disgust"]
    assert posts.labels("emotion") == {post: number for number, post in enumerate(ids)}
    row = posts.rows(ids[:1])[0]
    assert (row["text"], row["title"], row["ups"]) == ('Me, @USER "too" HTTPURL', None, 7)
    assert row["labels"] == [{"task": "emotion", "value": "joy", "count": None}]
    assert posts.picture(row) == raw / "images" / "h1.png"


def test_the_paper_takes_the_top_and_for_the_two_smallest_classes_those_with_enough_up_votes() -> None:
    ups = {
        "happy": {"a": 900, "b": 800, "c": 700},
        "creepy": {"a": 900, "b": 800, "c": 99, "d": 100},
        "rage": {"a": 9, "c": 8, "b": 8},  # equal up-votes: by id
        "gore": {"a": 900, "b": 150, "c": 120},
    }
    pictured = {"happy": {"a", "b"}, "creepy": {"a"}, "rage": {"a", "b", "c"}, "gore": {"c"}}
    assert chosen(ups, pictured, top=2) == {
        "happy": {"a", "b"},
        "creepy": {"a", "b", "d"},  # one picture among its top
        "rage": {"a", "b"},
        "gore": {"a", "b", "c"},  # none among its top
    }
    assert chosen(ups, pictured, top=2, min_ups=1)["creepy"] == {"a", "b", "c", "d"}
    assert (TOP, MIN_UPS) == (1000, 100)


def test_rows_left_out_by_the_rule_are_counted(tmp_path: Path) -> None:
    many = {name: submissions(*(f"{n:04}" for n in range(TOP)), ups=500) for name in SUBREDDITS}
    many["happy"] += submissions("last", ups=499)
    many["gore"] += submissions("last", "blind", ups=100) + submissions("least", ups=99)
    raw = write_raw(tmp_path / "raw", many)
    for own in ("0000", "0001"):
        for name in ("happy", "creepy"):
            picture(raw / "images" / name / f"{own}.jpg")
    for own in ("last", "least"):
        picture(raw / "images" / f"{own}.jpg")
    posts = prepare(open_layout("reddit_emotion", raw), tmp_path / "out")
    own = [post.removeprefix("reddit_emotion/") for post in posts.ids]
    assert own == ["happy-0000", "happy-0001", "creepy-0000", "creepy-0001", "gore-last"]
    assert posts.info["dropped"] == {"below the top 1000": 2, "no pictures": 4 * TOP - 4 + 1}
    found = {post: cause for _, _, post, cause in problems(posts) if cause != "no pictures"}
    assert found == {f"{name}-{own}": f"below the top 1000: {ups} up-votes"
                     for name, own, ups in (("happy", "last", 499), ("gore", "least", 99))}  # fmt: skip


def test_the_up_votes_that_add_to_the_smallest_classes_can_be_chosen(tmp_path: Path) -> None:
    many = {name: submissions(*(f"{n:04}" for n in range(TOP)), ups=500) for name in SUBREDDITS}
    many["gore"] += [row for ups in (50, 49, 0) for row in submissions(f"u{ups}", ups=ups)]
    raw = write_raw(tmp_path / "raw", many)
    for own in ("0000", "u50", "u49", "u0"):
        picture(raw / "images" / "gore" / f"{own}.jpg")
    for name in ("happy", "creepy"):
        for own in ("0000", "0001"):
            picture(raw / "images" / name / f"{own}.jpg")
    more = {None: [], 50: ["u50"], 0: ["u50", "u49", "u0"]}
    for min_ups, added in more.items():
        posts = prepare(open_layout("reddit_emotion", raw, Options(min_ups=min_ups)), tmp_path / f"out{min_ups}")
        gore = [post.partition("gore-")[2] for post in posts.ids if "gore-" in post]
        assert gore == ["0000", *added]
        assert posts.info["options"] == ({} if min_ups is None else {"min_ups": min_ups})
    with pytest.raises(FileExistsError, match="settings"):
        prepare(open_layout("reddit_emotion", raw), tmp_path / "out0")


def test_several_pictures_stay_in_order_and_those_of_the_subreddit_go_first(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw", {"happy": submissions("a", "b", "gore"), "gore": submissions("a", "b")})
    for name in ("a/2.jpg", "a/1.png", "a.jpg", "a.png", "gore/a.jpg", "gore/b/x.gif", "b/y.JPEG"):
        picture(raw / "images" / name)
    (raw / "images" / "b" / "notes.txt").write_text("no picture")
    posts = prepare(open_layout("reddit_emotion", raw), tmp_path / "out")
    paths = [[medium["path"].removeprefix("images/") for medium in media] for media in posts.column("media")]
    assert dict(zip(posts.ids, paths, strict=True)) == {
        "reddit_emotion/happy-a": ["a.jpg", "a.png", "a/1.png", "a/2.jpg"],
        "reddit_emotion/happy-b": ["b/y.JPEG"],
        "reddit_emotion/gore-a": ["gore/a.jpg"],
        "reddit_emotion/gore-b": ["gore/b/x.gif"],
    }
    assert posts.info["dropped"] == {"no pictures": 1}  # the folder `gore` is no album of the post `gore`


def test_without_an_id_the_url_names_the_picture(tmp_path: Path) -> None:
    urls = ["http://i.imgur.com/one.jpg?1", "http://imgur.com/a/two/", "http://imgur.com/", "http://[x/three.jpg"]
    rows = {"happy": [[n, f"title {n}", url] for n, url in enumerate(urls)]}
    raw = write_raw(tmp_path / "raw", rows, header=["ups", "title", "url"])
    picture(raw / "images" / "one.jpg")
    picture(raw / "images" / "two.jpg")
    posts = prepare(open_layout("reddit_emotion", raw), tmp_path / "out", max_bad=1)
    assert posts.ids == ["reddit_emotion/happy-one", "reddit_emotion/happy-two"]
    assert [(line, cause.partition(":")[0]) for _, line, _, cause in problems(posts)] == [
        (4, "not as expected"),
        (5, "not as expected"),
    ]


def test_faulty_rows_are_listed_with_their_lines(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw", {})
    lines = [
        b"id,title,url,ups",
        b'a,"two\nlines",u,5',
        b"b,t,u,many",
        b",t,u,5",
        b"c,t,u",
        b"d,caf\xe9,u,5",
        b" e,t,u,5",
    ]
    lines += [b"a,again,u,9", b"f,t,u," + b"9" * 30, b"g,cut,u,5"]
    (raw / "happy.csv").write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(lines))
    picture(raw / "images" / "a.jpg")
    picture(raw / "images" / "g.jpg")
    whole = (raw / "images" / "g.jpg").read_bytes()
    (raw / "images" / "g.jpg").write_bytes(whole[: len(whole) // 2])
    posts = prepare(open_layout("reddit_emotion", raw), tmp_path / "out", max_bad=1)
    assert posts.column("text") == ["two lines"]
    found = problems(posts)
    assert [(file, line, own, cause.partition(":")[0]) for file, line, own, cause in found] == [
        ("happy.csv", 4, "b", "not as expected"),
        ("happy.csv", 5, "", "not as expected"),
        ("happy.csv", 6, None, "columns"),
        ("happy.csv", 7, None, "not UTF-8"),
        ("happy.csv", 8, " e", "not as expected"),
        ("happy.csv", 9, "happy-a", "duplicate id"),
        ("happy.csv", 10, "f", "not as expected"),
        ("happy.csv", 11, "reddit_emotion/happy-g", "image broken"),
    ]
    assert "$.ups" in found[0][3]
    assert found[-1][3].endswith("and no pictures")


def test_posts_without_pictures_can_be_kept_and_take_no_other_away(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw", {"happy": submissions("a", "b"), "rage": [["c", " ", "u", 5]]})
    picture(raw / "images" / "a.jpg")
    posts = prepare(open_layout("reddit_emotion", raw, Options(keep_without_pictures=True)), tmp_path / "out")
    assert posts.ids == ["reddit_emotion/happy-a", "reddit_emotion/happy-b"]
    assert posts.column("media")[1] is None
    assert posts.info["dropped"] == {"no pictures": 1}  # nor has it a text


def test_the_best_tenth_of_each_class_is_the_test_part(tmp_path: Path) -> None:
    rows = {name: [[f"{n:02}", "t", "u", 100 - n // 2] for n in range(25)] for name in ("happy", "rage")}
    rows["gore"] = [[f"{n:02}", "t", "u", 900] for n in range(9)]
    raw = write_raw(tmp_path / "raw", rows)
    for n in range(25):
        picture(raw / "images" / f"{n:02}.jpg")
    (raw / "images" / "00.jpg").write_bytes(b"no picture")  # takes 3 posts away before the tenths are drawn
    posts = prepare(open_layout("reddit_emotion", raw), tmp_path / "out", max_bad=0.1)
    ours = {part: [post.partition("/")[2] for post in ids] for part, ids in posts.split("paper").items()}
    assert ours["test"] == ["happy-01", "happy-02", "rage-01", "rage-02"]  # 24 // 10 of each, 8 // 10 of gore
    assert ours["validation"] == ["happy-03", "happy-04", "rage-03", "rage-04"]
    everywhere = {part: [post.partition("/")[2] for post in ids] for part, ids in posts.split("global").items()}
    assert everywhere["test"] == [f"gore-{n:02}" for n in range(1, 6)]  # 56 // 10, all at 900 up-votes: by id
    assert everywhere["validation"] == ["happy-01", "rage-01", *(f"gore-{n:02}" for n in range(6, 9))]
    assert posts.protocols == ["global", "paper"]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw", {})
    (raw / "rage.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"rage\.csv: not there; columns title, url, ups"):
        open_layout("reddit_emotion", raw)
    (raw / "rage.csv").write_text("title,url,score\n")
    with pytest.raises(ValueError, match=r"rage\.csv, line 1: no column 'ups'; there are title, url, score"):
        open_layout("reddit_emotion", raw)
    (raw / "rage.csv").write_text('title,url,ups\na,b,1\n"never closed,b,1\nc,d,2\n')
    with pytest.raises(ValueError, match=r"rage\.csv, line 3: .*is a quote not closed"):
        open_layout("reddit_emotion", raw)
    with pytest.raises(ValueError, match="no --language; it takes --name, --keep_without_pictures, --min_ups"):
        open_layout("reddit_emotion", raw, Options(language="en"))


def test_a_picture_put_in_place_later_makes_another_data_set(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw", {"happy": submissions("a", "b")})
    picture(raw / "images" / "a.jpg")
    prepare(open_layout("reddit_emotion", raw), tmp_path / "out")
    assert len(prepare(open_layout("reddit_emotion", raw), tmp_path / "out")) == 1
    picture(raw / "images" / "b.jpg")
    with pytest.raises(FileExistsError, match="from other input"):
        prepare(open_layout("reddit_emotion", raw), tmp_path / "out")


def test_two_workers_write_the_bytes_of_one(tmp_path: Path) -> None:
    rows = {name: submissions(*(f"{n:03}" for n in range(40)), ups=n) for n, name in enumerate(SUBREDDITS)}
    raw = write_raw(tmp_path / "raw", rows)
    for n in range(40):
        picture(raw / "images" / f"{n:03}.jpg")
    one = prepare(open_layout("reddit_emotion", raw), tmp_path / "one")
    two = prepare(open_layout("reddit_emotion", raw), tmp_path / "two", workers=2)
    files = sorted(path.relative_to(one.folder) for path in one.folder.rglob("*.parquet") if ".arrow" not in path.parts)
    assert len(files) == 4 + 2 + 1
    assert all((one.folder / file).read_bytes() == (two.folder / file).read_bytes() for file in files)
