"""Tables of the papers: which rows, how each is made, and what the paper prints; one YAML file each in `tables/`.

Imports nothing heavy.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, get_args

import msgspec
import yaml

from experiments.arguments import SETTING, choose
from experiments.names import first_comment

T = TypeVar("T")
TABLES = Path(__file__).parent / "tables"
Share = Literal["accuracy", "precision", "recall", "f1", "macro_f1", "micro_f1"]  # shown in percent, higher is better
SHARES: tuple[Share, ...] = get_args(Share)
# Adjusted mutual information of users' clusters and interests; share of the steps that were left at a stated level.
Other = Literal["ami", "early"]
# Mean median ranks of a task's queries, and their sum over tasks as shares of the galleries: lower is better.
Rank = Literal["text_user", "image_text", "image_user", "text_image", "joint"]
RANKS: tuple[Rank, ...] = get_args(Rank)
# Of one task's queries: share with a true item among the first k, and the median rank of the best true item.
Recall = Literal["recall@1", "recall@5", "recall@10"]
BestRank = Literal["median_best_rank"]
LOWER_IS_BETTER = (*RANKS, *get_args(BestRank))
Metric = Literal[Share, Rank, Recall, BestRank, Other]
Averaging = Literal["weighted", "macro", "binary"]


class Asked(NamedTuple):
    """What the command line asks of a table.

    Args:
        name: of the table.
        experiments: some of its experiments; None takes all.
        seeds: of the runs.
        posts: prepared folders, for tables that count posts.
        out: file to write, where one is named.
        run: experiment, rows (name -> overrides), seeds -> folders of the rows' last stages; {} in a dry run.
        departures: what the command line changes in the paper's settings, in words.
        resolve: experiment -> its settings.
    """

    name: str
    experiments: list[str] | None
    seeds: Sequence[int]
    posts: list[Path]
    out: Path | None
    run: Callable[[str, Mapping[str, list[str]], Sequence[int]], Mapping[tuple[str, int], Path]]
    departures: list[str]
    resolve: Callable[[str], dict[str, Any]]


class Side(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One side of a comparison: a row's score, or how little it differs between two of its parts.

    Args:
        row: of the table.
        part: scored part or view of it, as the row's `metrics.json` names it; none is the table's own split.
        gap_to: another part; the score is then minus the absolute difference between the two.
    """

    row: str
    part: str | None = None
    gap_to: str | None = None

    @property
    def label(self) -> str:
        """The row, and what is unusual about how it is scored."""
        if self.gap_to is not None:
            return f"{self.row} (gap between {self.part} and {self.gap_to})"
        return f"{self.row} ({self.part})" if self.part else self.row


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Columns of one experiment: on which posts and how they were scored.

    Args:
        label: the data set's name in the paper.
        data: name of the prepared data set that is comparable with it; empty where the paper has no numbers.
        base: the paper's name of the base classifier, in papers that have one.
        split: scored part.
        experiment: whose runs are scored; none is the key of this target, so that an experiment may have several.
        population: number of scored posts that the paper states.
        metrics: columns, in the paper's order.
        compared: metric of the paired test.
        averaging: of precision, recall and F1 over classes; `binary` scores class 1 alone.
        notes: footnotes.
    """

    label: str
    split: str
    metrics: list[Metric]
    compared: Metric
    averaging: Averaging
    data: str = ""
    population: int = 0
    base: str = ""
    experiment: str = ""
    notes: list[str] = []


class Cell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Published numbers of one row and experiment; `copied`: taken by the authors from another paper.

    Shares are in percent. Null is a metric that the row has not.
    """

    values: dict[Metric, float | None]
    source: Literal["run", "copied"] = "run"
    notes: list[str] = []


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row: dotted settings that make it and, for rows of the paper, experiment -> published numbers.

    `dim` is the published width of its vectors, where rows are vectors.
    """

    name: str
    overrides: list[str]
    dim: int | None = None
    published: dict[str, Cell] = {}
    notes: list[str] = []


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a paper.

    Args:
        title: its number and subject.
        source: where the numbers stand in the paper.
        base_row: every row is tested against it.
        experiments: experiment -> its columns.
        rows: the paper's rows, in its order.
        controls: rows of ours that tell where a gain comes from.
        corpus: name of the prepared corpus that is comparable with the paper's, in papers that have one.
        unit: what is scored.
        decimals: of published numbers; None prints them as the file has them.
        footnotes: key -> text; the paper's slips among them.
    """

    title: str
    source: str
    base_row: str
    experiments: dict[str, Target]
    rows: list[Row]
    controls: list[Row] = []
    corpus: str = ""
    unit: str = "posts"
    decimals: int | None = 2
    footnotes: dict[str, str] = {}

    def runs(self, target: str) -> str:
        """The experiment whose runs the target scores."""
        return self.experiments[target].experiment or target

    def chosen(self, names: Sequence[str] | None, controls: bool) -> list[Row]:
        """Named rows (by default all of the paper's), always with the base row that they are tested against."""
        known = [row.name for row in (*self.rows, *self.controls)]
        wanted = {*(choose("row", names, known) if names else [row.name for row in self.rows]), self.base_row}
        wanted |= {row.name for row in self.controls if controls}
        return [row for row in (*self.rows, *self.controls) if row.name in wanted]


