"""What retrieval and the teacher found for the posts of a benchmark: comments, posts, pseudo labels."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

RUN = "`python -m experiments.run EXPERIMENT --stage {}` makes it"


def existing(path: Path | str, stage: str) -> Path:
    """Return the path; FileNotFoundError names the stage that makes it."""
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: not there or not finished; {RUN.format(stage)}")
    return path


class Retrieved:
    """`retrieved.parquet`: posts and comments found for every post of a benchmark (Section 3.2).

    Args:
        folder: holds the file.

    Raises:
        FileNotFoundError: it does not.
        ValueError: the file lacks a column.
    """

    def __init__(self, folder: Path | str) -> None:
        self.path = existing(Path(folder) / "retrieved.parquet", "retrieve")
        self._table = _read(self.path, ["id", "posts", "comments"])
        self._position = {post: position for position, post in enumerate(self._table["id"].to_pylist())}
        self._posts: list[list[str] | None] = self._table["posts"].to_pylist()

    def posts(self, query: str) -> list[str]:
        """Corpus ids, nearest first."""
        return self._posts[self._row(query)] or []

    def comments(self, query: str, most: int) -> list[str]:
        """At most `most` texts in order of consensus, without blank ones."""
        found = self._table["comments"][self._row(query)].as_py() or []
        texts = (comment["text"] for comment in found)
        return [text for text in texts if text and text.strip()][:most]

    def _row(self, query: str) -> int:
        if query not in self._position:
            raise KeyError(f"{self.path}: nothing was retrieved for post {query!r}; {RUN.format('retrieve')} anew")
        return self._position[query]


def pseudo_labels(path: Path | str, pairs: list[tuple[str, str]], num_classes: int) -> NDArray[np.float32]:
    """Read the teacher's distributions (t_i of Eq. 8).

    Args:
        path: parquet of `id` (corpus), `query` (benchmark), `probabilities` (list of float).
        pairs: P (query, corpus post).
        num_classes: C.

    Returns:
        (P, C), in the order of the pairs.

    Raises:
        KeyError: a pair has no pseudo label.
        ValueError: one is no distribution over C classes.
    """
    table = _read(existing(path, "student_1"), ["query", "id", "probabilities"])
    known = dict(zip(zip(table["query"].to_pylist(), table["id"].to_pylist(), strict=True),
                     table["probabilities"].to_pylist(), strict=True))  # fmt: skip
    lacking = [pair for pair in pairs if pair not in known]
    if lacking:
        raise KeyError(
            f"{path}: no pseudo label for {len(lacking)} of {len(pairs)} pairs, such as query {lacking[0][0]!r} with "
            f"post {lacking[0][1]!r}; {RUN.format('student_1')} for these unlabelled_posts"
        )
    targets = np.zeros((len(pairs), num_classes), dtype=np.float32)
    for position, pair in enumerate(pairs):
        given = known[pair] or []
        if len(given) != num_classes or not abs(sum(given) - 1) < 1e-3 or min(given) < 0:
            raise ValueError(
                f"{path}: query {pair[0]!r}, post {pair[1]!r}: {given} is no distribution over {num_classes} classes"
            )
        targets[position] = given
    return targets


def _read(path: Path, columns: list[str]) -> pa.Table:
    there = pq.read_schema(path).names
    if not set(columns) <= set(there):
        raise ValueError(f"{path}: columns {columns} are needed, there are {there}")
    return pq.read_table(path, columns=columns)
