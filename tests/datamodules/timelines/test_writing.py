"""Mirrors datamodules/timelines/writing.py: one corpus by hand, and what is refused."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from datamodules.posts import Posts
from datamodules.retrieval_tasks import retrieval_tasks
from datamodules.timelines import Accounts, Pictures, Shares, Texts, Timelines, write_timelines
from encoders.store import FeatureStore, write_features
from encoders.vocabulary import read_counts

MakePosts = Callable[..., Posts]
POSTS = [
    ("zoë", "A dog runs, running @bob http://a.bc :D", "b.png"),
    ("zoë", "dogs #run", "copy.png"),
    ("zoë", "the dog ran!", "b.png"),  # says and shows what the first one did
    ("李", "dogs #run", None),
    ("李", None, "b.png"),
    ("small", "dog", None),
    (None, "dog", "c.png"),
    ("李", "cats run", "c.png"),
    ("empty", "the :)", None),
    ("empty", "and <3", None),
    ("late", "cat dog", None),
    ("late", "dog", "c.png"),
]
PARTS = ["train"] * 7 + ["test"] + ["train"] * 2 + ["validation", "test"]


def written(posts: Posts, folder: Path, **changes: Any) -> Timelines:
    given: dict[str, Any] = {
        "accounts": Accounts(2),
        "texts": Texts(min_count=1),
        "pictures": Pictures(0.95),
        "shares": Shares("prepared", "paper"),
    }
    return write_timelines(posts, folder, **(given | changes))


def said(corpus: Timelines) -> list[str]:
    spans = zip(corpus.offsets[:-1], corpus.offsets[1:], strict=True)
    return [" ".join(corpus.words[word] for word in corpus.tokens[begin:end]) for begin, end in spans]


def contents(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def features(folder: Path) -> FeatureStore:
    vectors = {"b.png": torch.tensor([1.0, 0.0]), "copy.png": torch.tensor([1.0, 0.1]), "c.png": None}
    write_features(folder, list(vectors.items()), torch.stack, (2,), {"made": "by hand"})
    return FeatureStore(folder)


def test_a_small_corpus_is_as_by_hand(make_posts: MakePosts, tmp_path: Path) -> None:
    posts = make_posts(POSTS, PARTS, {"zoë": {"shoes": "yes"}, "李": {"shoes": "no"}, "late": {"shoes": "yes"}})
    corpus = written(posts, tmp_path / "corpus", features=features(tmp_path / "store"))
    assert corpus.users == ["zoë", "李"]
    assert corpus.pictures == ["b.png", "c.png"]
    assert corpus.words == ["<pad>", "dog", "#run", "run"]
    assert corpus.ids == ["p/0", "p/1", "p/3", "p/4", "p/7", "p/10", "p/11"]
    assert said(corpus) == ["dog run run", "dog #run", "dog #run", "", "run", "dog", "dog"]
    assert corpus.user.tolist() == [0, 0, 1, 1, 1, -1, -1]
    assert corpus.picture.tolist() == [0, 0, -1, 0, 1, -1, 1]
    assert corpus.text.tolist() == [0, 1, 1, -1, 2, 3, 3]
    assert corpus.part.tolist() == ["train"] * 4 + ["test", "validation", "test"]
    assert corpus.rows("test").tolist() == [4, 6]
    assert pq.read_table(corpus.folder / "users.parquet")["posts"].to_pylist() == [2, 2]
    np.testing.assert_array_equal(read_counts(corpus.folder), [0, 3, 2, 2])
    tables = {"users.parquet", "pictures.parquet", "words.parquet", "posts.parquet"}
    assert {path.name for path in corpus.folder.iterdir()} == tables | {"tokens.npy", "offsets.npy", "corpus.json"}


def test_the_corpus_says_what_was_dropped_and_why(make_posts: MakePosts, tmp_path: Path) -> None:
    posts = make_posts(POSTS, PARTS, {"zoë": {"shoes": "yes"}, "李": {"shoes": "no"}, "late": {"shoes": "yes"}})
    info = written(posts, tmp_path / "corpus", features=features(tmp_path / "store")).info
    assert info["read"] == {"posts": 12, "users": 5, "users_taken": 4}
    assert info["dropped"] == {
        "small_account": 1, "no_account": 1, "empty": 2, "duplicate": 1, "near_duplicate": 0, "outside_split": 0,
        "unknown_words_only": 0,
    }  # fmt: skip
    assert info["counts"] == {
        "users_without_posts": 1, "users_without_training": 1, "texts_of_unknown_words": 0,
        "texts_in_several_parts": 1, "pictures_in_several_parts": 0, "pictures_without_features": 1,
        "files_of_one_picture_at_most": 2,
    }  # fmt: skip
    table = info["statistics"]
    assert (table["posts"], table["images"], table["captions"], table["users"]) == (7, 5, 6, 2)
    assert table["interested"] == {"shoes": 1}
    assert table["test"]["image_user_pairs"] == 1
    assert info["text_queries"] == "without_picture"


def test_what_a_killed_run_left_goes(make_posts: MakePosts, tmp_path: Path) -> None:
    left = tmp_path / "corpus" / ".tokens.npy.0123abcd.tmp"
    left.parent.mkdir()
    left.write_bytes(b"half")
    written(make_posts(POSTS, PARTS), tmp_path / "corpus")
    assert not left.exists()


def test_without_features_each_file_is_a_picture(make_posts: MakePosts, tmp_path: Path) -> None:
    corpus = written(make_posts(POSTS, PARTS), tmp_path / "corpus")
    assert corpus.pictures == ["b.png", "copy.png", "c.png"]
    assert "pictures_without_features" not in corpus.info["counts"]


def test_captions_of_one_picture_are_posts_of_nobody(make_posts: MakePosts, tmp_path: Path) -> None:
    """As `prepare flickr8k --as_descriptions` leaves them."""
    five = ["a dog", "the dog", "two cats", "a cat", "dogs"]
    rows = [{"media": [{"path": f"{number}.jpg", "kind": "image", "descriptions": five}]} for number in range(3)]
    posts = make_posts(rows, ["train", "test", None])
    corpus = written(posts, tmp_path / "corpus", accounts=Accounts(0), texts=Texts(max_overlap=2, min_count=1))
    assert corpus.ids == ["p/0"] * 5 + ["p/1"] * 5
    assert len(set(corpus.text.tolist())) == 10  # all five count, also those that say the same
    assert (corpus.users, corpus.user.tolist()) == ([], [-1] * 10)
    assert corpus.info["text_queries"] == "all"
    assert corpus.info["statistics"]["test"]["image_text_pairs"] == 5


def test_the_paper_s_shares_of_a_drawn_corpus(make_posts: MakePosts, tmp_path: Path) -> None:
    rows = [(f"u{n % 10}", f"word{n} more{n}", f"{n}.png" if n % 5 == 0 else None) for n in range(1000)]
    corpus = written(make_posts(rows), tmp_path / "corpus", accounts=Accounts(), shares=Shares())
    table = corpus.info["statistics"]
    assert (table["test"]["images"], table["validation"]["images"], table["train"]["images"]) == (40, 4, 156)
    # words that only test posts have are unknown: 200 and 20 texts without a picture are drawn and leave
    assert corpus.info["dropped"]["unknown_words_only"] == 220
    assert table["train"]["posts"] == 1000 - 44 - 220
    again = written(make_posts(rows, name="again"), tmp_path / "other", accounts=Accounts(), shares=Shares(), seed=1)
    assert set(again.rows("test")) != set(corpus.rows("test"))


def test_with_a_number_of_validation_posts_all_texts_ask(make_posts: MakePosts, tmp_path: Path) -> None:
    """Nearly all of Instagram's posts have a picture; the few others would be hardly a question."""
    rows = [(f"u{n % 10}", f"word{n % 90} more{n % 80}", f"{n}.png" if n else None) for n in range(400)]
    shares = Shares(validation_posts=50)
    corpus = written(
        make_posts(rows), tmp_path / "corpus", accounts=Accounts(), shares=shares, texts=Texts(min_count=1)
    )
    assert corpus.info["text_queries"] == "all"
    asked = retrieval_tasks(corpus, "validation", ["text_user"], lambda pictures: pictures.astype(np.int64))
    assert len(asked.tasks[0].queries) > 25


