"""Mirrors experiments/steps/simulate.py."""

from dataclasses import asdict
from pathlib import Path

import pytest

from datamodules.posts import Posts
from experiments.protocols import Network
from experiments.stage import Job
from experiments.steps.simulate import posts, simulate

SMALL = Network(seed=1, labelled=20, corpus=30, emotion=200, pins=40, timelines=100)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("network")
    simulate(Job(folder, asdict(SMALL), {}, {}, {}))
    return folder


@pytest.mark.parametrize(
    ("part", "count"), [("sarcasm", 20), ("corpus", 30), ("reddit_emotion", 200), ("pins", 40), ("timelines", 100)]
)
def test_every_raw_layout_becomes_posts_named_after_the_network(
    network: Path, tmp_path: Path, part: str, count: int
) -> None:
    posts(Job(tmp_path, {"raw": "{network}", "part": part}, {"network": network}, {}, {}))
    made = Posts(tmp_path / "posts")
    assert made.info["name"] == f"simulated_{part}"
    assert len(made) == count
