"""Mirrors datamodules/triplets/building.py."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datamodules.triplets import Clicks, Rules, build
from datamodules.triplets.stems import stemmed

Log = Callable[..., Clicks]
HAIR = [
    ("hair styles", "1", ["ponytail", "hair tutorial"], 5),
    ("hair styles", "2", ["braid", "ponytail"], 2),
    ("hair styles", "3", ["bob", "styling"], 2),
    ("hair styles", "4", ["wig"], 1),
    ("cake", "5", ["Cakes", "pies"], 3),
    ("cake", "6", ["sky"], 0),
]


def pairs(log: Clicks, rules: Rules) -> list[tuple[str, str]]:
    return [(base, positive) for base, positive, _ in build(log, rules).triplets.rows()]


def test_the_best_annotations_stay_without_those_that_share_a_stem_with_the_query(log: Log) -> None:
    """Ponytail 7, hair tutorial 5, then 2 clicks each: bob, braid, styling by the alphabet, wig 1."""
    found = pairs(log(*HAIR), Rules())
    hair = [("hair styles", positive) for positive in ("ponytail", "bob", "braid", "wig")]
    assert found == [*hair, ("cake", "pies")]


def test_the_top_is_cut_before_shared_stems_go(log: Log) -> None:
    assert pairs(log(*HAIR), Rules(top=3)) == [*(("hair styles", "ponytail"), ("hair styles", "bob"), ("cake", "pies"))]
    assert pairs(log(*HAIR), Rules(min_clicks=3)) == [("hair styles", "ponytail"), ("cake", "pies")]


def test_each_step_is_counted(log: Log) -> None:
    assert build(log(*HAIR), Rules(top=5)).counts == {
        "lines": 6,
        "bad_lines": 0,
        "queries": 2,
        "annotations": 9,
        "phrases": 11,
        "empty_annotations": 0,
        "candidates": 8,
        "top": 7,
        "removed_for_stems": 3,  # hair tutorial, styling, cakes
        "pool": 11,
        "without_negative": 0,
        "triplets": 4,
    }


def test_a_triplet_for_which_no_negative_fits_is_left_out_and_counted(log: Log) -> None:
    built = build(log(("red", "1", ["sky", "pie", "sky pie"], 1)), Rules())
    assert list(built.triplets.rows()) == [("red", "pie", "sky"), ("red", "sky", "pie")]
    assert (built.counts["without_negative"], built.counts["triplets"]) == (1, 2)


WORDS = st.sampled_from(["cake", "cakes", "baking", "bake", "sky", "skies", "car", "hair", "styled", "style", "2"])
PHRASE = st.lists(WORDS, min_size=1, max_size=2).map(" ".join)
LINE = st.tuples(PHRASE, st.just("1"), st.lists(PHRASE, max_size=4), st.integers(0, 5))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines=st.lists(LINE, min_size=1, max_size=12), weighting=st.sampled_from(["distinct", "frequency"]))
def test_no_two_phrases_of_a_triplet_share_a_stem(log: Log, lines: list, weighting: str) -> None:
    lines = [*lines, ("moon", "9", ["star"], 1), ("tree", "9", [], 0)]
    built = build(log(*lines), Rules(negatives=weighting))
    said = {phrase for query, _, annotations, _ in lines for phrase in (query, *annotations)}
    for row in built.triplets.rows():
        stems = Counter(stem for phrase in row for stem in set(stemmed(phrase.split())))
        assert set(stems.values()) == {1}
        assert set(row) <= said
    counts = built.counts
    assert counts["triplets"] == counts["top"] - counts["removed_for_stems"] - counts["without_negative"]
    assert counts["triplets"] == built.triplets.size


def test_the_same_log_and_seed_give_the_same_triplets(log: Log) -> None:
    first, again, other = (list(build(log(*HAIR), Rules(seed=seed)).triplets.rows()) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_one_more_line_leaves_the_triplets_before_it_as_they_were(log: Log) -> None:
    """Eleven phrases and twelve are drawn from by one and the same range of tickets, up to sixteen."""
    before = list(build(log(*HAIR), Rules()).triplets.rows())
    after = list(build(log(*HAIR, ("garden", "7", ["sky"], 2)), Rules()).triplets.rows())
    assert [row[:2] for row in after[:-1]] == [row[:2] for row in before]
    assert all(new[2] in (old[2], "garden") for old, new in zip(before, after, strict=False))


def test_negatives_come_from_the_pool_where_one_is_given(log: Log, tmp_path: Path) -> None:
    (tmp_path / "pool.txt").write_text("Paleo Potluck\nhair\npaleo potluck\ntandoori\n")
    clicks = [(f"query{number}", "1", ["sky"], 1) for number in range(300)]
    distinct, frequency = (
        Counter(
            negative
            for _, _, negative in build(log(*clicks), Rules(negatives=name), tmp_path / "pool.txt").triplets.rows()
        )
        for name in ("distinct", "frequency")
    )
    assert set(distinct) == set(frequency) == {"paleo potluck", "hair", "tandoori"}
    assert 70 < distinct["paleo potluck"] < 130
    assert 120 < frequency["paleo potluck"] < 180


def test_a_pool_leaves_the_log_as_it_was(log: Log, tmp_path: Path) -> None:
    (tmp_path / "pool.txt").write_text("tandoori\n")
    clicks = log(*HAIR)
    before = list(build(clicks, Rules()).triplets.rows())
    assert {negative for _, _, negative in build(clicks, Rules(), tmp_path / "pool.txt").triplets.rows()} == {
        "tandoori"
    }
    again = build(clicks, Rules())
    assert list(again.triplets.rows()) == before
    assert again.counts["pool"] == 11


def test_a_log_from_which_nothing_comes_is_an_error_with_its_counts(log: Log) -> None:
    with pytest.raises(ValueError, match=r"no triplet comes out: .*removed_for_stems 1"):
        build(log(("cake", "1", ["cakes"], 1)), Rules())
    with pytest.raises(ValueError, match=r"no triplet comes out: .*candidates 0"):
        build(log(("cake", "1", ["pie"], 0)), Rules())


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"top": 0}, "top: 0"),
        ({"min_clicks": 0}, "min_clicks: 0"),
        ({"seed": -1}, "seed: -1"),
        ({"negatives": "rare"}, "distinct, frequency"),
    ],
)
def test_rules_out_of_range_are_refused(rules: dict, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Rules(**rules)
