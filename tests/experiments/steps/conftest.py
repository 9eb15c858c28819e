"""The papers' stages on a simulated network of a few posts, prepared and encoded once a session."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest
import torch

from encoders.pretraining import pretrain_encoders
from experiments import stage as stage_process
from experiments.runner import write_description
from experiments.runs import plan
from experiments.stages import Stage, ordered
from experiments.tables import load_table

TRAINED = ("teacher", "student_1")


class Plan(NamedTuple):
    """A row of an experiment, planned: its stages by name, and the store that they are run in."""

    experiment: str
    overrides: list[str]
    stages: dict[str, Stage]
    store: Path

    def folder(self, name: str) -> Path:
        return self.stages[name].folder(self.store)

    def run(self, *names: str) -> Path:
        """Run stages in this process, and those before them, as `experiments.stage` runs them in theirs."""
        for stage in ordered([self.stages[name] for name in names]):
            if not stage.is_done(self.store):
                run_here(stage, self.store)
        return self.folder(names[-1])

    def predictions(self, name: str, part: str = "test") -> dict[str, dict[str, Any]]:
        """What a classifier said of a part or view: post id -> row."""
        rows = pq.read_table(self.folder(name) / "predictions.parquet").to_pylist()
        return {row["id"]: row for row in rows if row["part"] == part}

    def scores(self, name: str) -> dict[str, dict[str, float | None]]:
        """Part or view -> metric -> value."""
        found: dict[str, dict[str, float | None]] = json.loads((self.folder(name) / "metrics.json").read_text())
        return found

    def probabilities(self, name: str) -> torch.Tensor:
        """What a trained stage predicts, (P, C): posts of validation, then of test, in their order."""
        found = pq.read_table(self.folder(name) / "predictions.parquet", columns=["probabilities"])
        return torch.tensor(found["probabilities"].to_pylist())


def run_here(stage: Stage, store: Path) -> None:
    folder = stage.folder(store)
    folder.mkdir(parents=True, exist_ok=True)
    write_description(stage, store)
    stage_process.main(folder)
    (folder / "DONE.part").rename(folder / "DONE")


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """As stages with OMP_NUM_THREADS=1, so that results of this process and of theirs are equal bit by bit."""
    threads, environment = torch.get_num_threads(), dict(os.environ)
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    with torch.random.fork_rng(devices=[]):
        yield
    torch.set_num_threads(threads)
    os.environ.clear()  # Lightning leaves its seed there
    os.environ.update(environment)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small encoders, hardly trained: these tests ask what stages do, not how well."""
    folder = tmp_path_factory.mktemp("weights")
    texts = [f"post {number} at the {place}" for number in range(4) for place in ("harbour", "market", "station")]
    pretrain_encoders(folder, texts, [[f"{text} wow"] for text in texts], [None] * 12, seed=0, steps=1, width=32)
    return folder


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="session")
def small(weights: Path) -> dict[str, list[str]]:
    """Paper -> words after `EXPERIMENT --profile demo` that make it small."""
    text, image = weights / "text", weights / "image"
    shared = ["--protocol.pretrain=false", f"--protocol.image.weights={image}", "--trainer.max_epochs=2", "--wandb=off"]
    return {
        "cast": [
            *shared,
            *("--protocol.network.labelled=40", "--protocol.network.corpus=60", "--protocol.iterations=1"),
            f"--protocol.sentences.weights={text}",
            *(f"--model.text_encoder.init_args.weights={text}", f"--data.tokenizer={text}"),
            *("--model.base.init_args.text_size=32", "--model.base.init_args.hidden_size=16", "--data.batch_size=8"),
        ],
        "emotion": [
            *shared,
            *("--protocol.network.labelled=20", "--protocol.network.corpus=30", "--protocol.network.emotion=200"),
            *("--protocol.words.size=8", "--model.hidden_size=8", "--protocol.fasttext.epochs=[5]"),
        ],
        "pins": [
            *shared,
            *("--protocol.network.labelled=20", "--protocol.network.corpus=30", "--protocol.network.pins=60"),
            *("--protocol.vocabulary.min_count=1", "--protocol.skipgram.epochs=1", "--protocol.skipgram.size=8"),
            *("--model.state_size=8", "--model.embedding_size=8", "--model.negatives=16", "--data.batch_size=16"),
        ],
    }


class Planner:
    """Plans rows in the session's store; its experiments share what they have in common."""

    def __init__(self, store: Path, small: dict[str, list[str]]) -> None:
        self.store, self.small = store, small

    def __call__(self, *words: str, experiment: str = "cast_mvsa") -> Plan:
        overrides = [*self.small[experiment.split("_", maxsplit=1)[0]], *words]
        stages = ordered(plan(experiment, "demo", overrides, 0, self.store)[-1:])
        return Plan(experiment, overrides, {stage.name: stage for stage in stages}, self.store)

    def elsewhere(self, made: Plan, store: Path, but: Sequence[str] = TRAINED) -> Plan:
        """The same plan in another store, where all but the trained stages are there already."""
        store.mkdir(exist_ok=True)
        (store / ".settings").symlink_to(self.store / ".settings", target_is_directory=True)  # resolved already
        for name, stage in made.stages.items():
            if name not in but:
                made.run(name)
                (store / stage.folder_name).symlink_to(made.folder(name), target_is_directory=True)
        return made._replace(store=store)


@pytest.fixture(scope="session")
def planned(store: Path, small: dict[str, list[str]]) -> Planner:
    return Planner(store, small)


ROWS = {row.name: row.overrides for row in load_table("emotion_4").rows}


@pytest.fixture(scope="session")
def late(planned: Planner) -> Plan:
    """Emotion's late fusion, of the picture classifier and fastText."""
    made = planned(*ROWS["Late fusion"], experiment="emotion_reddit")
    made.run("late")
    return made


@pytest.fixture(scope="session")
def common(planned: Planner) -> Plan:
    """Emotion's common-space fusion."""
    made = planned("--model.lr=0.1", experiment="emotion_reddit")
    made.run("classifier")
    return made
