"""What tables say of ranks beside the mean median rank: galleries, and the other statistics of each task."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.documents import Block
from experiments.printed import NAMES, spread
from experiments.results import read_metrics, scored_parts
from experiments.tables import RANKS, Rank, Target

MEDIANS = {"median_rank": "Median rank", "median_best_rank": "Median best rank"}
RECALLS = ("recall@1", "recall@5", "recall@10")


def ranked_tasks(folder: Path, target: Target) -> list[Rank]:
    """The tasks of ranks that a target is of: those of its columns, or the part that it scores."""
    parts = {*target.metrics, target.split}.intersection(scored_parts(folder))
    return [task for task in RANKS if task in parts]


def galleries(folder: Path, target: Target) -> list[str]:
    """What was asked for in each task, and what a random order gives; nothing where ranks are not scored."""
    told = []
    for task in ranked_tasks(folder, target):
        facts = read_metrics(folder, task)
        sizes = f"{facts['queries']:,.0f} queries among {facts['gallery']:,.0f} items"
        told.append(f"{NAMES[task]}: {sizes}, {facts['chance']:,.1f} by chance")
    return told


def recall_by_task(
    title: str, data: str, rows: Sequence[str], folders: Mapping[tuple[str, int], Path], target: Target
) -> Block:
    """Median ranks and recall of every row and task, over seeds; recall by chance is in the notes."""
    first = next(iter(folders.values()))
    tasks, lines = ranked_tasks(first, target), []
    for row in rows:
        stages = [folder for (name, _), folder in sorted(folders.items()) if name == row]
        for task in tasks:
            found = [read_metrics(stage, task) for stage in stages]
            medians = [spread([values[name] for values in found], 1) for name in MEDIANS]
            recalls = [spread([100 * values[name] for values in found]) for name in RECALLS]
            lines.append([data, row, NAMES[task], *medians, *recalls])
    header = ["Data set", "Row", "Task", *MEDIANS.values(), *(NAMES[name] for name in RECALLS)]
    chance = [f"{NAMES[task]} {_recalled_by_chance(first, task)}" for task in tasks]
    notes = [
        "Over queries: the median of each one's median rank, that of its best true item's rank, and the share in "
        f"percent with a true item among the first 1, 5 and 10. By chance: {'; '.join(chance)}."
    ]
    return Block(title, header, lines, notes, words=3)


def _recalled_by_chance(folder: Path, task: Rank) -> str:
    facts = read_metrics(folder, task)
    return ", ".join(spread([100 * facts[f"chance_{name}"]]) for name in RECALLS)
