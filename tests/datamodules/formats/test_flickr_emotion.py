"""Mirrors datamodules/formats/flickr_emotion.py."""

import csv
import json
from pathlib import Path

import pytest
from PIL import Image

from datamodules.formats.flickr_emotion import EMOTIONS, MIN_WORKERS, undecided
from datamodules.posts import Posts
from datamodules.prepare import open_layout, prepare
from datamodules.preparing import Options
from datamodules.statistics import class_counts

ENGLISH = ("A walk in the park", "We went there with all of our friends last week")
SPANISH = "El perro de mi vecino ladra toda la noche"
FRENCH = "Le chien de mon voisin aboie toute la nuit et nous ne dormons pas"
Votes = dict[str, list[tuple[str, int, int]]]  # emotion -> photo, disagree, agree


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (9, 9)).save(path)


def url(own: str) -> str:
    return f"http://farm4.static.flickr.com/3287/{own}_38c1ef.jpg"


def write_raw(folder: Path, votes: Votes, texts: dict[str, tuple[str, str]], agg: str = "agg") -> Path:
    """All photos have a picture; without texts of their own they have English ones."""
    (folder / agg).mkdir(parents=True)
    for emotion in EMOTIONS:
        with (folder / agg / f"{emotion}_5.csv").open("w", encoding="utf-8", newline="") as file:
            rows = votes.get(emotion, [])
            csv.writer(file).writerows([n, url(own), *counts] for n, (own, *counts) in enumerate(rows))
    photos = dict.fromkeys((own for rows in votes.values() for own, *_ in rows), ENGLISH) | texts
    with (folder / "texts.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [[own, "x", *words] for own, words in photos.items()]
        csv.writer(file).writerows([["photo", "owner", "title", "description"], *rows])
    for own in photos:
        picture(folder / "images" / f"{own}.jpg")
    return folder


def causes(posts: Posts) -> dict[str, str]:
    rows = [json.loads(line) for line in (posts.folder / "problems.jsonl").open(encoding="utf-8")]
    return {row["id"]: row["cause"] for row in rows}


@pytest.mark.parametrize("agg", ["agg", "."])
def test_the_workers_counts_are_gathered_and_kept(tmp_path: Path, agg: str) -> None:
    votes: Votes = {
        "fear": [("1", 1, 4), ("2", 3, 2)],
        "awe": [("2", 0, 5), ("1", 2, 3)],
        "sadness": [("1", 5, 0)],
    }
    raw = write_raw(tmp_path / "raw", votes, {"1": ("At the @sea  side", "It was a   cold day, see http://a.b")}, agg)
    posts = prepare(open_layout("flickr_emotion", raw), tmp_path / "out")
    assert posts.ids == ["flickr_emotion/2", "flickr_emotion/1"]  # awe is the first file
    row = posts.rows(["flickr_emotion/1"])[0]
    assert (row["title"], row["text"]) == ("At the @USER side", "It was a cold day, see HTTPURL")
    assert [(label["task"], label["value"], label["count"]) for label in row["labels"]] == [
        ("emotion", "awe", 3),
        ("emotion", "fear", 4),
        ("emotion_disagree", "awe", 2),
        ("emotion_disagree", "fear", 1),
        ("emotion_disagree", "sadness", 5),
    ]
    assert posts.classes("emotion") == EMOTIONS
    assert posts.labels("emotion") == {"flickr_emotion/1": 6, "flickr_emotion/2": 2}
    assert posts.picture(row) == raw / "images" / "1.jpg"


def test_counts_of_several_files_of_an_emotion_add_up(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw", {"fear": [("1", 3, 2)], "awe": [("1", 0, 3)]}, {})
    (raw / "fear_more.csv").write_text(f"0,{url('1')},0,2\n")
    posts = prepare(open_layout("flickr_emotion", raw), tmp_path / "out")
    assert posts.column("labels")[0][1] == {"task": "emotion", "value": "fear", "count": 4}


@pytest.mark.parametrize(
    ("agree", "disagree", "cause"),
    [
        ({"fear": 3}, {"fear": 2}, None),
        ({"fear": 3}, {"fear": 3}, "no majority: fear 3 to 3"),
        ({"fear": 0}, {"fear": 5}, "no majority: fear 0 to 5"),
        ({"fear": 3, "awe": 3}, {"fear": 2, "awe": 2}, "tie: fear, awe 3 each"),
        ({"fear": 3, "awe": 3}, {"fear": 2, "awe": 9}, "tie: fear, awe 3 each"),
        ({"fear": 5, "awe": 4}, {"fear": 6, "awe": 1}, "no majority: fear 5 to 6"),
        ({"fear": 5, "awe": 4}, {"fear": 4, "awe": 1}, None),
    ],
)
def test_a_majority_and_more_agreements_than_any_other(agree: dict, disagree: dict, cause: str | None) -> None:
    assert undecided(agree, disagree) == cause


def test_photos_left_out_are_counted_by_cause(tmp_path: Path) -> None:
    votes: Votes = {
        "anger": [("split", 2, 3), ("weak", 3, 2), ("good", 0, 5)],
        "fear": [("split", 2, 3), ("few", 0, 5), ("six", 0, 5), ("spanish", 0, 5), ("french", 0, 5)],
        "awe": [("untold", 0, 5), ("blind", 0, 5), ("four", 1, 3), ("five", 1, 4)],
    }
    texts = {
        "few": ("A walk", "in the park"),
        "six": ("A walk", "in the big park"),
        "spanish": ("Zelda", SPANISH),
        "french": ("", FRENCH),
    }
    raw = write_raw(tmp_path / "raw", votes, texts)
    (raw / "images" / "blind.jpg").unlink()
    lines = (raw / "texts.csv").read_text().splitlines()
    (raw / "texts.csv").write_text("\n".join(line for line in lines if not line.startswith("untold")))
    posts = prepare(open_layout("flickr_emotion", raw), tmp_path / "out")
    assert posts.ids == ["flickr_emotion/good", "flickr_emotion/five", "flickr_emotion/six"]
    assert causes(posts) == {
        "split": "tie: anger, fear 3 each",
        "weak": "no majority: anger 2 to 3",
        "few": "too few words: 5 in title and description",
        "spanish": "other language: es",
        "french": "other language: fr",
        "four": "fewer than 5 workers: 4",
        "untold": "no texts: not in texts.csv",
        "flickr_emotion/blind": "no pictures",
    }
    anything = Options(name="f", language="any", keep_without_pictures=True)
    posts = prepare(open_layout("flickr_emotion", raw, anything), tmp_path / "any")
    assert posts.ids == [f"f/{own}" for own in ("good", "blind", "five", "six", "spanish", "french")]
    spanish = Options(language="es")
    (raw / "texts.csv").write_text(f"photo,title,description\nsix,{SPANISH},{SPANISH}\n")
    assert prepare(open_layout("flickr_emotion", raw, spanish), tmp_path / "es").ids == ["flickr_emotion/six"]


def test_an_empty_or_short_title_is_no_reason_to_drop_an_english_photo(tmp_path: Path) -> None:
    texts = {"1": ("", ENGLISH[1]), "2": ("Zelda", ENGLISH[1]), "3": ("Amor", ENGLISH[1]), "4": (ENGLISH[1], "")}
    raw = write_raw(tmp_path / "raw", {"awe": [(own, 0, 5) for own in texts]}, texts)
    posts = prepare(open_layout("flickr_emotion", raw), tmp_path / "out")
    assert dict(zip(posts.ids, posts.column("title"), strict=True)) == {
        f"flickr_emotion/{own}": title or None for own, (title, _) in texts.items()
    }


def test_workers_are_those_asked_for_the_emotion_with_most_agreements(tmp_path: Path) -> None:
    votes: Votes = {"awe": [("1", 1, 3), ("2", 0, 1)], "fear": [("1", 9, 1), ("2", 0, MIN_WORKERS)]}
    raw = write_raw(tmp_path / "raw", votes, {})
    posts = prepare(open_layout("flickr_emotion", raw), tmp_path / "out")
    assert posts.ids == ["flickr_emotion/2"]
    assert posts.info["dropped"] == {"fewer than 5 workers": 1}


def test_nothing_is_learnt_from_the_disagreements(tmp_path: Path) -> None:
    """The same photos with and without workers who deny have one task, the same classes and the same splits."""
    found = []
    for name, more in (("agreed", 0), ("denied", 4)):
        votes: Votes = {
            "awe": [(f"a{n:02}", more, 5 + n) for n in range(20)],
            "fear": [(f"f{n:02}", more, 30 - n) for n in range(10)],
            "sadness": [("a00", 100 * more, 1)],
        }
        posts = prepare(open_layout("flickr_emotion", write_raw(tmp_path / name, votes, {})), tmp_path / f"{name}_out")
        splits = [posts.split(protocol) for protocol in posts.protocols]
        found.append((posts.info["tasks"], posts.labels("emotion"), class_counts(posts, "emotion"), splits))
        assert any(label["task"] == "emotion_disagree" for label in posts.column("labels")[0]) == bool(more)
    assert found[0] == found[1]
    assert found[0][0] == {"emotion": EMOTIONS}


def test_a_picture_may_have_the_name_it_has_on_flickr(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw", {"awe": [("1", 0, 5)]}, {})
    (raw / "images" / "1.jpg").rename(raw / "images" / "1_38c1ef.jpg")
    posts = prepare(open_layout("flickr_emotion", raw), tmp_path / "out")
    assert posts.column("media")[0][0]["path"] == "images/1_38c1ef.jpg"


def test_faulty_rows_are_listed_with_their_lines(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw", {"awe": [("1", 0, 5)]}, {})
    rows = [b"0,http://f.com/2_a.jpg,0", b"1,http://f.com/2_a.jpg,0,many", b"2,http://f.com/,0,5"]
    rows += [b"3,http://f.com/\xe9_a.jpg,0,5", b"4,http://f.com/2_a.jpg,-1,5"]
    (raw / "agg" / "fear_5.csv").write_bytes(b"\n".join(rows))
    with (raw / "texts.csv").open("ab") as file:
        file.write(b'1,x,Again,"and\nagain"\n3,x,caf\xe9,x\n4,x\n')
    posts = prepare(open_layout("flickr_emotion", raw), tmp_path / "out", max_bad=1)
    assert posts.ids == ["flickr_emotion/1"]
    assert posts.column("title") == [ENGLISH[0]]
    lines = [json.loads(line) for line in (posts.folder / "problems.jsonl").open(encoding="utf-8")]
    assert [(row["file"], row["line"], row["cause"].partition(":")[0]) for row in lines] == [
        *(("agg/fear_5.csv", line, "not as expected") for line in range(1, 6)),
        ("texts.csv", 3, "duplicate texts"),
        ("texts.csv", 5, "not UTF-8"),
        ("texts.csv", 6, "columns"),
    ]


def test_the_most_agreed_tenth_of_each_class_is_the_test_part(tmp_path: Path) -> None:
    votes: Votes = {
        "awe": [(f"a{n:02}", 0, 5 + n // 15) for n in range(20)],
        "fear": [(f"f{n:02}", 0, 9) for n in range(10)] + [("a00", 5, 1)],
    }
    posts = prepare(open_layout("flickr_emotion", write_raw(tmp_path / "raw", votes, {})), tmp_path / "out")
    ours = {part: [post.partition("/")[2] for post in ids] for part, ids in posts.split("paper").items()}
    assert (ours["test"], ours["validation"]) == (["a15", "a16", "f00"], ["a17", "a18", "f01"])
    everywhere = {part: [post.partition("/")[2] for post in ids] for part, ids in posts.split("global").items()}
    assert (everywhere["test"], everywhere["validation"]) == (["f00", "f01", "f02"], ["f03", "f04", "f05"])


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw", {"awe": [("1", 0, 5)]}, {})
    (raw / "texts.csv").write_text("photo,title\n")
    with pytest.raises(ValueError, match=r"texts\.csv, line 1: no column 'description'; there are photo, title"):
        open_layout("flickr_emotion", raw)
    (raw / "texts.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"texts\.csv: not there; columns photo, title, description"):
        open_layout("flickr_emotion", raw)
    (raw / "agg" / "excitement_5.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"excitement\*\.csv: not there, nor in .*agg"):
        open_layout("flickr_emotion", raw)
    with pytest.raises(ValueError, match="no --keep_without_comments; it takes --name, --language, --language_model"):
        open_layout("flickr_emotion", raw, Options(keep_without_comments=True))
