"""A look into one row of DU2MCE: how each task came out, and which queries came out best and worst."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.documents import Block, Document
from experiments.printed import NAMES, decimals, spread
from experiments.rank_results import read_queries
from experiments.rank_tables import MEDIANS, RECALLS
from experiments.results import read_facts, read_metrics, scored_parts
from experiments.tables import RANKS, Rank

if TYPE_CHECKING:
    from datamodules.posts import Posts

SHOWN = 120  # characters of a text
SIZES = {"queries": "Queries", "gallery": "Gallery", "pairs": "Pairs"}
EXPLAINED = (
    "Ranks are from 1, of a query's true items in the whole gallery; statistics are over queries, R@k is the share in "
    "percent with a true item among the first k."
)

Rows = Mapping[str, Path]  # what a row is called -> its folder


def rank_document(folder: Path, base: Path | None, part: str, count: int) -> Document:
    """The report of a stage that ranked held-out queries.

    Args:
        folder: of the stage.
        base: another one, of the same queries.
        part: "test" shows all tasks, a task's own name that one.
        count: queries of each task that are shown, half of them the best ones.

    Raises:
        FileNotFoundError: a folder is not that of a finished stage.
        ValueError: the part is neither, or the two ranked other queries.
    """
    rows = {"ours": folder} | ({"base": base} if base else {})
    tasks = [task for task in RANKS if task in scored_parts(folder) and part in ("test", task)]
    if not tasks:
        known = [task for task in RANKS if task in scored_parts(folder)]
        raise ValueError(f"{folder}: a report of ranks is of a task, {', '.join(known)}, or of test, all of them")
    facts = read_facts(folder)
    data = _posts(facts.benchmark)
    intro = ["Simulated posts of our own: nothing here is comparable with a published number."] * facts.simulated
    intro.append(f"Data set {facts.label}. {EXPLAINED}")
    queries = [block for task in tasks if (block := _queries(rows, task, count, data)) is not None]
    return Document(f"Report of {folder.name}", intro, [_statistics(rows, tasks), *queries])


def _posts(folder: Path | None) -> "Posts | None":
    """The prepared posts, where they are known and still there."""
    if folder is None or not (folder / "dataset.json").is_file():
        return None
    from datamodules.posts import Posts

    return Posts(folder)


def _statistics(rows: Rows, tasks: list[Rank]) -> Block:
    lines = []
    for task in tasks:
        for row, folder in rows.items():
            found = read_metrics(folder, task)
            sizes = [f"{found[name]:,.0f}" for name in SIZES]
            ranks = [spread([found[name]], 1) for name in ("mean_median_rank", "chance", *MEDIANS)]
            recalls = [spread([100 * found[name]]) for name in RECALLS]
            lines.append([NAMES[task], row, *sizes, *ranks, *recalls])
    joint = [f"{row} {spread([read_metrics(folder)['joint']], decimals('joint'))}" for row, folder in rows.items()]
    header = ["Task", "Row", *SIZES.values(), "Mean median rank", "By chance", *MEDIANS.values()]
    note = f"Joint score, the sum over tasks of mean median rank / gallery: {', '.join(joint)}."
    return Block("Tasks", [*header, *(NAMES[name] for name in RECALLS)], lines, [note])


def _queries(rows: Rows, task: Rank, count: int, data: "Posts | None") -> Block | None:
    """The best and the worst ones by median rank; of two rows, those where ours gains and loses most.

    None where a row has no vectors for the task.
    """
    found = {row: read_queries(folder, task) for row, folder in rows.items()}
    if not all(row.ids for row in found.values()):
        return None
    ours, others = found["ours"], list(found.values())[1:]
    if any(other.ids != ours.ids for other in others):
        raise ValueError(f"{rows['base']}: its queries of {task} are not those of {rows['ours']}")
    order = np.argsort(ours.median - sum(other.median for other in others), kind="stable")
    count = min(count, len(order))
    chosen = np.concatenate([order[: count - count // 2], order[len(order) - count // 2 :]]).tolist()
    ids = [ours.ids[at] for at in chosen]
    texts = [textwrap.shorten(text, SHOWN) for text in data.texts(ids)] if data else [""] * len(ids)
    lines = [
        [post, text or "–", str(ours.true[at]), *(f"{value:,.1f}" for row in found.values() for value in row.ranks(at))]
        for at, post, text in zip(chosen, ids, texts, strict=True)
    ]
    header = ["Post", "Text of the post", "True items"]
    header += [f"{name} {row}" if others else name for row in found for name in ("Median rank", "Best rank")]
    said = "where ours gains most on base, then those where it loses most" if others else "the best, then the worst"
    title = f"{NAMES[task]}: {len(lines)} of {len(ours.ids):,} queries"
    return Block(title, header, lines, [f"By median rank: {said}."], words=2)
