"""Mirrors datamodules/simulated/emotion_posts.py."""

import re

import numpy as np
import pytest

from datamodules.simulated.emotion_posts import Photo, Submission, draw_photos, draw_submissions


@pytest.fixture(scope="module")
def submissions() -> list[Submission]:
    return list(draw_submissions(0, 60))


@pytest.fixture(scope="module")
def photos() -> list[Photo]:
    return list(draw_photos(0, 60))


def test_a_count_changes_no_post(submissions: list[Submission], photos: list[Photo]) -> None:
    for ours, theirs in zip(draw_submissions(0, 20), submissions, strict=False):
        assert ours == theirs
    for ours, theirs in zip(draw_photos(0, 20), photos, strict=False):
        assert ours == theirs


def test_another_seed_gives_other_posts(submissions: list[Submission], photos: list[Photo]) -> None:
    ours = [post.title for post in [*draw_submissions(1, 60), *draw_photos(1, 60)]]
    assert not set(ours) & {post.title for post in [*submissions, *photos]}


def test_no_two_posts_of_a_set_share_a_title() -> None:
    for draw in (draw_submissions, draw_photos):
        titles = [post.title for post in draw(0, 400)]
        assert len(set(titles)) == len(titles)


def test_every_picture_that_is_shown_is_drawn(submissions: list[Submission], photos: list[Photo]) -> None:
    assert [len(post.pictures) for post in submissions] == [len(post.feeling.shown) for post in submissions]
    assert max(len(post.pictures) for post in submissions) > 1
    pictures = [picture for post in submissions for picture in post.pictures] + [post.picture for post in photos]
    assert len({np.asarray(picture).tobytes() for picture in pictures}) == len(pictures)
    assert {picture.size for picture in pictures} == {(64, 64)}


def test_an_address_holds_the_photos_number(photos: list[Photo]) -> None:
    for post in photos:
        pattern = rf"https://farm1\.example\.org/\d{{4}}/{post.feeling.number}_[0-9a-f]{{10}}\.jpg"
        assert re.fullmatch(pattern, post.url)
