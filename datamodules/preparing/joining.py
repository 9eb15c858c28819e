"""Parts to the prepared data set, in the order of the plan."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datamodules.posts import SCHEMA, SPLIT, USERS, VERSION, top_label
from datamodules.preparing.parts import part_path, read_problems, write_table
from datamodules.preparing.records import Card, Problem, Ranking

PARTS = ("train", "validation", "test")
GROUP = 10_000  # posts of a row group, which a reader of some posts takes whole


class Ranked(NamedTuple):
    """A post, the group within which it competes, and what it is ordered by."""

    post: str
    group: str
    value: int


def join(card: Card, parts: Path, count: int, out: Path) -> dict[str, Any]:
    """Write posts, users, splits and problems into `out`; return what `dataset.json` says of them.

    Of several posts with one id the first stays. One part is held in memory at a time.
    """
    (out / "posts").mkdir(parents=True)
    (out / "splits").mkdir()
    book = _Book(card)
    repeated, seen = _repeated(parts, count), set[str]()
    with (out / "problems.jsonl").open("w", encoding="utf-8") as handle:
        for index in range(count):
            table, copies = _without_copies(pq.read_table(part_path(parts, index, "parquet")), repeated, seen)
            book.add(table)
            if len(table):  # datasets fails on empty files
                write_table(out / "posts" / f"part-{index:06d}.parquet", table.select(SCHEMA.names), GROUP)
            for problem in [*read_problems(part_path(parts, index, "jsonl")), *copies]:
                book.outcomes[problem.outcome][problem.name] += 1
                handle.write(published(problem))
        handle.flush()
        os.fsync(handle.fileno())
    book.write(out)
    return book.counts()


class _Book:
    """What is gathered over all parts."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.kept = 0
        self.outcomes: dict[str, Counter[str]] = {"bad": Counter(), "dropped": Counter(), "kept": Counter()}
        self.splits: dict[str, list[pa.Table]] = {}  # rows part by part; in Arrow, 30 bytes a post, not 240
        self.users: pa.Array = pa.array([], pa.string())
        self.values: dict[str, set[str]] = {}
        self.ids: list[str] = []
        self.ranked: list[Ranked] = []

    def add(self, table: pa.Table) -> None:
        self.kept += len(table)
        self.users = pc.unique(pa.concat_arrays([self.users, *table["user"].drop_null().chunks]))
        for protocol, rows in _split_rows(table):
            self.splits.setdefault(protocol, []).append(rows)
        labels = table["labels"].combine_chunks().flatten()
        for task, value in set(zip(labels.field("task").to_pylist(), labels.field("value").to_pylist(), strict=True)):
            self.values.setdefault(task, set()).add(value)
        labelled = pc.greater(pc.fill_null(pc.list_value_length(table["labels"]), 0), 0)
        self.ids += (table if self.card.random_split else table.filter(labelled))["id"].to_pylist()
        if self.card.ranking is not None:
            self.ranked += _ranked(table, self.card.ranking, (self.card.tasks or {})[self.card.ranking.task])

    def write(self, out: Path) -> None:
        if self.ranked:
            self.splits["paper"] = [_split(ranked_parts(self.ranked))]
            self.splits["global"] = [_split(ranked_parts([ranked._replace(group="") for ranked in self.ranked]))]
        if self.ids and (self.card.random_split or not self.splits):  # labelled posts need some split
            self.splits["random"] = [_split(random_parts(self.ids))]
        for protocol, tables in sorted(self.splits.items()):
            write_table(out / "splits" / f"{protocol}.parquet", pa.concat_tables(tables))
        users = sorted(self.users.to_pylist())
        known = self.card.user_labels
        labels = msgspec.to_builtins(known.of(users)) if known else [None] * len(users)
        write_table(out / "users.parquet", pa.table([users, labels], schema=USERS))

    def counts(self) -> dict[str, Any]:
        dropped = self.outcomes["bad"] + self.outcomes["dropped"]
        tasks = self.card.tasks
        return {
            "version": VERSION,
            "name": self.card.name,
            "licence": self.card.licence,
            "media_root": str(self.card.media_root),
            "tasks": {task: sorted(values) for task, values in self.values.items()} if tasks is None else tasks,
            "user_tasks": self.card.user_labels.tasks() if self.card.user_labels else {},
            "kept": self.kept,
            "dropped": dict(dropped),
            "suspicious": dict(self.outcomes["kept"]),
        }


