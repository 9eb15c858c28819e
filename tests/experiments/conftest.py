"""Finished stages, made up."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.scores import confusion, score

WriteStage = Callable[..., Path]


def write_stage(  # a finished student's folder
    folder: Path,
    right: float = 0.8,
    seed: int = 0,
    posts: int = 60,
    averaging: str = "binary",
    benchmark: Path | None = None,
    **facts: object,
) -> Path:
    """Predictions of `posts` test posts in two classes, a share `right` of them right."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    gold = np.random.default_rng(7).integers(0, 2, posts)
    predicted = np.where(random.permutation(posts) < round(right * posts), gold, 1 - gold)
    comments = [["owl photo bomb", "what a $pic$ 😂", "thank you"][: post % 4] for post in range(posts)]
    weights = random.dirichlet(np.ones(3), posts)
    columns = {
        "id": [f"msd/{post}" for post in range(posts)],
        "part": ["test"] * posts,
        "gold": gold.tolist(),
        "predicted": predicted.tolist(),
        "probabilities": [[0.3, 0.7] if label else [0.6, 0.4] for label in predicted],
        "comments": comments,
        "image_attention": weights.tolist(),
        "text_attention": [[] for _ in range(posts)],
    }
    pq.write_table(pa.table(columns), folder / "predictions.parquet")
    counts = confusion(gold, predicted, 2)
    metrics = {name: float(score(counts, name, averaging)) for name in ("accuracy", "precision", "recall", "f1")}
    (folder / "metrics.json").write_text(json.dumps({"test": metrics, "validation": metrics}))
    dataset = {"name": "msd", "simulated": False, "classes": ["not sarcastic", "sarcastic"]} | facts
    dataset |= {"benchmark": str(benchmark)} if benchmark else {}
    (folder / "dataset.json").write_text(json.dumps(dataset))
    return folder


@pytest.fixture
def stage() -> WriteStage:
    return write_stage


class FakeRuns:
    """Stands in for `experiments.runs.run_rows`: a row's share of right posts is given, seeds wobble about it."""

    def __init__(self, right: dict[str, float], folder: Path, **facts: object) -> None:
        self.right, self.folder, self.facts = right, folder, facts
        self.calls: list[tuple[str, dict[str, list[str]], dict[str, object]]] = []

    def __call__(
        self, experiment: str, rows: dict[str, list[str]], seeds: Sequence[int], **how: object
    ) -> dict[tuple[str, int], Path]:
        self.calls.append((experiment, rows, how))
        if how.get("dry_run"):
            return {}
        return {
            (row, seed): write_stage(
                self.folder / f"{experiment}-{row}-{seed}".replace(" ", "_"),
                self.right.get(row, 0.8) + 0.01 * (seed % 3),
                seed + 10 * number,
                **self.facts,
            )
            for number, row in enumerate(rows)
            for seed in seeds
        }


@pytest.fixture
def fake_runs() -> type[FakeRuns]:
    return FakeRuns