def table_names() -> dict[str, str]:
    """Table name -> its first comment line."""
    return {path.stem: first_comment(path) for path in sorted(TABLES.glob("*.yaml"))}


def table_file(name: str) -> Path:
    """The file of that table; an unknown name is answered and exits with 2."""
    return TABLES / f"{choose('table', [name], table_names())[0]}.yaml"


def load_table(name: str) -> Table:
    """The table of results of that name; an unknown name is answered and exits with 2."""
    return read_table(table_file(name))


def maker_of(path: Path) -> str | None:
    """Dotted path of the function that makes the table, where it is none of results."""
    return read_mapping(path).get("made_by")


def read_table(path: Path) -> Table:
    """Read and check a table's file.

    Raises:
        ValueError: it isn't such a table; names file and key.
    """
    raw = read_mapping(path)
    targets = _mapping(path, raw, "experiments").items()
    parts = {"experiments": {name: convert(path, f"experiments.{name}", part, Target) for name, part in targets}}
    rows = {key: [_row(path, key, *item) for item in _mapping(path, raw, key).items()] for key in ("rows", "controls")}
    table = convert(path, "", raw | parts | rows, Table)
    for problem in _problems(table):
        raise ValueError(f"{path}: {problem}")
    return table


def read_mapping(path: Path) -> dict[str, Any]:
    """A YAML file's mapping; ValueError names the file and the line."""
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not plain YAML: {error}") from error
    return convert(path, "the file", raw, dict[str, Any])


def convert(path: Path, key: str, raw: object, kind: type[T]) -> T:
    """Check one part of a file; ValueError names the file and the dotted key."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        message, _, inner = str(error).partition(" - at `$")
        raise ValueError(f"{path}: {(key + inner.rstrip('`')).lstrip('.')}: {message}".replace(": :", ":")) from error


def _mapping(path: Path, raw: dict[str, Any], key: str, place: str = "") -> dict[str, Any]:
    return convert(path, f"{place}{key}", raw.get(key) or {}, dict[str, Any])


def _row(path: Path, part: str, name: str, raw: object) -> Row:
    place = f"{part}.{name}"
    row = convert(path, place, raw, dict[str, Any])
    cells = _mapping(path, row, "published", f"{place}.").items()
    published = {name: convert(path, f"{place}.published.{name}", cell, Cell) for name, cell in cells}
    return convert(path, place, row | {"name": name, "published": published}, Row)


def _problems(table: Table) -> Iterator[str]:
    """What the types can't say."""
    names = [row.name for row in table.rows]
    if table.base_row not in names:
        yield f"base_row: {table.base_row!r} is no row; there are {', '.join(names)}"
    used = {note for target in table.experiments.values() for note in target.notes}
    for name, target in table.experiments.items():
        if target.compared not in target.metrics:
            yield f"experiments.{name}.compared: {target.compared!r} is not among its metrics"
    for row in (*table.rows, *table.controls):
        used |= {*row.notes, *(note for cell in row.published.values() for note in cell.notes)}
        for word in row.overrides:
            if not SETTING.fullmatch(word):
                yield f"rows.{row.name}.overrides: {word!r} is not of the form --group.name=value"
        for name, cell in row.published.items():
            yield from _cell_problems(table, f"rows.{row.name}.published.{name}", name, cell)
    for note in sorted(used ^ set(table.footnotes)):
        yield f"footnotes.{note}: {'is not there' if note in used else 'nothing refers to it'}"


def _cell_problems(table: Table, key: str, experiment: str, cell: Cell) -> Iterator[str]:
    if experiment not in table.experiments:
        yield f"{key}: no such experiment; there are {', '.join(table.experiments)}"
    elif set(cell.values) != set(table.experiments[experiment].metrics):
        yield f"{key}.values: must be {', '.join(table.experiments[experiment].metrics)}"
    for metric, value in cell.values.items():
        if value is not None and not 0 <= value <= (inf if metric in LOWER_IS_BETTER else 100):
            yield f"{key}.values: {metric} is {value:g}; percents lie in 0 to 100, ranks are above 0"
    if cell.source == "copied" and not cell.notes:
        yield f"{key}.notes: a copied number needs a footnote that says from where"
