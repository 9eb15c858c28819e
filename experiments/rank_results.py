"""What ranks a finished stage left, query by query. Imports nothing heavy."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.results import read_metrics, scored_parts
from experiments.statistics import Ranked
from experiments.tables import RANKS, Metric, Rank


class RankedQueries(NamedTuple):
    """How the Q queries of a task came out."""

    ids: list[str]  # of the posts that stand for them
    median: NDArray[np.float64]  # (Q,) rank of a query's true items
    best: NDArray[np.float64]  # (Q,)
    true: NDArray[np.int64]  # (Q,) how many items are true

    def ranks(self, query: int) -> tuple[float, float]:
        """Median and best rank of one."""
        return float(self.median[query]), float(self.best[query])


def read_queries(folder: Path, task: Rank) -> RankedQueries:
    """Every query of a task in stored order; none where a row has no vectors for it."""
    import pyarrow.parquet as pq

    columns = ["id", "median_rank", "best_rank", "true"]
    table = pq.read_table(folder / "predictions.parquet", columns=columns, filters=[("part", "==", task)])
    return RankedQueries(table["id"].to_pylist(), *(table[name].to_numpy() for name in columns[1:]))


def read_gains(folder: Path, metric: Metric) -> Ranked:
    """Gain over a random order of every query: 1 - its median rank / chance's mean, so 0 by chance and 1 at best.

    Of `joint` the tasks weigh as in the sum of normalised ranks: 1 - joint score / that of chance is their sum.

    Raises:
        ValueError: the stage has no ranks of this task.
    """
    import pyarrow.parquet as pq

    tasks = [task for task in RANKS if task in scored_parts(folder) and task != "joint"]
    if metric != "joint":
        tasks = [task for task in tasks if task == metric]
    facts = {task: read_metrics(folder, task) for task in tasks}
    if not facts or any(np.isnan(fact["mean_median_rank"]) for fact in facts.values()):
        raise ValueError(f"{folder}: no ranks of {metric}; there are {', '.join(scored_parts(folder))}")
    table = pq.read_table(
        folder / "predictions.parquet", columns=["id", "part", "median_rank"], filters=[("part", "in", tasks)]
    )
    parts = table["part"].to_pylist()
    place = np.array([tasks.index(part) for part in parts], np.int64)
    chance = np.array([facts[task]["chance"] for task in tasks])
    share = chance / np.array([facts[task]["gallery"] for task in tasks])
    ids = [f"{part} {own}" for part, own in zip(parts, table["id"].to_pylist(), strict=True)]
    gain = 1 - table["median_rank"].to_numpy() / chance[place]
    return Ranked(ids, gain, place, share / share.sum())
