"""Mirrors datamodules/timelines/arranging.py: what the parts may not share, whatever was posted."""

from contextlib import suppress
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from datamodules.timelines.arranging import Arranged, arrange
from datamodules.timelines.reading import Entries
from datamodules.timelines.settings import Shares, Texts
from datamodules.timelines.splits import OUTSIDE, TEST, TRAIN, VALIDATION

LONG = "a b c d e f g h i j k"  # eleven words; with one more or fewer a near-duplicate at 0.9
Given = tuple[int, int, str]  # user, path, words


def entries(posts: list[Given]) -> Entries:
    words = sorted({word for *_, said in posts for word in said.split()})
    paths = [f"{number}.jpg" for number in range(max((path for _, path, _ in posts), default=-1) + 1)]
    return Entries(
        row=np.arange(len(posts)),
        user=np.array([user for user, *_ in posts], np.int32),
        picture=np.array([path for _, path, _ in posts], np.int32),
        lengths=np.array([len(said.split()) for *_, said in posts], np.int32),
        tokens=np.array([words.index(word) for *_, said in posts for word in said.split()], np.int32),
        users=[f"u{number}" for number in range(max((user for user, *_ in posts), default=-1) + 1)],
        paths=pa.array(paths, pa.string()),
        words=pa.array(words, pa.string()),
    )


def arranged(
    posts: list[Given], part: list[int] | None = None, same: list[int] | None = None, **texts: float
) -> Arranged:
    found = entries(posts)
    merged = np.arange(len(found.paths)) if same is None else np.array(same)
    prepared = None if part is None else np.array(part, np.int8)
    shares = Shares() if part is None else Shares("prepared", "paper")
    return arrange(found, merged, Texts(**({"min_count": 1} | texts)), shares, prepared=prepared)


def said(found: Arranged) -> list[str]:
    words = ["<pad>", *found.vocabulary.words]
    ends = np.cumsum(found.lengths)
    return [
        " ".join(words[token] for token in found.tokens[end - length : end])
        for end, length in zip(ends, found.lengths, strict=True)
    ]


def test_empty_equal_and_nearly_equal_posts_of_a_user_go() -> None:
    posts = [
        (0, -1, LONG),
        (0, -1, "k " + LONG[:-2]),
        (0, -1, LONG[:-2]),
        (1, -1, LONG[:-2]),
        (0, -1, ""),
        (0, 0, LONG),
    ]
    found = arranged(posts, [TRAIN] * 6)
    assert found.row.tolist() == [0, 3, 5]
    assert found.text.tolist() == [0, 0, 0]  # one identity over users
    assert {name: count for name, count in found.dropped.items() if count} == {
        "duplicate": 1, "near_duplicate": 1, "empty": 1
    }  # fmt: skip


def test_above_one_every_text_is_one_of_its_own_but_users_still_do_not_repeat_themselves() -> None:
    posts = [(-1, 0, "dog"), (-1, 0, "dog"), (1, 0, "dog"), (1, 0, "dog")]
    found = arranged(posts, [TRAIN, TEST, TRAIN, TRAIN], max_overlap=1.1)
    assert found.row.tolist() == [0, 1, 2]
    assert found.text.tolist() == [0, 1, 2]


def test_posts_of_near_duplicate_pictures_count_as_such_and_many_files_of_one_are_told() -> None:
    posts = [(0, 0, "a"), (0, 0, "a"), (0, 1, "a"), (0, 2, "a"), (0, 3, "a")]
    found = arranged(posts, [TRAIN] * 5, same=[0, 0, 0, 3])
    assert (found.dropped["duplicate"], found.dropped["near_duplicate"]) == (1, 2)
    assert found.counts["files_of_one_picture_at_most"] == 3


def test_near_duplicate_pictures_have_the_number_and_path_of_the_first() -> None:
    found = arranged([(0, 2, "a"), (0, 1, "b"), (0, 0, "c"), (1, 2, "a"), (0, 1, "a")], [TRAIN] * 5, same=[0, 1, 0])
    assert found.picture.tolist() == [0, 1, 0, 0, 1]
    assert found.paths.to_pylist() == ["0.jpg", "1.jpg"]


def test_unknown_words_leave_posts_and_posts_without_words_or_picture_leave_the_corpus() -> None:
    posts = [(0, -1, "dog cat"), (0, -1, "dog"), (0, -1, "cat"), (0, -1, "rare"), (0, 0, "seldom"), (1, -1, "dog odd")]
    found = arranged(posts, [TRAIN] * 5 + [TEST], min_count=2)
    assert said(found) == ["dog cat", "dog", "cat", "", "dog"]
    assert found.row.tolist() == [0, 1, 2, 4, 5]
    assert found.text.tolist() == [0, 1, 2, -1, 1]  # without its unknown word the last one says what the second says
    assert found.dropped["unknown_words_only"] == 1
    assert found.counts["texts_of_unknown_words"] == 2


