"""One network of a few posts, written without and with emotions, pins and timelines; many pins, many timelines."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from datamodules.simulated import CLASSES, simulate
from datamodules.simulated.pins import Pin, draw_pins
from datamodules.simulated.timelines import Said, draw_timelines

LABELLED, CORPUS, EMOTION, PINS, TIMELINES = 60, 150, 200, 60, 800
PARTS = [*CLASSES, "corpus"]


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("network")
    simulate(folder, seed=3, labelled=LABELLED, corpus=CORPUS)
    return folder


@pytest.fixture(scope="session")
def emotional(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("emotional")
    simulate(folder, seed=3, labelled=LABELLED, corpus=CORPUS, emotion=EMOTION)
    return folder


@pytest.fixture(scope="session")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pinned")
    simulate(folder, seed=3, labelled=LABELLED, corpus=CORPUS, emotion=EMOTION, pins=PINS)
    return folder


@pytest.fixture(scope="session")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("posted")
    simulate(folder, seed=3, labelled=LABELLED, corpus=CORPUS, timelines=TIMELINES)
    return folder


@pytest.fixture(scope="session")
def timelines() -> list[Said]:
    return draw_timelines(0, 4000)


@pytest.fixture(scope="session")
def pins() -> list[Pin]:
    return list(draw_pins(0, 600))


@pytest.fixture(scope="session")
def posts(network: Path) -> dict[str, list[dict]]:
    read = {part: (network / part / "posts.jsonl").read_text().splitlines() for part in PARTS}
    return {part: [json.loads(line) for line in lines] for part, lines in read.items()}


@pytest.fixture(scope="session")
def truth(network: Path) -> dict[str, dict]:
    return {row["id"]: row for row in pq.read_table(network / "truth.parquet").to_pylist()}


@pytest.fixture(scope="session")
def felt(emotional: Path) -> dict[str, dict]:
    rows = pq.read_table(emotional / "truth.parquet").to_pylist()
    return {row["id"]: row for row in rows if row["set"]}
