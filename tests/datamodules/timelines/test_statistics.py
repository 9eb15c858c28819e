"""Mirrors datamodules/timelines/statistics.py."""

import numpy as np

from datamodules.timelines.statistics import Columns, interested, table_1

POSTS = [  # user, picture, text, part
    (0, 0, 0, 0), (1, -1, 1, 0), (1, -1, 2, 1),
    (0, 1, 3, 2), (1, 1, 4, 2), (1, 1, 4, 2), (0, -1, 5, 2), (-1, -1, 6, 2), (0, 2, -1, 2),
]  # fmt: skip


def test_table_1_by_hand() -> None:
    table = table_1(Columns(*np.array(POSTS).T), with_pictures=False, pairs=5000)
    assert {name: table[name] for name in ("posts", "images", "unique_images", "captions", "users")} == {
        "posts": 9, "images": 5, "unique_images": 3, "captions": 8, "users": 2
    }  # fmt: skip
    assert table["train"] == {"posts": 2, "images": 1, "unique_images": 1, "captions": 2}
    pairs = {"text_user_pairs": 1, "image_text_pairs": 2, "image_user_pairs": 3}  # equal pairs count once
    assert table["test"] == {"posts": 6, "images": 4, "unique_images": 2, "captions": 5} | pairs
    assert table["validation"]["text_user_pairs"] == 1


def test_texts_with_pictures_ask_too_where_they_should_and_pairs_are_limited() -> None:
    table = table_1(Columns(*np.array(POSTS).T), with_pictures=True, pairs=1)
    assert table["test"]["text_user_pairs"] == 3
    assert table["test"]["image_text_pairs"] == 1


def test_users_are_interested_who_have_the_label_yes() -> None:
    labels = {"ä": {"shoes": "yes", "fashion": "no"}, "b": {"shoes": "yes"}, "c": {"shoes": "yes"}, "d": {"brand": "x"}}
    assert interested(["ä", "b", "d"], labels) == {"shoes": 2}