def test_a_finished_folder_is_opened_and_another_is_refused(make_posts: MakePosts, tmp_path: Path) -> None:
    posts = make_posts(POSTS, PARTS)
    written(posts, tmp_path / "corpus")
    before = contents(tmp_path / "corpus")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "corpus").iterdir()}
    assert written(posts, tmp_path / "corpus").users == ["zoë", "李"]
    assert times == {path: path.stat().st_mtime_ns for path in (tmp_path / "corpus").iterdir()}
    for changes in ({"texts": Texts()}, {"seed": 1}, {"accounts": Accounts(1)}, {"pictures": Pictures(0.5)}):
        with pytest.raises(FileExistsError, match="is there already, from other posts"):
            written(posts, tmp_path / "corpus", **changes)
    assert contents(tmp_path / "corpus") == before
    written(posts, tmp_path / "second")
    assert contents(tmp_path / "second") == before


def test_the_folder_of_the_posts_is_refused(make_posts: MakePosts) -> None:
    posts = make_posts(POSTS, PARTS)
    with pytest.raises(FileExistsError, match="holds the prepared posts"):
        written(posts, posts.folder)


def test_an_unfinished_folder_is_written_anew(make_posts: MakePosts, tmp_path: Path) -> None:
    posts = make_posts(POSTS, PARTS)
    written(posts, tmp_path / "corpus")
    before = contents(tmp_path / "corpus")
    os.unlink(tmp_path / "corpus" / "corpus.json")
    (tmp_path / "corpus" / "tokens.npy").write_bytes(b"")
    with pytest.raises(FileNotFoundError):
        Timelines(tmp_path / "corpus")
    written(posts, tmp_path / "corpus")
    assert contents(tmp_path / "corpus") == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"accounts": Accounts(9)}, "none of 5 users has 9 posts .min_posts.; take fewer, or 0 for posts without"),
        ({"shares": Shares("prepared", "paperr")}, r"no split 'paperr'; there are \['paper'\]"),
        ({"texts": Texts(min_count=50)}, "no word occurs 50 times"),
        ({"shares": Shares(validation_posts=500)}, "7 posts are too few to draw 500"),
    ],
)
def test_what_cannot_be_written_leaves_no_corpus(
    make_posts: MakePosts, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        written(make_posts(POSTS, PARTS), tmp_path / "corpus", **changes)
    assert not (tmp_path / "corpus" / "corpus.json").exists()


def test_no_posts_at_all_are_an_error(make_posts: MakePosts, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="posts: no posts"):
        written(make_posts([]), tmp_path / "corpus", accounts=Accounts(0), shares=Shares())


def test_what_the_corpus_holds_is_told(
    make_posts: MakePosts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(make_posts(POSTS, PARTS), tmp_path / "corpus")
    lines = [line.partition("corpus: ")[2] for line in capsys.readouterr().out.splitlines()]
    assert lines[0].startswith("posts read: 12 of 12")
    assert lines[1] == "train: 4 posts, 3 with a text, 3 with a picture (2 distinct)"
    assert lines[4] == "2 users with posts in training"
    assert lines[5] == "dropped: duplicate 1, empty 2, no account 1, small account 1"
    shown: list[str] = []
    written(
        make_posts(POSTS, PARTS, name="more"), tmp_path / "b", progress=lambda what: shown.append(what) or print_not
    )
    assert [what.rpartition(": ")[2] for what in shown] == ["posts read", "pictures compared"]
    assert capsys.readouterr().out == ""


def print_not(done: int, total: int) -> None:
    assert done <= total


def test_settings_are_in_the_corpus(make_posts: MakePosts, tmp_path: Path) -> None:
    corpus = written(make_posts(POSTS, PARTS), tmp_path / "corpus", seed=3)
    kept = json.loads((corpus.folder / "corpus.json").read_text("utf-8"))["settings"]
    assert (kept["seed"], kept["shares"]["pairs"], kept["accounts"]) == (3, 5000, {"min_posts": 2})
    assert kept["texts"]["max_overlap"] == 0.9
