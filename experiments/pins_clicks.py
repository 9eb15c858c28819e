"""One query of a click log: what was clicked, how its annotations rank, which share a word (Pins, Section 3.2.1)."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from datamodules.preparing import Piece, Problem
from datamodules.preparing.readers import read_lines
from datamodules.triplets import Clicks, Rules, read_clicks
from datamodules.triplets.building import top_ranked
from datamodules.triplets.clicks import Line
from datamodules.triplets.phrases import normalised
from datamodules.triplets.stems import Stems

FEWEST = 3  # positive phrases of a query that is worth a picture


class Item(NamedTuple):
    """A clicked picture."""

    path: str  # relative to the media root
    annotations: list[str]
    clicks: int


class Ranked(NamedTuple):
    """An annotation with the clicks on the items that carry it."""

    phrase: str
    clicks: int
    shares_word: bool  # a stem in common with the query, so that it is struck out


class Query(NamedTuple):
    """A query's way from clicks to positive phrases."""

    text: str
    items: list[Item]  # clicked ones, most clicks first
    ranked: list[Ranked]  # the top ones, best first

    @property
    def positives(self) -> list[str]:
        """What is left once those that share a word are struck out."""
        return [each.phrase for each in self.ranked if not each.shares_word]


def read_query(path: Path, rules: Rules, query: str | None, seed: int) -> Query:
    """Follow one query of a log.

    Args:
        path: the log.
        rules: which annotations are taken.
        query: its words; None draws one with an annotation that is struck out and three that stay, or as near as
            there is.
        seed: of the draw.

    Raises:
        ValueError: no annotation has clicks enough, or none of this query has.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = read_clicks(path, Path(folder) / "problems.jsonl")
    best = top_ranked(log, rules)
    if not len(best):
        raise ValueError(f"{path}: no annotation has {rules.min_clicks:,} clicks or more (min_clicks)")
    annotation, of_query = log.annotation[best], log.query[best]
    shares = Stems(log.phrases.texts).share(of_query, annotation)
    wanted = _drawn(of_query, shares, seed) if query is None else _number(log, query)
    rows = np.flatnonzero(of_query == wanted)
    if not len(rows):
        raise ValueError(f"{path}: nobody clicked on a result of {query!r}; take another query, or null for any")
    text = log.phrases.texts[wanted]
    found = [Ranked(log.phrases.texts[annotation[row]], int(log.score[best[row]]), bool(shares[row])) for row in rows]
    return Query(text, sorted(_items(path, text), key=lambda item: -item.clicks), found)


def _drawn(query: NDArray[np.int64], shares: NDArray[np.bool_], seed: int) -> int:
    """A query of the best kind there is: struck-out annotations and enough positives, one of both, any."""
    numbers = np.unique(query)
    struck = np.bincount(query[shares], minlength=numbers.max() + 1)[numbers]
    left = np.bincount(query[~shares], minlength=numbers.max() + 1)[numbers]
    kinds = ((struck > 0) & (left >= FEWEST), (struck > 0) & (left > 0), left > 0, left >= 0)
    chosen = next(numbers[kind] for kind in kinds if kind.any())
    return int(np.random.default_rng(seed).choice(chosen))


def _number(log: Clicks, query: str) -> int:
    text = normalised(query)
    return log.phrases.texts.index(text) if text in log.phrases.texts else -1


def _items(path: Path, query: str) -> list[Item]:
    """The query's clicked items; lines of one item add up."""
    clicks, annotations = dict[str, int](), dict[str, list[str]]()
    for line in _lines(path):
        if line.clicks and normalised(line.query) == query:
            clicks[line.item] = clicks.get(line.item, 0) + line.clicks
            known = annotations.setdefault(line.item, [])
            known += [phrase for phrase in map(normalised, line.annotations) if phrase and phrase not in known]
    return [Item(item, annotations[item], count) for item, count in clicks.items()]


def _lines(path: Path) -> Iterator[Line]:
    """The log's good lines; `read_clicks` has judged the others."""
    decode = msgspec.json.Decoder(Line).decode
    for found in read_lines(path.parent, Piece(path.name, 0, path.stat().st_size)):
        if not isinstance(found, Problem):
            try:
                yield decode(found[1])
            except (msgspec.DecodeError, RecursionError):
                continue
