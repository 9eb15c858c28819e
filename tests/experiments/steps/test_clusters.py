"""Mirrors experiments/steps/clusters.py."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.stage import Job
from experiments.steps import clusters as step
from experiments.steps.clusters import clusters, main_interests

NAMES = [f"u{number}" for number in range(40)]
MAIN = ["cooking", "cycling", "painting", "sewing"]


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Each user's posts, in any order, and other sets' posts."""
    rows = [(name, [MAIN[number % 4], "music"], "timelines") for number, name in enumerate(NAMES)] * 2
    rows += [("u0", ["other"], "pins"), ("stranger", None, "corpus")]
    columns = dict(zip(("user", "interests", "set"), map(list, zip(*rows, strict=True)), strict=True))
    pq.write_table(pa.table(columns), tmp_path / "truth.parquet")
    return tmp_path / "truth.parquet"


def test_the_first_of_a_users_interests_is_the_main_one(truth: Path) -> None:
    assert main_interests(truth, ["u2", "u0"]) == ["painting", "cooking"]
    with pytest.raises(KeyError, match="nobody"):
        main_interests(truth, ["nobody"])


@pytest.mark.parametrize(("spread", "low", "high"), [(0.1, 0.99, 1.0), (1000.0, -0.2, 0.2)])
def test_clusters_of_vectors_by_interest_agree_with_them_and_noise_does_not(
    truth: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spread: float, low: float, high: float
) -> None:
    class Corpus:
        def __init__(self, folder: Path) -> None:
            self.users = NAMES

    monkeypatch.setattr(step, "Timelines", Corpus)
    row, folder = tmp_path / "row", tmp_path / "made"
    row.mkdir()
    folder.mkdir()
    centres = np.eye(4)[np.arange(40) % 4]
    np.save(row / "users.npy", (centres + np.random.default_rng(0).normal(0, spread, (40, 4))).astype(np.float32))
    (row / "metrics.json").write_text(json.dumps({"test": {"joint": 0.5}}))
    (row / "dataset.json").write_text(json.dumps({"name": "n"}))
    pq.write_table(pa.table({"id": ["a"]}), row / "predictions.parquet")
    settings = {"timelines": "{t}", "truth": "{truth}", "users": "{row}", "row": "{row}", "clusters": 4, "seed": 0}
    clusters(Job(folder, settings, {"row": row, "t": tmp_path}, {"truth": truth}, {}))
    metrics = json.loads((folder / "metrics.json").read_text())
    assert low <= metrics["clusters"]["ami"] <= high
    assert metrics["test"] == {"joint": 0.5}, "what the row left before"
    assert json.loads((folder / "dataset.json").read_text()) == {"name": "n"}
    assert pq.read_table(folder / "predictions.parquet")["id"].to_pylist() == ["a"]
