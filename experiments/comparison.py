"""Ours beside published: a table of a paper with the results of finished stages."""

from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from pathlib import Path

from experiments.documents import Block, Document, Footnotes
from experiments.printed import NAMES, decimals, p_text, spread
from experiments.rank_tables import galleries, ranked_tasks, recall_by_task
from experiments.results import (
    DataFacts,
    PredictedPost,
    count_predictions,
    read_facts,
    read_metrics,
    read_predictions,
    scored_parts,
)
from experiments.scores import confusion, score
from experiments.statistics import paired, seeds_warning
from experiments.tables import LOWER_IS_BETTER, RANKS, SHARES, Row, Table, Target

Folders = Mapping[tuple[str, int], Path]  # (row, seed) -> folder of the row's last stage
Scores = dict[int, dict[str, float]]  # seed -> metric -> percent, or rank

SIMULATED = "simulated posts of our own, no benchmark"
TOLERANCE = 0.01  # share by which the number of scored posts may differ from the paper's own count


def compare(
    table: Table, results: Mapping[str, Folders], departures: Sequence[str] = (), within: str | None = None
) -> Document:
    """The table with ours beside published; what is not comparable stands in a block of its own.

    Args:
        table: rows and published numbers.
        results: experiment -> folders of its rows and seeds; rows and seeds may be missing, and an experiment whose
            part was not scored is left out.
        departures: what the settings change besides the rows' own overrides; any makes ours not comparable.
        within: a split of the prepared posts; only posts that are in the same part there are scored.
    """
    footnotes = Footnotes(table.footnotes)
    blocks: list[Block] = []
    left_out = {name: _unscored(table.experiments[name], folders) for name, folders in results.items()}
    for experiment, folders in results.items():
        if left_out[experiment] and not all(left_out.values()):
            continue  # were all of them, the first one's error says so
        names = {row for row, _ in folders}
        rows = [row for row in (*table.rows, *table.controls) if row.name in names]
        blocks += Comparison(table, experiment, rows, folders, footnotes, within).blocks(departures)
    intro = [f"{table.source}. {_unit(table)}; ours: mean ± standard deviation over seeds."]
    intro[0] += " Seeds are paired with the base row's; tests are two-sided and not corrected for their number."
    intro += [f"{name} is left out: {reason}." for name, reason in left_out.items() if reason]
    return Document(table.title, intro, blocks, footnotes=footnotes.used())


