"""Clicks on an image search's results, summed to scores of annotations (Pins, section 3.2.1)."""

from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from datamodules.preparing import Piece, Problem
from datamodules.preparing.joining import published
from datamodules.preparing.readers import read_lines
from datamodules.triplets.phrases import Phrases
from encoders.atomic import replacing

MAX_BAD = 0.01
PENDING = 2**22  # pairs that wait to be summed: 64 MiB
_WANTED = 'wanted: {"query": "hair styles", "item": "17.jpg", "annotations": ["ponytail"], "clicks": 3}'


class Line(msgspec.Struct):
    """One line of a log: for a query this item was shown, with these annotations, and clicked on so many times."""

    query: str
    item: Annotated[str, msgspec.Meta(min_length=1)]
    annotations: list[str]
    clicks: Annotated[int, msgspec.Meta(ge=0, le=10**12)]


class Clicks(NamedTuple):
    """A log as scores: S pairs of a query and an annotation with at least one click."""

    phrases: Phrases  # all queries and annotations
    frequency: NDArray[np.int64]  # (P,) lines in which a phrase is the query or an annotation
    query: NDArray[np.int64]  # (S,) numbers of phrases, ascending
    annotation: NDArray[np.int64]  # (S,)
    score: NDArray[np.int64]  # (S,) clicks on the items that carry the annotation
    counts: dict[str, int]  # lines, bad lines, distinct queries and annotations, annotations without letter or digit


class PairSums:
    """Sums by pair of numbers below 2^31, in memory that grows with the distinct pairs, not with what is added."""

    def __init__(self, pending: int = PENDING) -> None:
        self._limit = pending
        self._keys, self._amounts = array("q"), array("q")
        self._sums = np.zeros((2, 0), np.int64)  # keys ascending, sums

    def add(self, first: int, others: Iterable[int], amount: int) -> None:
        """Add `amount` to the pairs of `first` with each of `others`."""
        keys = [first << 32 | second for second in others]
        self._keys.extend(keys)
        self._amounts.extend([amount] * len(keys))
        if len(self._keys) >= self._limit:
            self._settle()

    def result(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """First numbers, second numbers, sums, in ascending order of the pairs."""
        self._settle()
        keys, sums = self._sums
        return keys >> 32, keys & (2**32 - 1), sums

    def _settle(self) -> None:
        added = np.stack([np.array(self._keys, np.int64), np.array(self._amounts, np.int64)])
        keys, amounts = np.concatenate([self._sums, added], axis=1)
        order = np.argsort(keys, kind="stable")
        keys, amounts = keys[order], amounts[order]
        begins = np.flatnonzero(np.diff(keys, prepend=-1))
        self._sums = np.stack([keys[begins], np.add.reduceat(amounts, begins) if len(begins) else amounts])
        self._keys, self._amounts = array("q"), array("q")


def read_clicks(path: Path | str, problems: Path, max_bad: float = MAX_BAD) -> Clicks:
    """Read a log of JSON lines; memory grows with the distinct pairs and the distinct spellings of phrases.

    Lines of one query and item add up. An item carries the annotations that its line names, each once.

    Args:
        path: the log.
        problems: file to write, a line for every bad one (file, line, cause).
        max_bad: share of the lines that may be bad, in [0, 1].

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: max_bad is out of its range, or too many lines are bad, or no line is there; names the first cause.
    """
    if not 0 <= max_bad <= 1:
        raise ValueError(f"max_bad: {max_bad:g}; it is a share of the lines, from 0 to 1")
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such click log; {_WANTED}")
    sums, bad = _Sums(), list[Problem]()
    for number, line in _lines(path):
        cause = line if isinstance(line, str) else sums.add(line)
        if cause:
            bad.append(Problem(path.name, number, None, cause))
    _judge(path, problems, bad, sums.lines + len(bad), max_bad)
    return sums.result(len(bad))


class _Sums:
    """What a log comes to so far."""

    def __init__(self) -> None:
        self.phrases, self.pairs, self.frequency = Phrases(), PairSums(), array("q")
        self.queries, self.annotations = set[int](), set[int]()
        self.lines = self.empty = 0

    def add(self, line: Line) -> str:
        """Why the line can't be added, or ""."""
        query = self.phrases.number(line.query)
        if query < 0:
            return "query: no letter or digit in it"
        found = [self.phrases.number(text) for text in line.annotations]
        carried = dict.fromkeys(number for number in found if number >= 0)
        self.lines += 1
        self.empty += found.count(-1)
        self.frequency.extend([0] * (len(self.phrases) - len(self.frequency)))
        for number in {query, *carried}:
            self.frequency[number] += 1
        self.queries.add(query)
        self.annotations.update(carried)
        if line.clicks:
            self.pairs.add(query, carried, line.clicks)
        return ""

    def result(self, bad: int) -> Clicks:
        counts = {"lines": self.lines + bad, "bad_lines": bad}
        counts |= {"queries": len(self.queries), "annotations": len(self.annotations), "phrases": len(self.phrases)}
        counts |= {"empty_annotations": self.empty}
        return Clicks(self.phrases, np.array(self.frequency, np.int64), *self.pairs.result(), counts)


def _lines(path: Path) -> Iterator[tuple[int, Line | str]]:
    """Numbers of lines with their content, or with what is wrong with it."""
    decode = msgspec.json.Decoder(Line).decode
    for found in read_lines(path.parent, Piece(path.name, 0, path.stat().st_size)):
        if isinstance(found, Problem):
            yield found.line, found.cause
            continue
        number, text = found
        try:
            yield number, decode(text)
        except (msgspec.DecodeError, RecursionError) as error:  # of a wrong type too
            yield number, _cause(error)


def _cause(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        what, _, where = str(error).partition(" - at ")
        return f"fields: {what}" + (f" at {where}" if where else "")
    return f"not JSON: {error}"


def _judge(path: Path, problems: Path, bad: list[Problem], lines: int, max_bad: float) -> None:
    with replacing(problems) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.writelines(map(published, bad))
    if not lines:
        raise ValueError(f"{path}: empty; {_WANTED}")
    if len(bad) > max_bad * lines:
        share = f"{len(bad):,} of {lines:,} lines are bad, more than max_bad {max_bad:g}"
        first = f"the first is line {bad[0].line}: {bad[0].cause}"
        raise ValueError(f"{path}: {share}; {first}; see {problems}; {_WANTED}")
