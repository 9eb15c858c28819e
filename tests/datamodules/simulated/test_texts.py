"""Mirrors datamodules/simulated/texts.py."""

from collections import Counter
from datetime import datetime

import numpy as np
from scipy.stats import chi2_contingency

from datamodules.simulated.labels import CLASSES
from datamodules.simulated.network import Truth
from datamodules.simulated.scenes import SCENES
from datamodules.simulated.texts import write_comment, write_comments, write_text


def post(kind: str = "fire", tone: str = "up", year: int = 2015, stance: str = "none") -> Truth:
    return Truth(7, 0, "pets", "arlow quay fair", kind, "sun", tone, "musing", stance, datetime(year, 1, 1))


def test_comments_hold_no_word_of_a_label(posts: dict[str, list[dict]]) -> None:
    forbidden = {word for classes in CLASSES.values() for name in classes for word in name.split("_")} | set(CLASSES)
    said = {word for row in posts["corpus"] for comment in row["comments"] for word in comment["text"].split()}
    assert said
    assert not said & (forbidden | {"irony", "ironic", "blorps"})


def test_comments_do_not_depend_on_what_the_text_says() -> None:
    rngs = np.random.default_rng(0), np.random.default_rng(0)
    pair = post(tone="up"), post(tone="down", stance="hostile")
    assert [write_comment(rngs[0], pair[0]) for _ in range(50)] == [write_comment(rngs[1], pair[1]) for _ in range(50)]


def test_comments_name_the_scene_more_often_than_not_and_another_one_sometimes() -> None:
    rng = np.random.default_rng(0)
    named = Counter()
    for _ in range(2000):
        words = set(write_comment(rng, post("fire")).split())
        named[next((kind for kind, scene in SCENES.items() if words & set(scene.words)), "no scene")] += 1
    assert 0.6 < named["fire"] / 2000 < 0.8
    assert 0.2 < named["no scene"] / 2000 < 0.4
    assert all(named[kind] for kind in SCENES)


def test_texts_name_no_scene(posts: dict[str, list[dict]]) -> None:
    words = {word for rows in posts.values() for row in rows for word in row["text"].split()}
    assert not words & {word for scene in SCENES.values() for word in scene.words}
    assert len(words) < 300


def test_texts_are_short_and_shorter_since_2017() -> None:
    rng = np.random.default_rng(0)
    lengths = {year: [len(write_text(rng, post(year=year)).split()) for _ in range(400)] for year in (2016, 2017)}
    assert np.mean(lengths[2016]) > np.mean(lengths[2017]) + 0.4
    assert 2 <= min(lengths[2016]) <= max(lengths[2016]) <= 12


def test_comments_form_a_forest_in_the_order_of_time() -> None:
    rng = np.random.default_rng(0)
    trees = [write_comments(rng, post(), users=9) for _ in range(300)]
    for tree in trees:
        before: list[str] = []
        for comment in tree:
            assert comment["parent"] is None or comment["parent"] in before
            before.append(comment["id"])
        assert len(set(before)) == len(before)
        assert [comment["created_at"] for comment in tree] == sorted(comment["created_at"] for comment in tree)
    assert any(comment["parent"] for tree in trees for comment in tree)
    assert 2.9 < np.mean([len(tree) for tree in trees]) < 3.6  # CAST, Table 1: 3.25


def test_generic_comments_are_as_frequent_under_every_scene() -> None:
    rng = np.random.default_rng(0)
    kinds = ("fire", "garden", "bus")
    counts = [sum(write_comment(rng, post(kind)) in ("thank you", "so true") for _ in range(1500)) for kind in kinds]
    assert min(counts) > 20
    assert chi2_contingency([[count, 1500 - count] for count in counts]).pvalue > 0.001
