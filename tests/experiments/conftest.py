"""Finished stages, made up; and the papers' stages on a simulated network of a few posts, encoded once a session."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from encoders.pretraining import pretrain_encoders
from experiments import stage as stage_process
from experiments.runner import write_description
from experiments.runs import plan
from experiments.scores import confusion, score
from experiments.stages import Stage, ordered
from experiments.tables import load_table

WriteStage = Callable[..., Path]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def write_toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Functions of toy stages as the module `toys`, which stages can import; returns a folder for a store."""

    def write(code: str) -> Path:
        (tmp_path / "toys.py").write_text(code)
        monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
        return tmp_path / "runs"

    return write


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


GALLERIES = {"text_user": 40, "image_text": 20, "image_user": 40}


def write_ranked_stage(  # a finished row of DU2MCE
    folder: Path, share: float, seed: int = 0, ids: str = "network/", **facts: object
) -> Path:
    """Ten queries a task with two true items each, median ranks about a `share` of the gallery, best ones half of it.

    Recall is made up from the share and the seed.
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    columns: dict[str, list[Any]] = {key: [] for key in ("id", "part", "median_rank", "best_rank", "true")}
    metrics: dict[str, dict[str, float]] = {}
    for task, gallery in GALLERIES.items():
        ranks = np.clip(share * gallery + rng.uniform(-1, 1, 10), 1, gallery)
        columns["id"] += [f"{ids}{number}" for number in range(10)]
        columns["part"] += [task] * 10
        columns["median_rank"] += ranks.tolist()
        columns["best_rank"] += (ranks / 2).tolist()
        columns["true"] += [2] * 10
        chance = (gallery + 1) / 2
        sizes = {"queries": 10, "gallery": gallery, "pairs": 20, "chance": chance}
        metrics[task] = {"mean_median_rank": ranks.mean(), "median_rank": share * gallery + seed} | sizes
        metrics[task] |= {f"recall@{depth}": (1 - share) * depth / 10 - seed / 100 for depth in (1, 5, 10)}
        metrics[task] |= {f"chance_recall@{depth}": depth / gallery for depth in (1, 5, 10)}
        metrics[task]["median_best_rank"] = share * gallery
    joint = sum(metrics[task]["mean_median_rank"] / gallery for task, gallery in GALLERIES.items())
    chance = sum(metrics[task]["chance"] / gallery for task, gallery in GALLERIES.items())
    own = {task: metrics[task]["mean_median_rank"] for task in GALLERIES}
    gain = {task: 1 - rank / metrics[task]["chance"] for task, rank in own.items()}
    metrics |= {"test": own | {"joint": joint}, "gain": gain | {"joint": 1 - joint / chance}}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    dataset = {"name": "simulated_timelines", "simulated": True, "classes": [], "kind": "ranks"} | facts
    (folder / "dataset.json").write_text(json.dumps(dataset))
    pq.write_table(pa.table(columns), folder / "predictions.parquet")
    return folder


@pytest.fixture
def ranked_stage() -> WriteStage:
    return write_ranked_stage


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
        "du2mce": [
            *shared,
            *("--protocol.network.labelled=20", "--protocol.network.corpus=30", "--protocol.network.timelines=400"),
            *("--protocol.texts.min_count=1", "--protocol.accounts.min_posts=5", "--protocol.shares.validation=0.1"),
            "--protocol.pictures.min_similarity=1",  # to an encoder that has learned nothing all pictures are alike
            *("--protocol.vectors.size=8", "--protocol.vectors.epochs=1", "--model.size=8", "--data.batch_size=64"),
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