class Comparison:
    """The blocks of one experiment, and why ours are not comparable with the published numbers."""

    def __init__(
        self,
        table: Table,
        experiment: str,
        rows: Sequence[Row],
        folders: Folders,
        footnotes: Footnotes,
        within: str | None = None,
    ) -> None:
        self.table, self.experiment, self.rows, self.footnotes = table, experiment, rows, footnotes
        self.target: Target = table.experiments[experiment]
        self.folders, self.within = folders, within
        self.has_dim = any(row.dim for row in rows)
        self.dims = {row: read_facts(folder).dim for (row, _), folder in folders.items()}
        self.scores = {row.name: _scores(folders, row.name, self.target, within) for row in rows}
        first = next(iter(folders.values()))
        self.facts: DataFacts = read_facts(first)
        self.corpora = sorted({corpus for folder in folders.values() if (corpus := read_facts(folder).corpus)})
        self.galleries = galleries(first, self.target)
        self.posts = _count(first, self.target, within)

    def blocks(self, departures: Sequence[str]) -> Iterator[Block]:
        reasons, name = list(self.reasons(departures)), f"{self.target.label} ({self.experiment})"
        if reasons and self.target.data:
            yield self._block(f"{name}: published", self.target.label, True, False, [])
        if reasons:
            why = f"Not comparable with the published numbers: {'; '.join(reasons)}."
            yield self._block(f"{name}: ours, not comparable", self.facts.label, False, True, [why])
        else:
            yield self._block(name, self.facts.name, True, True, [])
        if self.target.compared in RANKS:  # their own recall is nowhere yet
            title = f"{name}: ours, ranks and recall by task"
            yield recall_by_task(title, self.facts.label, [row.name for row in self.rows], self.folders, self.target)

    def reasons(self, departures: Sequence[str]) -> Iterator[str]:
        """What makes ours not comparable; nothing where they are."""
        if self.facts.simulated:
            yield SIMULATED
        elif not self.target.data:
            yield "the paper has none for this set"
        elif self.facts.name != self.target.data:
            yield f"data set {self.facts.name}, the paper's is {self.target.data}"
        elif abs(self.posts - self.target.population) > TOLERANCE * self.target.population:
            yield f"{self._sized(self.posts)}, the paper's are {self.target.population:,}"
        if self.corpora and self.corpora != [self.table.corpus]:
            yield f"corpus {', '.join(self.corpora)}, the paper's is {self.table.corpus}"
        if self.facts.base and self.facts.base.lower() != self.target.base.replace("-", "").lower():
            yield f"base classifier {self.facts.base}, the paper's is {self.target.base}"
        yield from departures

    def _block(self, title: str, data: str, published: bool, ours: bool, notes: list[str]) -> Block:
        noted = published or not self.target.data  # in a block of ours where there is no other
        header = ["Data set", "Row" + (self.footnotes.marks(self.target.notes) if noted else "")]
        header += ["dim"] * self.has_dim
        for metric in self.target.metrics:
            header += [f"{NAMES[metric]} published"] * published + [f"{NAMES[metric]} ours"] * ours
        if ours:
            compared = NAMES[self.target.compared]
            header += ["Seeds", f"{compared} − base [95 %]", "p (t-test)", "p (exact)"]
            notes = [*notes, self.population(), *self._warnings()]
        elif published:
            scoring = "" if self.galleries else f" {self._scoring(self.target.base)}."
            notes = [f"Published: {self._sized(self.target.population)}.{scoring}"]
        rows = [row for row in self.rows if ours or row.published]
        lines = [self._line(row, data, published, ours) for row in rows]
        return Block(title, header, lines, notes, words=2 + self.has_dim)

    def _line(self, row: Row, data: str, published: bool, ours: bool) -> list[str]:
        cell = row.published.get(self.experiment)
        marks = self.footnotes.marks([*row.notes, *(cell.notes if cell and published else [])])
        line = [data, row.name + marks]
        if self.has_dim:
            dim = self.dims[row.name] if ours else row.dim
            line.append("–" if dim is None else str(dim))
        for metric in self.target.metrics:
            if published:
                line.append(self._published(cell.values[metric], cell.source) if cell else "–")
            if ours:
                line.append(spread([scores[metric] for scores in self.scores[row.name].values()], decimals(metric)))
        return line + (self._test(row.name) if ours else [])

    def _published(self, value: float | None, source: str) -> str:
        if value is None:
            return "–"
        shown = f"{value:g}" if self.table.decimals is None else f"{value:.{self.table.decimals}f}"
        return shown + " (copied)" * (source == "copied")

    def _test(self, row: str) -> list[str]:
        """Number of seeds, difference to the base row with its interval, and both p values."""
        mine, base = self.scores[row], self.scores.get(self.table.base_row, {})
        shared = [seed for seed in mine if seed in base]
        if row == self.table.base_row or not shared:
            return [str(len(mine)), "–", "–", "–"]
        compared = [[scores[seed][self.target.compared] for seed in shared] for scores in (mine, base)]
        if any(isnan(value) for side in compared for value in side):
            return [str(len(mine)), "n/a", "–", "–"]
        found, form = paired(*compared), f"+.{decimals(self.target.compared)}f"
        if len(shared) < 2:
            return [str(len(mine)), f"{found.mean:{form}}", "–", "–"]
        difference = f"{found.mean:{form}} [{found.low:{form}}, {found.high:{form}}]"
        return [str(len(mine)), difference, p_text(found.t_two_sided), p_text(found.exact_two_sided)]

    def population(self) -> str:
        """How many posts were scored, ours and the paper's, and how."""
        own = f"Ours: {self._sized(self.posts)} of {self.facts.name}"
        own += f" that are in its split {self.within!r} too" * bool(self.within)
        theirs = f"; published: {self.target.population:,}" * bool(self.target.population)
        scoring = "; ".join(self.galleries) or self._scoring(self.facts.base or self.target.base)
        return f"{own}{theirs}. {scoring}."

    def _sized(self, count: int) -> str:
        return f"{count:,} {self.target.split} {self.table.unit}"

    def _scoring(self, base: str) -> str:
        first = f" ({self.facts.classes[1]})" if len(self.facts.classes) > 1 else ""
        over = {"binary": f"of class 1{first}", "weighted": "weighted over classes", "macro": "macro over classes"}
        scored = [NAMES[metric] for metric in self.target.metrics if metric in ("precision", "recall", "f1")]
        said = [f"{', '.join(scored)} {over[self.target.averaging]}"] * bool(scored) + [f"base: {base}"] * bool(base)
        if not said and "micro_f1" in self.target.metrics:
            return "One class a post, so that micro F1 is accuracy"
        return "; ".join(said) or f"Share of the {self.table.unit} that are right"

    def _warnings(self) -> list[str]:
        others = [len(scores) for name, scores in self.scores.items() if name != self.table.base_row]
        warning = seeds_warning(min(others)) if others else None
        return [warning] if warning else []


