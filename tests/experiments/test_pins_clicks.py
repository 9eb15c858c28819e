"""Mirrors experiments/pins_clicks.py and pin_figures.py."""

import json
from pathlib import Path

import pytest
from PIL import Image

from datamodules.triplets import Rules, build, read_clicks
from experiments.pin_figures import Pin, clicks_figure, pins_figure
from experiments.pins_clicks import Item, Query, Ranked, read_query

LOG = [
    ("Birthday cakes", "a.jpg", ["cake", "Candles", "party"], 2),
    ("birthday cakes", "b.jpg", ["candles"], 3),
    ("birthday  cakes!", "a.jpg", ["candles", "balloons"], 4),  # the same query and item again
    ("birthday cakes", "c.jpg", ["unseen"], 0),
    ("ladders", "d.jpg", ["tools"], 1),
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    names = ("query", "item", "annotations", "clicks")
    lines = [json.dumps(dict(zip(names, line, strict=True))) for line in LOG]
    path = tmp_path / "clicks.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_query_is_followed_from_clicks_to_positives(log: Path) -> None:
    found = read_query(log, Rules(), "Birthday Cakes", seed=0)
    assert found.text == "birthday cakes"
    assert found.items == [Item("a.jpg", ["cake", "candles", "party", "balloons"], 6), Item("b.jpg", ["candles"], 3)]
    # candles 2 + 3 + 4, balloons 4, cake 2, party 2; cake is cakes
    ranks = [("candles", 9, False), ("balloons", 4, False), ("cake", 2, True), ("party", 2, False)]
    assert found.ranked == [Ranked(*each) for each in ranks]
    assert found.positives == ["candles", "balloons", "party"]


def test_the_positives_are_those_of_the_triplets(log: Path, tmp_path: Path) -> None:
    rules = Rules(top=3)
    triplets = build(read_clicks(log, tmp_path / "problems.jsonl"), rules).triplets
    positives = [positive for base, positive, _ in triplets.rows() if base == "birthday cakes"]
    assert read_query(log, rules, "birthday cakes", seed=0).positives == positives == ["candles", "balloons"]


def test_a_drawn_query_is_one_with_phrases_struck_out_and_enough_left(log: Path) -> None:
    assert {read_query(log, Rules(), None, seed).text for seed in range(5)} == {"birthday cakes"}


def test_a_query_that_nobody_clicked_for_is_named(log: Path) -> None:
    with pytest.raises(ValueError, match=r"clicks.jsonl: nobody clicked on a result of 'tulips'"):
        read_query(log, Rules(), "tulips", seed=0)
    with pytest.raises(ValueError, match="no annotation has 10 clicks or more"):
        read_query(log, Rules(min_clicks=10), None, seed=0)


def test_both_pictures_show_their_words_and_say_what_picture_is_missing(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.jpg")
    ranked = [Ranked("candles", 9, False), Ranked("cake", 2, True)]
    query = Query("cakes", [Item("a.jpg", ["candles"], 6), Item("gone.jpg", [], 1), Item("b.jpg", [], 1)], ranked)
    shown = words_of(clicks_figure(query, 2, tmp_path))
    assert {"query: cakes", "6 clicks", "1 click", "candles", "cake", "9"} <= set(shown)
    assert "1. clicked results, with their annotations (1 more)" in shown
    assert any("no such picture" in " ".join(text.split()) for text in shown)
    pin = Pin(tmp_path / "a.jpg", ["a red field", "a description so long that it takes more than one line of a column"])
    texts = words_of(pins_figure([pin] * 4))
    assert texts.count("a red field") == 4
    assert texts.count("•") == 8


def words_of(figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]
