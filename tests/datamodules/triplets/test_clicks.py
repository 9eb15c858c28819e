"""Mirrors datamodules/triplets/clicks.py."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules.triplets import Clicks, read_clicks
from datamodules.triplets.clicks import PairSums

GOOD = '{"query": "hair styles", "item": "1.jpg", "annotations": ["ponytail"], "clicks": 3}'
BAD = {
    "{": "not JSON",
    "[1]": "fields: Expected `object`, got `array`",
    '{"item": "1", "annotations": [], "clicks": 1}': "fields: Object missing required field `query`",
    '{"query": 1, "item": "1", "annotations": [], "clicks": 1}': "fields: Expected `str`, got `int` at `$.query`",
    '{"query": "!", "item": "1", "annotations": [], "clicks": 1}': "query: no letter or digit in it",
    '{"query": "a", "item": "", "annotations": [], "clicks": 1}': "fields: Expected `str` of length >= 1",
    '{"query": "a", "item": "1", "annotations": ["b", null], "clicks": 1}': "fields: Expected `str`, got `null`",
    '{"query": "a", "item": "1", "annotations": "b", "clicks": 1}': "fields: Expected `array`, got `str`",
    '{"query": "a", "item": "1", "annotations": [], "clicks": -1}': "fields: Expected `int` >= 0",
    '{"query": "a", "item": "1", "annotations": [], "clicks": 1.5}': "fields: Expected `int`, got `float`",
    '{"query": "a", "item": "1", "annotations": [], "clicks": 1e30}': "fields: Expected `int`",
    '{"query": "a\\ud800", "item": "1", "annotations": [], "clicks": 1}': "not JSON",
    '{"query": "\udcff", "item": "1", "annotations": [], "clicks": 1}': "not UTF-8",  # the byte 0xff
}


def scores(clicks: Clicks) -> dict[tuple[str, str], int]:
    texts = clicks.phrases.texts
    columns = (column.tolist() for column in (clicks.query, clicks.annotation, clicks.score))
    return {(texts[query], texts[annotation]): score for query, annotation, score in zip(*columns, strict=True)}


def test_an_annotations_score_is_the_sum_of_clicks_on_the_items_that_carry_it(log: Callable[..., Clicks]) -> None:
    clicks = log(
        ("hair styles", "1.jpg", ["ponytail", "Hair tutorial"], 3),
        ("hair styles", "2.jpg", ["hair tutorial", "HAIR tutorial!", "braid"], 4),  # an item carries it once
        ("Hair Styles", "1.jpg", ["ponytail"], 2),  # adds up with line 1
        ("cake", "1.jpg", ["ponytail"], 0),
        ("cake", "3.jpg", ["?", "pie"], 1),
    )
    assert scores(clicks) == {
        ("hair styles", "ponytail"): 3 + 2,
        ("hair styles", "hair tutorial"): 3 + 4,
        ("hair styles", "braid"): 4,
        ("cake", "pie"): 1,
    }
    assert dict(zip(clicks.phrases.texts, clicks.frequency.tolist(), strict=True)) == {
        "hair styles": 3,
        "ponytail": 3,
        "hair tutorial": 2,
        "braid": 1,
        "cake": 2,
        "pie": 1,
    }
    wanted = {"lines": 5, "bad_lines": 0, "queries": 2, "annotations": 4, "phrases": 6, "empty_annotations": 1}
    assert clicks.counts == wanted


@pytest.mark.parametrize(("bad", "cause"), BAD.items(), ids=range(len(BAD)))
def test_every_kind_of_bad_line_is_a_problem_with_its_place(tmp_path: Path, bad: str, cause: str) -> None:
    path = tmp_path / "clicks.jsonl"
    path.write_text("\n".join([GOOD] * 60 + [bad] + [GOOD] * 60), "utf-8", "surrogateescape")
    clicks = read_clicks(path, tmp_path / "problems.jsonl")
    assert scores(clicks) == {("hair styles", "ponytail"): 360}
    problem = json.loads((tmp_path / "problems.jsonl").read_text())
    assert (problem["file"], problem["line"]) == ("clicks.jsonl", 61)
    assert problem["cause"].startswith(cause)
    assert clicks.counts["bad_lines"] == 1


@pytest.mark.parametrize("share", [-0.1, 1.1, 5, float("nan")])
def test_a_share_out_of_its_range_is_refused(tmp_path: Path, share: float) -> None:
    (tmp_path / "clicks.jsonl").write_text(GOOD)
    with pytest.raises(ValueError, match=r"max_bad: .* from 0 to 1"):
        read_clicks(tmp_path / "clicks.jsonl", tmp_path / "problems.jsonl", share)


def test_more_than_one_bad_line_in_a_hundred_is_an_error_that_names_them(tmp_path: Path) -> None:
    path, problems = tmp_path / "clicks.jsonl", tmp_path / "problems.jsonl"
    path.write_text("\n".join([GOOD] * 98 + ["{", "{"]))
    with pytest.raises(ValueError, match=r"2 of 100 lines are bad.*first is line 99: not JSON.*see .*problems\.jsonl"):
        read_clicks(path, problems)
    assert len(problems.read_text().splitlines()) == 2
    assert read_clicks(path, problems, max_bad=0.02).counts["bad_lines"] == 2


def test_no_log_and_an_empty_log_say_what_a_line_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'clicks\.jsonl: no such click log; wanted: \{"query"'):
        read_clicks(tmp_path / "clicks.jsonl", tmp_path / "problems.jsonl")
    (tmp_path / "clicks.jsonl").write_text("\n\n")
    with pytest.raises(ValueError, match=r'clicks\.jsonl: empty; wanted: \{"query"'):
        read_clicks(tmp_path / "clicks.jsonl", tmp_path / "problems.jsonl")


small = st.integers(0, 3)


@given(added=st.lists(st.tuples(small, st.lists(small, unique=True), st.integers(1, 9))), pending=st.integers(1, 5))
def test_sums_by_pair_do_not_depend_on_when_they_are_settled(
    added: list[tuple[int, list[int], int]], pending: int
) -> None:
    sums, slow = PairSums(pending), Counter[tuple[int, int]]()
    for first, others, amount in added:
        sums.add(first, others, amount)
        slow.update({(first, second): amount for second in others})
    first, second, amount = (column.tolist() for column in sums.result())
    assert list(zip(first, second, strict=True)) == sorted(slow)
    assert dict(zip(zip(first, second, strict=True), amount, strict=True)) == slow
