"""What ranks of held-out queries say, and the files that tables read (DU2MCE, sections 4.2 and 4.6).

Imports no torch.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from datamodules.retrieval_tasks import RetrievalTask
from encoders.atomic import replacing, write_json
from encoders.tasks import DEPTHS

PART: Literal["test"] = "test"
STATISTICS = ("mean_median_rank", "median_rank", "median_best_rank", *(f"recall@{depth}" for depth in DEPTHS))

Metrics = dict[str, float | None]
SCHEMA = pa.schema(
    {
        "part": pa.string(),  # the task
        "id": pa.string(),  # of the post that stands for the query
        "median_rank": pa.float64(),  # of the query's true items
        "best_rank": pa.float64(),
        "true": pa.int64(),  # how many items are true
    }
)


class Ranked(NamedTuple):
    """How the Q queries of a task came out."""

    statistics: Metrics
    median: NDArray[np.float64]  # (Q,) of a query's true items, from 1
    best: NDArray[np.float64]  # (Q,)


def by_chance(task: RetrievalTask) -> Ranked:
    """What a random order is expected to give.

    Of n true items among G the median rank is (G + 1) / 2 in the mean, however many they are, since ranks counted from
    the other end are as likely; the best one is (G + 1) / (n + 1). None of them is among the first k with probability
    C(G - n, k) / C(G, k).
    """
    size, count = task.gallery_size, np.diff(task.offsets).astype(np.float64)  # (Q,)
    median, best = np.full(len(count), (size + 1) / 2), (size + 1) / (count + 1)
    ranks = (size + 1) / 2, (size + 1) / 2, float(np.median(best))
    found: Metrics = dict(zip(STATISTICS[:3], ranks, strict=True))
    missed = np.ones(len(count))
    for drawn in range(max(DEPTHS)):
        missed *= np.clip(1 - count / max(size - drawn, 1), 0, 1)
        if drawn + 1 in DEPTHS:
            found[f"recall@{drawn + 1}"] = float(1 - missed.mean())
    return Ranked(found, median, best)


def metrics_of(task: RetrievalTask, ranked: Ranked | None) -> Metrics:
    """A task's statistics, null where it does not apply or asks nothing; its size, and what chance gives."""
    sizes: Metrics = {"queries": len(task.queries), "gallery": task.gallery_size, "pairs": len(task.true)}
    sizes |= {"unknown_users": task.unknown_users, "chance": (task.gallery_size + 1) / 2}
    known = len(task.queries) > 0
    chance = by_chance(task).statistics if known else {}
    recalls: Metrics = {f"chance_recall@{depth}": chance.get(f"recall@{depth}") for depth in DEPTHS}
    return {**dict.fromkeys(STATISTICS), **(ranked.statistics if ranked and known else {}), **sizes, **recalls}


def joint(tasks: Sequence[Metrics], rank: str = "mean_median_rank") -> float | None:
    """Sum over tasks of rank / gallery size, lower is better (Section 4.6); None where a task has none."""
    shares = [value / size for task in tasks if (value := task[rank]) is not None and (size := task["gallery"])]
    return sum(shares) if len(shares) == len(tasks) else None


def summed_up(metrics: Mapping[str, Metrics]) -> dict[str, Metrics]:
    """The parts "test", each task's mean median rank and the joint score, and "gain", 1 - their shares of chance's."""
    tasks = list(metrics.values())
    ours = {name: values["mean_median_rank"] for name, values in metrics.items()} | {"joint": joint(tasks)}
    chance = {name: values["chance"] for name, values in metrics.items()} | {"joint": joint(tasks, "chance")}
    gain = {name: 1 - rank / at if (at := chance[name]) and rank is not None else None for name, rank in ours.items()}
    return {PART: ours, "gain": gain}


def write_ranks(
    folder: Path,
    tasks: Sequence[RetrievalTask],
    ranked: Mapping[str, Ranked],
    ids: Sequence[str],
    facts: dict[str, Any],
    further: Mapping[str, Metrics] | None = None,
) -> None:
    """Write `metrics.json`, `predictions.parquet` and `dataset.json`.

    Of the metrics each task is a part, beside those of `summed_up`.

    Args:
        folder: of the stage.
        tasks: what was asked.
        ranked: how the tasks came out that apply.
        ids: of the corpus's posts.
        facts: what `dataset.json` says.
        further: other parts of metrics.
    """
    metrics = {task.name: metrics_of(task, ranked.get(task.name)) for task in tasks}
    tables = [_table(task, ranked[task.name], ids) for task in tasks if task.name in ranked]
    with replacing(folder / "predictions.parquet") as path:
        pq.write_table(pa.concat_tables([SCHEMA.empty_table(), *tables]), path)
    write_json(folder / "dataset.json", facts)
    write_json(folder / "metrics.json", summed_up(metrics) | metrics | dict(further or {}))
    print("\n".join(_shown(task, metrics[task.name]) for task in tasks), flush=True)


def pass_on(before: Path, folder: Path, part: str, values: Metrics, predicted: pa.Table | None = None) -> None:
    """Leave what an earlier stage left of a row, with one more part of metrics and, where given, of predictions."""
    metrics, facts = (json.loads((before / name).read_text("utf-8")) for name in ("metrics.json", "dataset.json"))
    table = pq.read_table(before / "predictions.parquet")
    if predicted is not None:
        table = pa.concat_tables([table, predicted], promote_options="default")
    with replacing(folder / "predictions.parquet") as path:
        pq.write_table(table, path)
    write_json(folder / "dataset.json", facts)
    write_json(folder / "metrics.json", metrics | {part: values})


def _table(task: RetrievalTask, ranked: Ranked, ids: Sequence[str]) -> pa.Table:
    own = [ids[post] for post in task.queries.tolist()]
    columns = [[task.name] * len(own), own, ranked.median, ranked.best, np.diff(task.offsets)]
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, SCHEMA.types, strict=True)], schema=SCHEMA)


def _shown(task: RetrievalTask, values: Metrics) -> str:
    """A line for the log."""
    size = f"{task.name}: {len(task.queries):,} queries, {task.gallery_size:,} items"
    if task.unknown_users:
        size += f" ({task.unknown_users:,} posts of users without training posts ask nothing)"
    if values["mean_median_rank"] is None:
        return f"{size}, n/a"
    ours = f"mean median rank {values['mean_median_rank']:.1f}, median rank {values['median_rank']:.1f}"
    return f"{size}, {ours}, by chance {values['chance']:.1f}"
