"""Mirrors datamodules/simulated/labels.py: labels are functions of the causes, and need both sides of a post."""

from collections import Counter, defaultdict
from datetime import datetime

import numpy as np
import pytest

from datamodules.simulated.labels import CLASSES, POPULATIONS, annotators, label
from datamodules.simulated.network import TONES, Truth, draw_network, draw_truth
from datamodules.simulated.scenes import KINDS, SCENES

WORDS = {"sarcasm": "tone", "sentiment": "tone", "relation": "form", "hate": "stance"}


def post(kind: str, tone: str = "flat", form: str = "musing", stance: str = "none") -> Truth:
    return Truth(1, 0, "pets", "arlow quay fair", kind, "sun", tone, form, stance, datetime(2015, 1, 1))


@pytest.mark.parametrize(
    ("task", "truth", "expected"),
    [
        ("sarcasm", post("fire", tone="up"), "sarcastic"),
        ("sarcasm", post("garden", tone="up"), "not_sarcastic"),
        ("sarcasm", post("fire", tone="down"), "not_sarcastic"),
        ("relation", post("fire", form="pointing"), "image_adds_text_represented"),
        ("relation", post("house", form="musing"), "image_not_adds_text_not_represented"),
        ("hate", post("bus"), "none"),
        ("hate", post("house", stance="hostile"), "hateful"),
        ("hate", post("bus", stance="hostile"), "reclaimed"),
        ("hate", post("house", stance="opposing"), "counter_speech"),
        ("hate", post("bus", stance="opposing"), "none"),
        ("sentiment", post("garden"), "positive"),
        ("sentiment", post("garden", tone="down"), "neutral"),
        ("sentiment", post("flood"), "negative"),
        ("sentiment", post("house", tone="up"), "positive"),
    ],
)
def test_labels_by_hand(task: str, truth: Truth, expected: str) -> None:
    assert label(task, truth) == expected


def test_stored_labels_are_a_function_of_the_stored_causes(
    posts: dict[str, list[dict]], truth: dict[str, dict]
) -> None:
    for task in CLASSES:
        for row in posts[task]:
            cause = truth[row["id"]]
            again = post(cause["scene"], cause["tone"], cause["form"], cause["stance"])
            assert row["labels"][task] == cause[task] == label(task, again)


def test_mvsas_two_labels_combine_to_ours_unless_they_contradict() -> None:
    for kind in KINDS:
        for tone in TONES:
            told, seen = annotators(post(kind, tone=tone))
            if {told, seen} != {"positive", "negative"}:
                combined = seen if told == "neutral" else told
                assert label("sentiment", post(kind, tone=tone)) == combined


def best_accuracy(causes: list[tuple], labels: list[str]) -> float:
    """Of the best rule that sees these causes only."""
    by_cause: dict[tuple, Counter] = defaultdict(Counter)
    for cause, value in zip(causes, labels, strict=True):
        by_cause[cause][value] += 1
    return sum(max(counts.values()) for counts in by_cause.values()) / len(labels)


@pytest.mark.parametrize("task", list(CLASSES))
def test_neither_words_nor_scene_alone_settle_the_label(task: str) -> None:
    network, rng = draw_network(0), np.random.default_rng(0)
    truths = [draw_truth(rng, network, POPULATIONS[task], number) for number in range(3000)]
    labels = [label(task, truth) for truth in truths]
    told, seen = [(getattr(truth, WORDS[task]),) for truth in truths], [(truth.kind,) for truth in truths]
    assert best_accuracy(told, labels) < 0.8
    assert best_accuracy(seen, labels) < 0.8
    assert best_accuracy([(*one, *other) for one, other in zip(told, seen, strict=True)], labels) == 1
    assert min(Counter(labels).values()) > 0.12 * len(labels)
    assert max(Counter(labels).values()) < 0.7 * len(labels)


def test_the_scenes_properties_are_orthogonal_and_colours_tell_none() -> None:
    properties = Counter((scene.mood, scene.striking, scene.gathering) for scene in SCENES.values())
    assert set(properties.values()) == {1}
    assert len(properties) == 3 * 2 * 2
    for colours in {scene.colours for scene in SCENES.values()}:
        one, other = (scene for scene in SCENES.values() if scene.colours == colours)
        assert one.mood == -other.mood
        assert one.striking != other.striking
        assert one.gathering != other.gathering