def test_users_without_training_posts_have_no_number() -> None:
    posts = [(0, -1, "x y"), (1, -1, "y x z"), (2, -1, "z"), (2, -1, "x"), (3, -1, "")]
    found = arranged(posts, [TEST, TRAIN, TRAIN, VALIDATION, TRAIN])
    assert found.users == ["u1", "u2"]
    assert found.user.tolist() == [-1, 0, 1, 1]
    assert (found.counts["users_without_posts"], found.counts["users_without_training"]) == (1, 1)


def test_a_prepared_split_is_taken_as_it_is_and_its_copies_are_counted() -> None:
    found = arranged([(0, 0, "x"), (1, 0, "x"), (2, 1, "x y"), (3, 1, "y")], [TRAIN, TEST, OUTSIDE, TRAIN])
    assert found.part.tolist() == [TRAIN, TEST, TRAIN]
    assert (found.counts["texts_in_several_parts"], found.counts["pictures_in_several_parts"]) == (1, 1)
    assert found.dropped["outside_split"] == 1


def test_a_text_that_training_has_leaves_the_posts_of_other_parts() -> None:
    """Pictures of all parts say "same", and so do drawn texts without the word that only they have."""
    posts = [(user % 5, user, "same") for user in range(50)] + [(user % 5, -1, f"same w{user}") for user in range(50)]
    found = arranged(posts)
    drawn = found.part != TRAIN
    assert found.picture[drawn].tolist() == found.picture[drawn].clip(0).tolist()  # those without a picture have left
    assert drawn.sum() == 10 + 1
    assert set(np.array(said(found))[drawn]) == {""}
    assert found.dropped["text_in_training"] == 20 + 2
    assert found.counts["texts_in_several_parts"] == 11 + 22
    assert (~drawn).sum() == 100 - 11 - 22


def test_nothing_to_learn_from_is_an_error() -> None:
    with pytest.raises(ValueError, match="no post is left to learn from"):
        arranged([(0, 0, "")], [TEST])


TEXT = st.one_of(
    st.lists(st.sampled_from("abcdx"), max_size=3).map(" ".join),
    st.lists(st.sampled_from(LONG.split()), min_size=9, max_size=13).map(" ".join),
    st.sampled_from([LONG, LONG[:-2], LONG + " x", LONG + " x y", LONG[2:], LONG[2:-2]]),
)
POSTS = st.lists(st.tuples(st.integers(-1, 5), st.integers(-1, 6), TEXT), min_size=1, max_size=40)
SHARES = st.sampled_from([Shares(test=0.4, validation=0.2), Shares("texts", test=0.4, validation=0.2)])


@settings(max_examples=200, deadline=None)
@given(POSTS, SHARES, st.integers(0, 3), st.integers(1, 2))
def test_no_picture_and_no_near_duplicate_text_is_in_two_parts(
    posts: list[Given], shares: Shares, seed: int, min_count: int
) -> None:
    given = entries(posts)
    paths = np.arange(len(given.paths))
    same = np.where(paths < 3, 0, paths)  # the first three are near-duplicates
    found = None
    with suppress(ValueError):  # no word occurs often enough, or there are only empty posts
        found = arrange(given, same, Texts(min_count=min_count), shares, seed)
    assume(found is not None)
    if shares.by == "pictures":
        for picture in set(found.picture[found.picture >= 0].tolist()):
            assert len(set(found.part[found.picture == picture].tolist())) == 1
    words = [set(text.split()) for text in said(found)]
    for one, other in combinations(np.flatnonzero(found.text >= 0).tolist(), 2):
        if len(words[one] & words[other]) / len(words[one] | words[other]) >= 0.9:
            assert found.text[one] == found.text[other]
        if found.text[one] == found.text[other]:
            assert found.part[one] == found.part[other]
    trained = set(found.user[found.part == TRAIN].tolist()) - {-1}
    assert trained == set(range(len(found.users)))
    assert ((found.text >= 0) == (found.lengths > 0)).all()
    assert ((found.text >= 0) | (found.picture >= 0)).all()
    if min_count == 1:  # no training post loses its words, so that whoever has posts has some there
        assert found.counts["users_without_training"] == 0
