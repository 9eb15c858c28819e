"""Mirrors datamodules/timelines/splits.py."""

import numpy as np
import pytest

from datamodules.timelines.settings import Shares
from datamodules.timelines.splits import (
    TEST,
    TRAIN,
    VALIDATION,
    Content,
    content_keys,
    draw,
    heard_before,
    text_keys,
)


def content(posts: list[tuple[int, int, int]], seed: int = 0, names: str = "") -> Content:
    """Posts of user, picture, text."""
    user, picture, text = np.array(posts).T
    pictures = content_keys([f"{names}{number}.jpg" for number in range(picture.max() + 1)], seed)
    texts = content_keys([f"{names}{number}" for number in range(text.max() + 1)], seed)
    return Content(user, picture, text, pictures, texts)


def shares_of(part: np.ndarray) -> list[int]:
    return np.bincount(part, minlength=3).tolist()


def test_pictures_are_drawn_first_and_then_texts_of_posts_without_one() -> None:
    """1,000 posts: 200 pictures of two posts each, 600 texts without one; 20 % of all 1,000 are drawn from the 600."""
    pictured = [(number % 20, number % 200, number) for number in range(400)]
    bare = [(number % 20, -1, 400 + number) for number in range(600)]
    posts = content(pictured + bare)
    part, moved = draw(posts, Shares())
    assert shares_of(part[:400:1]) == [400 - 80 - 8, 8, 80]  # 20 % and 2 % of the pictures
    assert shares_of(part[400:]) == [600 - 200 - 20, 20, 200]
    assert (part[:200] == part[200:400]).all()  # both posts of a picture
    assert moved == {"users_moved": 0, "posts_moved": 0}


def test_of_few_posts_without_a_picture_all_are_drawn_in_proportion() -> None:
    posts = content([(0, number, number) for number in range(200)] + [(0, -1, 200 + number) for number in range(22)])
    part, _ = draw(posts, Shares())
    assert shares_of(part[200:]) == [0, 2, 20]


def test_posts_that_say_the_same_go_together_and_never_are_more_than_the_share() -> None:
    posts = content([(0, -1, number % 10) for number in range(100)] + [(0, -1, 10)])
    part, _ = draw(posts, Shares())
    assert shares_of(part) == [81, 0, 20]  # 20.2 and 2.02 posts were wanted; a text has ten
    for text in range(10):
        assert len(set(part[:100][posts.text[:100] == text])) == 1


def test_a_text_that_a_picture_has_too_goes_where_the_picture_is() -> None:
    pictured = [(0, number, number) for number in range(100)]
    bare = [(0, -1, number) for number in range(100)] + [(0, -1, 100 + number) for number in range(300)]
    part, _ = draw(content(pictured + bare), Shares())
    assert (part[:100] == part[100:200]).all()
    assert shares_of(part[100:]) == [400 - 100 - 10, 10, 100]  # those that went with pictures count
    torn = content([(0, number, 0) for number in range(50)] + [(0, -1, 0)])
    part, _ = draw(torn, Shares())
    assert part[-1] == TRAIN  # of several parts the earliest


def test_one_post_more_moves_few_others() -> None:
    posts = [(number % 7, number % 100 if number % 3 else -1, number) for number in range(600)]
    before, _ = draw(content(posts), Shares())
    after, _ = draw(content([*posts, (3, 100, 600), (3, -1, 601)]), Shares())
    assert (before != after[:600]).sum() <= 12  # a picture has four posts; three pictures and three texts at the edges
    other, _ = draw(content(posts, seed=1), Shares())
    assert (before != other).sum() > 100


def test_by_texts_of_each_picture_the_shares_of_its_texts_are_drawn() -> None:
    posts = content([(number % 9, number % 2 - 1, number) for number in range(400)] + [(0, 0, -1)])
    part, _ = draw(posts, Shares("texts"))
    for picture in (-1, 0):  # 200 texts each
        assert shares_of(part[:400][posts.picture[:400] == picture]) == [156, 4, 40]
    assert part[400] == TRAIN
    few = content([(0, number // 2, number) for number in range(2000)])
    assert shares_of(draw(few, Shares("texts"))[0]) == pytest.approx([1560, 40, 400], abs=40)  # two texts a picture


def test_by_texts_a_text_belongs_to_the_picture_it_came_with_first() -> None:
    """A hundred texts come with picture 0 first and then with picture 1, where they are not drawn again."""
    posts = content([(0, 0, number) for number in range(100)] + [(0, 1, number) for number in range(100)])
    part, _ = draw(posts, Shares("texts"))
    assert shares_of(part[:100]) == [78, 2, 20]
    assert (part[:100] == part[100:]).all()


def test_some_posts_for_validation_and_none_for_testing() -> None:
    posts = content([(number % 5, number % 250 - 50, number) for number in range(1000)])
    part, _ = draw(posts, Shares(validation_posts=100))
    assert part.max() == VALIDATION
    assert 96 < (part == VALIDATION).sum() <= 100  # pictures have four posts
    for picture in range(200):
        assert len(set(part[posts.picture == picture])) == 1
    with pytest.raises(ValueError, match=r"1,000 posts are too few to draw 501 .* at most 500"):
        draw(posts, Shares(validation_posts=501))


def test_who_has_nothing_in_training_gets_the_smallest_unit_back() -> None:
    """Every picture but one is for testing; user 1 has a picture of three posts and one of two, user 2 shares it."""
    posts = [(0, 0, 0), (1, 1, 1), (1, 1, 2), (2, 1, 3), (1, 2, 4), (2, 2, 5), (-1, 3, 6)]
    keys = np.arange(4, 0, -1).astype(np.uint64)  # the last pictures are drawn
    given = content(posts)._replace(picture_keys=keys)
    part, moved = draw(given, Shares(test=0.75, validation=0))
    assert part.tolist() == [TRAIN, TEST, TEST, TEST, TRAIN, TRAIN, TEST]  # 3 is nobody's
    assert moved == {"users_moved": 1, "posts_moved": 2}  # user 2 is served with user 1


def test_texts_are_heard_in_training_before_test_before_validation() -> None:
    text = np.array([0, 0, 1, 1, 2, 2, 2, -1, -1, 3])
    part = np.array([TRAIN, TEST, TEST, VALIDATION, TRAIN, TEST, VALIDATION, TRAIN, TEST, TEST], np.int8)
    assert np.flatnonzero(heard_before(text, part)).tolist() == [1, 3, 5, 6]
    assert heard_before(text[:0], part[:0]).tolist() == []


def test_keys_are_of_seed_and_content_alone() -> None:
    keys = content_keys(["é", "b", "é"], 3)
    assert keys[0] == keys[2] != keys[1]
    assert content_keys(["é"], 4)[0] != keys[0]
    tokens, lengths = np.array([0, 1, 1, 0, 0], np.int32), np.array([2, 0, 2, 1])
    found = text_keys(tokens, lengths, np.array([0, 2, 3]), keys)
    assert found[0] == found[1] == sum(keys[:2].tolist()) % 2**64
    assert found[2] == keys[0]