def published(problem: Problem) -> str:
    """A line of `problems.jsonl`."""
    fields = {"file": problem.file, "line": problem.line, "id": problem.id, "cause": problem.cause}
    fields |= {"lost": problem.lost} if problem.lost else {}
    return json.dumps(fields, ensure_ascii=False) + "\n"


def random_parts(ids: list[str], seed: int = 0) -> list[tuple[str, str]]:
    """80/10/10 by an order drawn from (seed, id), so that one post more moves few others; in the order of `ids`."""
    drawn = sorted(ids, key=lambda post: hashlib.sha256(f"{seed} {post}".encode()).digest())
    part = _tenths(drawn)
    return [(post, part[post]) for post in ids]


def ranked_parts(posts: Sequence[Ranked]) -> list[tuple[str, str]]:
    """Of each group the tenth of highest value to test, the next to validation (Emotion, Section 5.4).

    Tenths are rounded down, equal values are ordered by id; in the order of `posts`.
    """
    groups: dict[str, list[str]] = {}
    for ranked in sorted(posts, key=lambda ranked: (-ranked.value, ranked.post)):
        groups.setdefault(ranked.group, []).append(ranked.post)
    part = {post: name for ordered in groups.values() for post, name in _tenths(ordered).items()}
    return [(ranked.post, part[ranked.post]) for ranked in posts]


def _tenths(ordered: list[str]) -> dict[str, str]:
    """The first tenth to test, the next to validation, the rest to train."""
    tenth = len(ordered) // 10
    part = dict.fromkeys(ordered, "train")
    return part | dict.fromkeys(ordered[:tenth], "test") | dict.fromkeys(ordered[tenth : 2 * tenth], "validation")


def _split(rows: list[tuple[str, str]]) -> pa.Table:
    return pa.table([[post for post, _ in rows], [part for _, part in rows]], schema=SPLIT)


def _split_rows(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The posts that each protocol names, with their parts, in the order of the table."""
    lists = table["parts"].combine_chunks()
    rows = lists.flatten()
    posts = table["id"].combine_chunks().take(pc.list_parent_indices(lists))
    for protocol in pc.unique(rows.field("protocol")).to_pylist():
        named = pc.equal(rows.field("protocol"), protocol)
        yield protocol, pa.table([posts.filter(named), rows.field("part").filter(named)], schema=SPLIT)


def _ranked(table: pa.Table, ranking: Ranking, classes: list[str]) -> Iterator[Ranked]:
    number = {name: position for position, name in enumerate(classes)}
    for row in table.select(["id", "ups", "labels"]).to_pylist():
        if (label := top_label(row["labels"], ranking.task, number)) is not None:
            yield Ranked(row["id"], label["value"], (row["ups"] if ranking.by == "ups" else label["count"]) or 0)


def _hash(post: str) -> int:
    return int.from_bytes(hashlib.blake2b(post.encode(), digest_size=8).digest(), "little")


def _repeated(parts: Path, count: int) -> set[int]:
    """Hashes that occur more than once: 8 bytes a post, where a set of all ids would take gigabytes."""
    every = [np.zeros(0, np.uint64)]
    for index in range(count):
        ids = pq.read_table(part_path(parts, index, "parquet"), columns=["id"])["id"].to_pylist()
        every.append(np.array([_hash(post) for post in ids], np.uint64))
    hashes, times = np.unique(np.concatenate(every), return_counts=True)
    return set(hashes[times > 1].tolist())


def _without_copies(table: pa.Table, repeated: set[int], seen: set[str]) -> tuple[pa.Table, list[Problem]]:
    """The rows whose id did not occur before, and a problem for each other one."""
    first, copies = [], []
    for post, file, line in _places(table) if repeated else []:
        copy = _hash(post) in repeated and post in seen
        first.append(not copy)
        if copy:
            copies.append(Problem(file, line, post, "duplicate id: the first stays", "dropped"))
        elif _hash(post) in repeated:
            seen.add(post)
    return (table.filter(pa.array(first, pa.bool_())) if copies else table), copies


def _places(table: pa.Table) -> Iterator[tuple[str, str, int]]:
    yield from zip(table["id"].to_pylist(), table["file"].to_pylist(), table["line"].to_pylist(), strict=True)
