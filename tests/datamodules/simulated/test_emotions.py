"""Mirrors datamodules/simulated/emotions.py."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from datamodules.simulated.emotions import FLICKR, REDDIT, EmotionSet, Feeling, draw_feeling, draw_ups, draw_verdicts
from datamodules.simulated.scenes import KINDS

COUNT = 6000
SETS = pytest.mark.parametrize("origin", [REDDIT, FLICKR], ids=lambda origin: origin.name)


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[Feeling]]:
    rng = np.random.default_rng(0)
    return {origin.name: [draw_feeling(rng, origin, number) for number in range(COUNT)] for origin in (REDDIT, FLICKR)}


@SETS
def test_classes_have_the_shares_of_table_2(origin: EmotionSet, drawn: dict[str, list[Feeling]]) -> None:
    counts = Counter(feeling.emotion for feeling in drawn[origin.name])
    total = {"reddit_emotion": 3239, "flickr_emotion": 9337}[origin.name]
    assert sum(origin.shares.values()) == total
    for emotion, posts in origin.shares.items():
        assert abs(counts[emotion] / COUNT - posts / total) < 0.02


@SETS
def test_pictures_show_typical_scenes_as_often_as_stated(origin: EmotionSet, drawn: dict[str, list[Feeling]]) -> None:
    for emotion, kinds in origin.kinds.items():
        own = [feeling for feeling in drawn[origin.name] if feeling.emotion == emotion]
        share = np.mean([feeling.kind in kinds for feeling in own])
        stated = origin.picture_tells + (1 - origin.picture_tells) * len(kinds) / len(KINDS)
        assert abs(share - stated) < 5 * (stated * (1 - stated) / len(own)) ** 0.5


def test_neighbours_share_scenes_on_flickr_only() -> None:
    assert set(Counter(kind for kinds in REDDIT.kinds.values() for kind in kinds).values()) == {1}
    uses = Counter(kind for kinds in FLICKR.kinds.values() for kind in kinds)
    assert set(uses) == set(KINDS)
    assert all(max(uses[kind] for kind in kinds) == 2 for kinds in FLICKR.kinds.values())


def test_the_scene_alone_tells_much_on_reddit_and_less_on_flickr(drawn: dict[str, list[Feeling]]) -> None:
    best = {}  # accuracy of the best rule that sees the scene only
    for name, feelings in drawn.items():
        by_kind: dict[str, Counter] = defaultdict(Counter)
        for feeling in feelings:
            by_kind[feeling.kind][feeling.emotion] += 1
        best[name] = sum(max(counts.values()) for counts in by_kind.values()) / COUNT
    assert 0.85 < best["reddit_emotion"] < 0.95
    assert 0.6 < best["flickr_emotion"] < 0.75


@SETS
def test_texts_tell_the_emotion_none_or_another_as_often_as_stated(
    origin: EmotionSet, drawn: dict[str, list[Feeling]]
) -> None:
    told = Counter(
        "none" if feeling.told is None else "own" if feeling.told == feeling.emotion else "other"
        for feeling in drawn[origin.name]
    )
    assert abs(told["own"] / COUNT - origin.text_tells) < 0.02
    assert abs(told["none"] - told["other"]) < 0.02 * COUNT
    assert {feeling.told for feeling in drawn[origin.name]} == {None, *origin.shares}


@SETS
@pytest.mark.parametrize("told_or_named", ["told", "named"])
def test_text_and_picture_are_independent_given_the_emotion(
    origin: EmotionSet, told_or_named: str, drawn: dict[str, list[Feeling]]
) -> None:
    for emotion, kinds in origin.kinds.items():
        table = np.zeros((2, len(kinds) + 1))
        for feeling in drawn[origin.name]:
            if feeling.emotion == emotion:
                says = feeling.named if told_or_named == "named" else feeling.told == emotion
                table[int(says), kinds.index(feeling.kind) if feeling.kind in kinds else -1] += 1
        assert chi2_contingency(table).pvalue > 1e-4, emotion


def test_one_submission_in_ten_is_an_album_of_two_or_three(drawn: dict[str, list[Feeling]]) -> None:
    sizes = Counter(len(feeling.shown) for feeling in drawn["reddit_emotion"])
    assert set(sizes) == {1, 2, 3}
    assert abs((sizes[2] + sizes[3]) / COUNT - 0.1) < 0.02
    further = [shown.kind == feeling.kind for feeling in drawn["reddit_emotion"] for shown in feeling.shown[1:]]
    assert 0.4 < np.mean(further) < 0.7
    assert {len(feeling.shown) for feeling in drawn["flickr_emotion"]} == {1}


def test_up_votes_are_100_or_more_and_vary() -> None:
    rng = np.random.default_rng(0)
    ups = [draw_ups(rng) for _ in range(500)]
    assert min(ups) >= 100
    assert np.percentile(ups, 90) > 2 * np.median(ups)
    assert len(set(ups)) > 300


def test_mostly_a_majority_of_five_or_more_workers_agrees_on_the_writers_emotion() -> None:
    rng = np.random.default_rng(0)
    verdicts = [draw_verdicts(rng, "awe") for _ in range(3000)]
    assert all(disagree + agree >= 5 for verdict in verdicts for disagree, agree in verdict.values())
    assert all(next(iter(verdict)) == "awe" for verdict in verdicts)
    clear = [verdict["awe"] for verdict in verdicts if len(verdict) == 1 and verdict["awe"][1] > verdict["awe"][0]]
    assert 0.93 < len(clear) / 3000 < 0.98
    assert {agree for disagree, agree in clear if disagree + agree == 5} == {3, 4, 5}


def test_a_few_photos_have_no_majority_or_two_verdicts_alike() -> None:
    rng = np.random.default_rng(0)
    verdicts = [draw_verdicts(rng, "awe") for _ in range(3000)]
    without = [verdict for verdict in verdicts if all(agree <= disagree for disagree, agree in verdict.values())]
    ties = [verdict for verdict in verdicts if len(verdict) == 2]
    assert 0.01 < len(without) / 3000 < 0.03
    assert 0.01 < len(ties) / 3000 < 0.03
    assert all(len(set(verdict.values())) == 1 for verdict in ties)
    assert set().union(*ties) == set(FLICKR.shares)
