"""Mirrors datamodules/timelines/reading.py."""

from collections.abc import Callable

import numpy as np

from datamodules.posts import Posts
from datamodules.timelines.reading import Entries, read
from datamodules.timelines.settings import Accounts, Texts
from datamodules.timelines.texts import TextPipeline

MakePosts = Callable[..., Posts]
PIPELINE = TextPipeline(Texts())


def told(entries: Entries) -> list[tuple[int, str | None, str | None, str]]:
    """Row, user, path and words of each entry."""
    ends = np.cumsum(entries.lengths)
    words = [entries.words[int(token)].as_py() for token in entries.tokens]
    return [
        (
            int(row),
            entries.users[user] if user >= 0 else None,
            entries.paths[int(path)].as_py() if path >= 0 else None,
            " ".join(words[end - length : end]),
        )
        for row, user, path, end, length in zip(
            entries.row, entries.user, entries.picture, ends, entries.lengths, strict=True
        )
    ]


def test_accounts_with_enough_posts_before_cleaning_are_read(make_posts: MakePosts) -> None:
    posts = [("ä", "a dog", None), ("b", "cat", None), (None, "fox", "x.jpg"), ("ä", "the", None)]
    shown = []
    entries, found, dropped = read(make_posts(posts), Accounts(2), PIPELINE, lambda *now: shown.append(now))
    assert told(entries) == [(0, "ä", None, "dog"), (3, "ä", None, "")]
    assert found == {"posts": 4, "users": 2, "users_taken": 1}
    assert dropped == {"small_account": 1, "no_account": 1}
    assert shown == [(4, 4)]


def test_posts_of_nobody_are_read_where_no_account_is_needed(make_posts: MakePosts) -> None:
    posts = [(None, "fox", "x.jpg"), ("b", "cat", None)]
    entries, _, dropped = read(make_posts(posts), Accounts(0), PIPELINE, lambda *_: None)
    assert told(entries) == [(0, None, "x.jpg", "fox"), (1, "b", None, "cat")]
    assert not any(dropped.values())


def test_descriptions_are_posts_of_their_picture(make_posts: MakePosts) -> None:
    def media(*said: str, path: str | None = "1.jpg", kind: str = "image") -> dict:
        return {"path": path, "kind": kind, "descriptions": list(said)}

    posts = [
        {"media": [media("a dog", "", "two dogs"), media("cat", path=None)]},
        {"text": "own words", "media": [media(path=None), media("fox", path="2.jpg")]},
        {"text": " ", "media": [media("film", path="3.mp4", kind="video")]},
        {"text": None, "media": [media(path="4.jpg"), media(path="5.jpg")]},
        {"text": None, "media": None},
    ]
    entries, _, _ = read(make_posts(posts), Accounts(0), PIPELINE, lambda *_: None)
    assert told(entries) == [
        (0, None, "1.jpg", "dog"), (0, None, "1.jpg", ""), (0, None, "1.jpg", "dog"), (0, None, None, "cat"),
        (1, None, "2.jpg", "word"), (1, None, "2.jpg", "fox"),
        (2, None, None, "film"),
        (3, None, "4.jpg", ""),
        (4, None, None, ""),
    ]  # fmt: skip


def test_words_and_paths_of_all_batches_have_one_numbering(make_posts: MakePosts) -> None:
    posts = [("u", f"word{number % 3} dog", f"{number % 2}.jpg") for number in range(25_000)]
    entries, _, _ = read(make_posts(posts), Accounts(), PIPELINE, lambda *_: None)
    assert sorted(entries.words.to_pylist()) == ["dog", "word0", "word1", "word2"]
    assert entries.paths.to_pylist() == ["0.jpg", "1.jpg"]
    assert told(entries.keep(np.arange(25_000) % 12_000 == 1)) == [
        (1, "u", "1.jpg", "word1 dog"), (12_001, "u", "1.jpg", "word1 dog"), (24_001, "u", "1.jpg", "word1 dog")
    ]  # fmt: skip


def test_some_of_the_words_are_kept_of_all_posts(make_posts: MakePosts) -> None:
    posts = [("u", "dog cat", None), ("u", "cat", None), ("u", "fox dog", None)]
    entries, _, _ = read(make_posts(posts), Accounts(0), PIPELINE, lambda *_: None)
    cat = entries.words.to_pylist().index("cat")
    assert [words for *_, words in told(entries.only(entries.tokens != cat))] == ["dog", "", "fox dog"]


def test_no_posts_are_read_as_none(make_posts: MakePosts) -> None:
    entries, found, _ = read(make_posts([]), Accounts(0), PIPELINE, lambda *_: None)
    assert told(entries) == []
    assert found["posts"] == 0
