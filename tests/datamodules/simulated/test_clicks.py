"""Mirrors datamodules/simulated/clicks.py."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from datamodules.simulated.clicks import Query, draw_annotations, draw_clicks, draw_queries
from datamodules.simulated.pin_words import BOARDS, Meaning, meanings, names
from datamodules.simulated.pins import Pin

MEANINGS = meanings()


@pytest.fixture(scope="module")
def clicks(pins: list[Pin]) -> list[dict[str, Any]]:
    return draw_clicks(0, pins)


@pytest.fixture(scope="module")
def queries() -> list[Query]:
    return draw_queries(np.random.default_rng(0), 300)


def test_a_seed_gives_the_same_clicks(pins: list[Pin], clicks: list[dict[str, Any]]) -> None:
    assert draw_clicks(0, pins) == clicks
    assert draw_clicks(1, pins) != clicks


def test_each_of_300_queries_finds_40_pins_that_have_pictures(pins: list[Pin], clicks: list[dict[str, Any]]) -> None:
    assert set(Counter(row["query"] for row in clicks).values()) == {40}
    assert len({row["query"] for row in clicks}) == 300
    assert len({(row["query"], row["item"]) for row in clicks}) == len(clicks)
    assert {row["item"] for row in clicks} <= {pin.image for pin in pins if pin.pictured}


def test_queries_mean_what_their_words_mean(queries: list[Query]) -> None:
    assert {len(query.phrase.split()) for query in queries} == {1, 2}
    for query in queries:
        assert set(query.meant) == {MEANINGS[word] for word in query.phrase.split()}
        assert len({meaning.cause for meaning in query.meant}) == len(query.meant)
    assert {meaning.cause for query in queries for meaning in query.meant} == {"scene", "theme", "weather"}


def test_the_words_of_a_query_are_of_one_board(queries: list[Query]) -> None:
    for query in queries:
        said = [{b for b in range(len(BOARDS)) if word in names(MEANINGS[word], b)} for word in query.phrase.split()]
        assert set.intersection(*said)


def test_annotations_are_one_or_two_words_of_one_description(pins: list[Pin]) -> None:
    rng = np.random.default_rng(0)
    sizes: Counter[int] = Counter()
    for pin in pins:
        found = draw_annotations(rng, pin)
        assert len(set(found)) == len(found) <= 8
        for phrase in found:
            words = phrase.split()
            sizes[len(words)] += 1
            assert any(set(words) <= set(description.words) for description in pin.descriptions)
    assert set(sizes) == {1, 2}
    assert sizes[1] > 3 * sizes[2] > 0


def test_a_pin_whose_descriptions_mean_nothing_has_no_annotations(pins: list[Pin]) -> None:
    mute = pins[0]._replace(descriptions=tuple(each._replace(words=()) for each in pins[0].descriptions))
    assert draw_annotations(np.random.default_rng(0), mute) == []


def test_clicks_follow_what_was_meant(pins: list[Pin], clicks: list[dict[str, Any]]) -> None:
    about = {pin.image: pin.about for pin in pins}
    clicked: dict[int, list[int]] = {1: [], 2: []}  # causes that are right, of the two that were meant
    for row in clicks:
        meant = {MEANINGS[word] for word in row["query"].split()}
        right = len(meant & set(about[row["item"]]))
        if len(meant) == 2 and right:
            clicked[right].append(row["clicks"])
    assert np.mean(clicked[2]) > 1.4 * np.mean(clicked[1]) > 0


def test_a_scene_counts_more_than_a_theme_and_a_theme_more_than_a_weather(
    pins: list[Pin], clicks: list[dict[str, Any]]
) -> None:
    about = {pin.image: pin.about for pin in pins}
    half: dict[tuple[str, str], list[int]] = {}  # causes that are right and wrong -> clicks
    for row in clicks:
        meant = {MEANINGS[word] for word in row["query"].split()}
        right = [meaning for meaning in meant if meaning in about[row["item"]]]
        if len(meant) == 2 and len(right) == 1:
            wrong = next(iter(meant - set(right)))
            half.setdefault((right[0].cause, wrong.cause), []).append(row["clicks"])
    for more, less in (("scene", "theme"), ("theme", "weather")):
        assert np.mean(half[more, less]) > np.mean(half[less, more])


def test_some_pins_are_clicked_far_more_than_others_that_match_alike(clicks: list[dict[str, Any]]) -> None:
    counts = np.array([row["clicks"] for row in clicks])
    assert np.percentile(counts, 99) > 4 * counts.mean()
    assert 0.1 < (counts == 0).mean() < 0.6


def test_fewer_queries_may_be_asked(pins: list[Pin]) -> None:
    rows = draw_clicks(0, pins[:10], queries=3)
    assert len({row["query"] for row in rows}) == 3
    assert len(rows) == 3 * sum(pin.pictured for pin in pins[:10])


def test_a_query_for_a_scene_finds_it_mostly(pins: list[Pin], clicks: list[dict[str, Any]]) -> None:
    about = {pin.image: pin.about for pin in pins}
    rows = [row for row in clicks if MEANINGS.get(row["query"], Meaning("", "")).cause == "scene"]
    assert np.mean([MEANINGS[row["query"]] in about[row["item"]] for row in rows]) > 0.8
