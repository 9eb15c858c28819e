"""Mirrors datamodules/simulated/votes.py."""

import csv
import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from datamodules.simulated.clicks import draw_clicks
from datamodules.simulated.pin_layouts import write_clicks
from datamodules.simulated.pin_words import Meaning, meanings
from datamodules.simulated.pins import Pin
from datamodules.simulated.votes import judge, load_meanings, simulate_votes
from datamodules.triplets import Rules, build, kept_by_vote, read_clicks, write_sheet

SMALL = {
    "oak": Meaning("scene", "wood"),
    "elm": Meaning("scene", "wood"),
    "surf": Meaning("scene", "sea"),
    "cake": Meaning("theme", "baking"),
    "bread": Meaning("theme", "baking"),
    "fog": Meaning("weather", "grey"),
}


def most(base: str, first: str, second: str) -> str:
    """What most seeds' annotators would answer: what they know beyond pins differs by seed."""
    return Counter(judge(base, first, second, SMALL, seed) for seed in range(200)).most_common(1)[0][0]


@pytest.mark.parametrize(
    ("base", "first", "second", "answer"),
    [
        ("oak", "elm", "surf", "A"),
        ("oak", "surf", "elm", "B"),
        ("oak cake", "elm", "bread", "both"),
        ("oak cake", "elm", "elm bread", "B"),  # two causes against one
        ("oak", "surf", "cake", "neither"),
        ("bread", "Cake", "unheard", "A"),
        ("unheard", "of", "words", "neither"),
    ],
)
def test_words_of_one_scene_theme_or_weather_are_related(base: str, first: str, second: str, answer: str) -> None:
    assert most(base, first, second) == answer


def test_annotators_relate_a_few_pairs_that_no_pin_relates() -> None:
    answers = Counter(judge("oak", "cake", "fog", SMALL, seed) for seed in range(2000))
    assert 0.11 < 1 - answers["neither"] / 2000 < 0.2  # 1 - 0.92 ** 2
    assert 0.7 < answers["A"] / answers["B"] < 1.4


def test_a_relation_holds_both_ways() -> None:
    for seed in range(100):
        ours = judge("oak", "cake", "unheard", SMALL, seed) in ("A", "both")
        theirs = judge("cake", "oak", "of", SMALL, seed) in ("A", "both")
        assert ours == theirs


def test_three_to_five_different_annotators_judge_each_triplet() -> None:
    triplets = [(str(place), "oak", "elm", "surf") for place in range(2000)]
    asked = defaultdict(list)
    for vote in simulate_votes(triplets, SMALL, 0):
        asked[vote.id].append(vote.annotator)
    assert set(asked) == set(map(str, range(2000)))
    assert all(len(set(who)) == len(who) for who in asked.values())
    shares = Counter(len(who) for who in asked.values())
    assert set(shares) == {3, 4, 5}
    assert abs(shares[5] / 2000 - 0.5) < 0.05


def test_annotators_slip_each_at_a_rate_of_their_own() -> None:
    wrong = defaultdict(list)
    for vote in simulate_votes([(str(place), "oak", "elm", "surf") for place in range(8000)], SMALL, 1):
        wrong[vote.annotator].append(vote.answer != "A")
    rates = [sum(slips) / len(slips) for slips in wrong.values()]
    assert len(rates) == 40
    assert min(rates) < 0.05
    assert 0.1 < max(rates) < 0.22


def test_sides_swapped_give_swapped_answers() -> None:
    triplets = [(str(place), "oak", "elm", "surf") for place in range(500)]
    ours = simulate_votes(triplets, SMALL, 1)
    theirs = simulate_votes([(str(place), "oak", "surf", "elm") for place in range(500)], SMALL, 1)
    assert Counter(vote.answer for vote in ours)["A"] > 0.8 * len(ours)
    assert Counter(vote.answer for vote in theirs)["B"] > 0.8 * len(theirs)


def test_a_seed_gives_the_same_votes_and_ids_are_kept() -> None:
    triplets = [("t7", "oak", "elm", "surf"), ("t9", "oak", "fog", "cake")]
    assert simulate_votes(triplets, SMALL, 0) == simulate_votes(triplets, SMALL, 0)
    assert simulate_votes(triplets, SMALL, 0) != simulate_votes(triplets, SMALL, 1)
    assert {vote.id for vote in simulate_votes(triplets, SMALL, 0)} == {"t7", "t9"}


def test_meanings_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_clicks(tmp_path / "clicks", [])
    assert load_meanings(tmp_path / "clicks" / "meanings.jsonl") == meanings()


def test_a_null_is_no_meaning(tmp_path: Path) -> None:
    row = {"word": "oak", "scene": "wood", "theme": None}
    (tmp_path / "meanings.jsonl").write_text(json.dumps(row) + "\n")
    assert load_meanings(tmp_path / "meanings.jsonl") == {"oak": Meaning("scene", "wood")}


def test_about_half_of_the_triplets_survive_as_in_the_paper(pins: list[Pin], tmp_path: Path) -> None:
    write_clicks(tmp_path / "clicks", draw_clicks(0, pins))
    log = read_clicks(tmp_path / "clicks" / "clicks.jsonl", tmp_path / "problems.jsonl")
    triplets = build(log, Rules(10, 1, "distinct", 0), None).triplets
    asked = write_sheet(tmp_path, triplets, 21_000, 0)
    shown = [(number, entry.base, *entry.shown) for number, entry in asked.items()]
    with (tmp_path / "votes.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "annotator", "answer"), *simulate_votes(shown, meanings(), 0)])
    report = kept_by_vote(tmp_path / "key.csv", tmp_path / "votes.csv").report
    assert 1500 < report["judged"] < 4000
    assert 0.43 < report["share_kept"] < 0.58  # 10,674 of 21,000: 0.51
    assert 0.6 < report["share_more_than_3"] < 0.8  # paper: 0.70
