"""Mirrors datamodules/simulated/network.py."""

from collections import Counter

import numpy as np

from datamodules.simulated.labels import POPULATIONS
from datamodules.simulated.network import HOME_SCENE, draw_network, draw_truth, pick
from datamodules.simulated.scenes import KINDS


def test_pick_follows_the_weights() -> None:
    rng = np.random.default_rng(0)
    counts = Counter(pick(rng, "abc", (1, 0, 3)) for _ in range(4000))
    assert counts["b"] == 0
    assert abs(counts["c"] / 4000 - 0.75) < 0.03


def test_every_scene_is_known_from_as_many_events() -> None:
    network = draw_network(5)
    homes = Counter(network.scene_of.values())
    assert set(homes) == set(KINDS)
    assert set(homes.values()) == {10}
    assert sorted(event for events in network.events.values() for event in events) == sorted(network.scene_of)


def test_single_words_of_an_event_seldom_tell_its_scene() -> None:
    network = draw_network(5)
    words = sorted({word for event in network.scene_of for word in event.split()})
    shares = []
    for word in words:
        homes = Counter(scene for event, scene in network.scene_of.items() if word in event.split())
        shares.append(max(homes.values()) / homes.total())
    assert np.mean(shares) < 0.45


def test_events_show_their_own_scene_and_users_keep_to_their_topics() -> None:
    network, rng = draw_network(1), np.random.default_rng(1)
    truths = [draw_truth(rng, network, POPULATIONS["relation"], number) for number in range(3000)]
    at_home = np.mean([truth.kind == network.scene_of[truth.event] for truth in truths])
    assert abs(at_home - (HOME_SCENE + (1 - HOME_SCENE) / len(KINDS))) < 0.03
    assert all(truth.topic in network.interests[truth.user] for truth in truths)


def test_annotators_of_sarcasm_see_more_unpleasant_pictures() -> None:
    network, rng = draw_network(1), np.random.default_rng(1)
    moods = Counter(draw_truth(rng, network, POPULATIONS["sarcasm"], 0).scene.mood for _ in range(3000))
    assert 0.5 < moods[-1] / 3000 < 0.68
