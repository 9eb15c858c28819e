"""Mirrors datamodules/formats/wild.py."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from datamodules.posts import Posts
from datamodules.prepare import open_layout, prepare
from datamodules.preparing import Options

KEEP = Options(language="any", keep_without_comments=True, keep_without_pictures=True)
Prepare = Callable[..., Posts]


@pytest.fixture
def wild(tmp_path: Path) -> Prepare:
    """Prepare some lines; the pictures `a.png` and `media/b.png` are there."""
    raw = tmp_path / "wild"
    (raw / "media").mkdir(parents=True)
    Image.new("RGB", (9, 9)).save(raw / "a.png")
    Image.new("RGB", (9, 9)).save(raw / "media" / "b.png")

    def run(*lines: dict | bytes, options: Options = KEEP, sheet: str = "", max_bad: float = 1) -> Posts:
        data = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        (raw / "posts.jsonl").write_bytes(b"\n".join(data))
        if sheet:
            (raw / "dataset.yaml").write_text(sheet)
        return prepare(open_layout("wild", raw, options), tmp_path / "out", max_bad)

    return run


def causes(posts: Posts) -> list[tuple[int, str]]:
    rows = [json.loads(line) for line in (posts.folder / "problems.jsonl").open(encoding="utf-8")]
    return [(row["line"], row["cause"]) for row in rows]


HOSTILE = [
    b'\xef\xbb\xbf{"id": "first"}',
    b'{"id": "latin \xe9"}',
    b'{"id": "nul \x00"}',
    b'{"id": "1", "ups": NaN}',
    b'{"id": "1", "ups": 1e30}',
    b'{"id": "1", "ups": ' + b"9" * 30 + b"}",
    b'{"id": "1", "text": "\\ud800"}',
    b"[" * 100_000,
    b'{"id": "1", "comments": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"text": "no id"}',
    b'{"id": null}',
    b'{"id": ""}',
    b'{"id": "1", "text": 7}',
    b'{"id": "1", "comments": [null]}',
    b'{"id": "1", "image": "../a.png"}',
    b'{"id": "1", "images": ["a.png", "/etc/a.png"]}',
    b'{"id": "1", "split": "holdout"}',
    b'{"id": "1", "tags": "snow"}',
    b"null",
    b'{"id": "cut',
    b'{"id": "1", "user": {"name": "x"}}',
]


def test_each_hostile_line_is_located_and_no_other(wild: Prepare) -> None:
    posts = wild(*HOSTILE, b'{"id": "old", "id": "last", "unknown": {}}')
    assert posts.ids == ["wild/first", "wild/last"]
    assert [line for line, _ in causes(posts)] == list(range(2, len(HOSTILE) + 1))
    found = dict(causes(posts))
    assert found[2] == "not UTF-8: byte 0xe9 at column 15"
    assert "$.comments[0]" in found[14]
    assert found[15].startswith("path outside: ")
    assert "'holdout' is none of train" in found[17]


def test_doubtful_rows_are_kept_and_listed(wild: Prepare) -> None:
    posts = wild(
        {"id": "1", "text": "t", "created_at": "yesterday"},
        {"id": "2", "text": "t", "images": ["a.png", "gone.png"]},
        b'{"id": "3", "text": "n\\u0000ul"}',
        {"id": "4", "created_at": 1e300},
    )
    assert posts.column("created_at") == [None] * 4
    assert posts.column("text")[2] == "nul"
    paths = [media and [medium["path"] for medium in media] for media in posts.column("media")]
    assert paths == [None, ["a.png"], None, None]
    assert posts.info["suspicious"] == {"no date": 2, "image missing": 1, "NUL or lone surrogate": 1}


def test_authors_are_numbers_and_texts_clean(wild: Prepare) -> None:
    comments = [{"text": "@anna  look http://a.b", "user": "bob", "id": 5, "parent": 4}, "  "]
    posts = wild({"id": "1", "user": "anna", "text": "hi @bob", "comments": comments}, {"id": "2", "user": "anna"})
    one, two = posts.rows(posts.ids)
    assert one["user"] == two["user"]
    assert len(one["user"]) == 16
    assert one["text"] == "hi @USER"
    (comment,) = one["comments"]
    assert (comment["text"], comment["id"], comment["parent"]) == ("@USER look HTTPURL", "5", "4")
    assert comment["user"] not in (one["user"], "bob")
    for file in posts.folder.rglob("*.parquet"):
        assert b"anna" not in file.read_bytes()


ENGLISH, SPANISH = "what a lovely day in the park with my friends", "el perro de mi vecino ladra toda la noche"


def test_unlabelled_posts_need_english_comments_and_a_picture(wild: Prepare) -> None:
    rows = [
        {"id": "good", "text": ENGLISH, "image": "a.png", "comments": ["c"]},
        {"id": "spanish", "text": SPANISH, "image": "a.png", "comments": ["c"]},
        {"id": "silent", "text": ENGLISH, "image": "a.png"},
        {"id": "blind", "text": ENGLISH, "comments": ["c"], "attributes": []},
        {"id": "lost", "text": ENGLISH, "image": "gone.png", "comments": ["c"]},
        {"id": "wordless", "text": "http://a.b", "image": "a.png", "comments": ["c"]},
        {"id": "benchmark", "text": SPANISH, "labels": {"t": "x"}},
    ]
    posts = wild(*rows, options=Options(), max_bad=0.15)  # a lost picture is a defect of the input, a filter is none
    assert posts.ids == ["wild/good", "wild/wordless", "wild/benchmark"]
    assert posts.info["dropped"] == {"other language": 1, "no comments": 1, "no pictures": 1, "image missing": 1}


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (Options(keep_without_comments=True), ["a"]),
        (Options(keep_without_pictures=True), ["b"]),
        (Options(keep_without_comments=True, keep_without_pictures=True, language="es"), ["c"]),
        (KEEP, ["a", "b", "c"]),
    ],
)
def test_each_filter_has_its_option(wild: Prepare, options: Options, kept: list[str]) -> None:
    rows = [{"id": "a", "image": "a.png"}, {"id": "b", "comments": ["c"]}, {"id": "c", "text": SPANISH}]
    rows[0]["text"] = rows[1]["text"] = ENGLISH
    assert wild(*rows, options=options).ids == [f"wild/{own}" for own in kept]


def test_attributes_stand_without_a_picture(wild: Prepare) -> None:
    posts = wild({"id": "1", "attributes": ["owl"]}, {"id": "2", "image": "media/b.png", "attributes": ["fox"]})
    (one,), (two,) = posts.column("media")
    assert (one["path"], one["attributes"]) == (None, ["owl"])
    assert (two["path"], two["attributes"]) == ("media/b.png", ["fox"])


SHEET = "{name: msd, media_root: media, tasks: {sarcasm: [no, yes], grade: ['1', '2']}}"


def test_the_sheet_names_classes_and_media(wild: Prepare) -> None:
    posts = wild(
        {"id": "1", "labels": {"sarcasm": 1, "grade": 1}, "image": "b.png", "split": "dev"},
        {"id": "2", "labels": {"sarcasm": "no"}, "split": "validation"},
        {"id": "3", "labels": {"sarcasm": "maybe"}},
        {"id": "4", "labels": {"sarcasm": 2}},
        {"id": "5", "labels": {"irony": 1}},
        sheet=SHEET.replace("[no, yes]", "['no', 'yes']"),
    )
    assert posts.ids == ["msd/1", "msd/2"]
    assert posts.labels("sarcasm") == {"msd/1": 1, "msd/2": 0}
    assert posts.labels("grade") == {"msd/1": 0}  # a class of that name goes before a class of that number
    assert posts.split() == {"validation": ["msd/1", "msd/2"]}
    picture = posts.picture(posts.rows(["msd/1"])[0])
    assert picture is not None
    assert picture.is_file()
    assert [line for line, _ in causes(posts)] == [3, 4, 5]


@pytest.mark.parametrize("sheet", ["{task: {}}", "name: [", "!!python/object/apply:os.getcwd []", "tasks: {a: 1}"])
def test_a_faulty_sheet_is_named(wild: Prepare, sheet: str) -> None:
    with pytest.raises(ValueError, match=r"(?s)dataset\.yaml: .*it may hold name, licence"):
        wild({"id": "1"}, sheet=sheet)


def test_a_folder_without_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no \*\.jsonl there"):
        open_layout("wild", tmp_path)
