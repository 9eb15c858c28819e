"""One network of a few posts, written once."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from datamodules.simulated import CLASSES, simulate

LABELLED, CORPUS = 60, 150
PARTS = [*CLASSES, "corpus"]


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("network")
    simulate(folder, seed=3, labelled=LABELLED, corpus=CORPUS)
    return folder


@pytest.fixture(scope="session")
def posts(network: Path) -> dict[str, list[dict]]:
    read = {part: (network / part / "posts.jsonl").read_text().splitlines() for part in PARTS}
    return {part: [json.loads(line) for line in lines] for part, lines in read.items()}


@pytest.fixture(scope="session")
def truth(network: Path) -> dict[str, dict]:
    return {row["id"]: row for row in pq.read_table(network / "truth.parquet").to_pylist()}