def _unscored(target: Target, folders: Folders) -> str:
    """Why an experiment has no results in the table; empty where it has."""
    parts = scored_parts(next(iter(folders.values())))
    return "" if target.split in parts else f"no {target.split!r} was scored, only {', '.join(parts)}"


def _unit(table: Table) -> str:
    """What the numbers are."""
    metrics = {metric for target in table.experiments.values() for metric in target.metrics}
    if not metrics.intersection(LOWER_IS_BETTER):
        return "In percent"
    return "Mean median ranks, lower is better" if metrics <= {*RANKS} else "In percent; ranks: lower is better"


def _scores(folders: Folders, row: str, target: Target, within: str | None) -> Scores:
    """Percents of every seed of a row, in order of seeds."""
    found = sorted((seed, folder) for (name, seed), folder in folders.items() if name == row)
    scores = {seed: _metrics(folder, target, within) for seed, folder in found}
    return {seed: {name: _shown(name, value) for name, value in values.items()} for seed, values in scores.items()}


def _shown(metric: str, value: float) -> float:
    return value if metric in LOWER_IS_BETTER else 100 * value


def _count(folder: Path, target: Target, within: str | None) -> int:
    """How many posts, triplets, queries, or pairs of a query and a true item were scored."""
    if within:
        return len(_predicted(folder, target.split, within))
    if target.compared not in RANKS:
        return count_predictions(folder, target.split)
    return sum(int(read_metrics(folder, task)["pairs"]) for task in ranked_tasks(folder, target))


def _metrics(folder: Path, target: Target, within: str | None) -> dict[str, float]:
    """As the stage wrote them, or computed anew from its predictions for some of the posts."""
    if within is None:
        return read_metrics(folder, target.split)
    if read_facts(folder).kind == "ranks":
        raise ValueError(
            f"--within {within}: ranks depend on the whole gallery; score another split with a run of its own"
        )
    posts = [post for post in _predicted(folder, target.split, within) if post.applies]
    if not posts:
        return dict.fromkeys(SHARES, float("nan"))
    classes = len(read_facts(folder).classes)
    counts = confusion([post.gold for post in posts], [post.predicted for post in posts], classes)
    return {name: float(score(counts, name, target.averaging)) for name in SHARES}


def _predicted(folder: Path, part: str, within: str | None) -> list[PredictedPost]:
    posts = read_predictions(folder, part)
    if within is None:
        return posts
    from datamodules.posts import Posts

    benchmark = read_facts(folder).benchmark
    if benchmark is None:
        raise ValueError(f"{folder}: doesn't say where its posts are, which --within asks for")
    kept = set(Posts(benchmark).split(within).get(part, ()))
    return [post for post in posts if post.id in kept]
