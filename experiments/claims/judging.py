"""From finished stages to verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.claims.reading import Claim, Claims, Pair
from experiments.comparison import Folders
from experiments.documents import Block, Document
from experiments.printed import NAMES, p_text, spread
from experiments.rank_results import read_gains
from experiments.results import read_facts, read_metrics, read_predictions
from experiments.statistics import (
    ALPHA,
    Paired,
    Ranked,
    Resampled,
    Scored,
    Verdict,
    bootstrap,
    evidence,
    holm,
    paired,
    seeds_warning,
    verdict,
)
from experiments.tables import RANKS, Side, Table, Target

PARTS = ("test", "validation", "gain")
SCORED_ON = {  # parts that are no posts
    "gain": "on test queries",
    "interests": "on users' interests",
    "clusters": "among users",
    "fit": "in training",
}
GAIN = (
    "Gain is 1 - mean median rank / that of a random order, in percent: 0 by chance, towards 100 at best; of Joint it "
    "is that of the joint score."
)
NO_DRAWS = Resampled(float("nan"), float("nan"), float("nan"), float("nan"))  # of a score that no single posts make up
HEADER = ["Data set", "Claim", "Kind", "Better", "Worse", "Effect [95 %]", "p (t-test)", "p (exact)"]
HEADER += ["Bootstrap [95 %]", "p (bootstrap)", "p (Holm)", "Verdict"]


@dataclass(frozen=True)
class Compared:
    """A pair of rows over the seeds they share, in points of percent; better minus worse."""

    pair: Pair
    tests: Paired
    resampled: Resampled
    p_claim: float
    p_opposite: float


@dataclass(frozen=True)
class Judged:
    """A claim on one experiment; p values are Holm's over all claims judged together."""

    name: str
    experiment: str
    claim: Claim
    data: str
    compared: list[Compared]
    p_claim: float
    p_opposite: float
    reason: str | None  # why it is known to fail

    @property
    def verdict(self) -> Verdict:
        return Verdict.REPORTED if self.claim.kind == "reported" else verdict(self.p_claim, self.p_opposite)

    @property
    def is_bad(self) -> bool:
        """It fails, and nobody said that it would."""
        return self.verdict is Verdict.FAILS and self.reason is None


def judge(claims: Claims, table: Table, results: Mapping[str, Folders]) -> list[Judged]:
    """Every claim on every experiment.

    A claim with several pairs holds only if all do: its p is their largest (intersection-union test); that of its
    opposite is their smallest times their number (Bonferroni). Holm's correction goes over claims and experiments, but
    for those that are only reported.
    """
    asked = [(name, claim, experiment) for experiment in results for name, claim in claims.of(experiment).items()]
    compared = [
        [_compare(pair, claim, results[experiment], claims.target(claim, table, experiment)) for pair in claim.pairs]
        for _, claim, experiment in asked
    ]
    tested = [claim.kind != "reported" for _, claim, _ in asked]
    for_claim = _corrected([max(pair.p_claim for pair in pairs) for pairs in compared], tested)
    opposite = [min(1.0, len(pairs) * min(pair.p_opposite for pair in pairs)) for pairs in compared]
    against = _corrected(opposite, tested)
    return [
        Judged(
            name,
            experiment,
            claim,
            _data(claims, experiment, results[experiment], claims.target(claim, table, experiment)),
            pairs,
            p_claim,
            p_opposite,
            claims.known_to_fail.get(name, {}).get(experiment),
        )
        for (name, claim, experiment), pairs, p_claim, p_opposite in zip(
            asked, compared, for_claim, against, strict=True
        )
    ]


def _corrected(p_values: list[float], tested: list[bool]) -> list[float]:
    """Holm's p of the tested claims; nan for the others."""
    corrected = iter(holm([p for p, counts in zip(p_values, tested, strict=True) if counts]))
    return [next(corrected) if counts else float("nan") for counts in tested]


def describe(
    claims: Claims, table: Table, results: Mapping[str, Folders], judged: Sequence[Judged], seeds: int
) -> Document:
    """The compared rows, and the verdicts, each with effect, interval and tests."""
    targets = [claims.target(found.claim, table, found.experiment) for found in judged]
    intro = [
        f"{_measured(targets, table.unit)}, {seeds} seed{'s' * (seeds > 1)}; effects: better minus worse, "
        "in points. Verdict by the one-sided paired t-test over seeds, Holm over the claims: holds where the "
        f"claim's p is below {ALPHA}, fails where its opposite's is, not shown otherwise. Beside it: exact sign-flip "
        "test, bootstrap over posts x seeds."
    ]
    if any(target.split == "gain" for target in targets):
        intro.append(GAIN)
    if any(at.resampled is NO_DRAWS for found in judged for at in found.compared):
        intro.append("There is no bootstrap (–) of scores that are not made up of single posts.")
    if (warning := seeds_warning(seeds)) is not None:
        intro.append(warning)
    lines = [line for found in judged for line in _lines(found)]
    sentences = [f"{found.name} on {found.data}: {found.verdict}. {_sentence(found)}" for found in judged]
    rows = Block("Rows", ["Data set", "Row", "Mean ± sd"], _rows(claims, table, results), [], words=2)
    return Document(f"Claims of {claims.title}", intro, [rows, Block("Verdicts", HEADER, lines, sentences, words=5)])


def _measured(targets: Sequence[Target], unit: str) -> str:
    """Which metrics are compared, and on what; parts with the same metrics are told together."""
    metrics: dict[str, set[str]] = {}  # of each part
    for target in targets:
        metrics.setdefault(SCORED_ON.get(target.split, f"on {target.split} {unit}"), set()).add(_metric(target))
    parts: dict[str, list[str]] = {}  # of each set of metrics
    for part, names in metrics.items():
        parts.setdefault(", ".join(sorted(names)), []).append(part)
    told = "; ".join(f"{names} {' and '.join(where)}" for names, where in parts.items())
    return told[:1].upper() + told[1:]


def _metric(target: Target) -> str:
    """As it is printed; of the part `gain` a task's name would be taken for its ranks."""
    return "gain of " * (target.split == "gain") + NAMES[target.compared]


def _data(claims: Claims, experiment: str, folders: Folders, target: Target) -> str:
    """The data set's name, its variant, and what of it is scored where that is no part of a split."""
    label = read_facts(next(iter(folders.values()))).label + f", {experiment}" * (experiment in claims.variants)
    return label if target.split in PARTS else f"{label}, {target.split}"


def _rows(claims: Claims, table: Table, results: Mapping[str, Folders]) -> list[list[str]]:
    """Every compared side's mean and standard deviation over seeds, in percent; a gap is shown as it is."""
    lines = []
    rows = [row.name for row in (*table.rows, *table.controls)]
    for experiment, folders in results.items():
        sides = {
            (side, target.split, target.compared): target
            for claim in claims.of(experiment).values()
            for target in [claims.target(claim, table, experiment)]
            for pair in claim.pairs
            for side in pair.sides
        }
        several = len({_metric(target) for target in sides.values()}) > 1
        for side, split, metric in sorted(sides, key=lambda key: (rows.index(key[0].row), key[0].label, *key[1:])):
            target = sides[side, split, metric]
            sign = 1 if side.gap_to is None else -1
            values = [sign * _value(folder, side, target) for (row, _), folder in folders.items() if row == side.row]
            label = side.label + f": {_metric(target)}" * several
            lines.append([_data(claims, experiment, folders, target), label, spread([100 * value for value in values])])
    return lines


def _compare(pair: Pair, claim: Claim, folders: Folders, target: Target) -> Compared:
    """Raises ValueError when the rows share no seed."""
    better, worse = pair.sides
    seeds = sorted(seed for row, seed in folders if row == better.row and (worse.row, seed) in folders)
    if not seeds:
        raise ValueError(f"no seed has results of both {better.row!r} and {worse.row!r}")
    runs = [[(folders[side.row, seed], side) for seed in seeds] for side in (better, worse)]
    scores = [[100 * _value(*run, target) for run in side] for side in runs]
    kind = "superiority" if claim.kind == "reported" else claim.kind
    p_values = evidence(np.subtract(scores[0], scores[1]), kind, claim.margin)
    return Compared(pair, paired(*scores), _resampled(runs, target), *p_values)


def _resampled(runs: Sequence[Sequence[tuple[Path, Side]]], target: Target) -> Resampled:
    """Bootstrap of the difference between two rows, in points of percent."""
    ranked = read_facts(runs[0][0][0]).kind == "ranks"
    if ranked and target.compared not in RANKS:
        return NO_DRAWS
    sides: list[list[Scored | Ranked]] = [
        [read_gains(run[0], target.compared) if ranked else _scored(*run, target.split) for run in side]
        for side in runs
    ]
    mean, low, high, p_greater = bootstrap(sides[0], sides[1], target.compared, target.averaging)
    return Resampled(100 * mean, 100 * low, 100 * high, p_greater)


def _value(folder: Path, side: Side, target: Target) -> float:
    """A side's score; minus the gap, where it is one."""
    score = read_metrics(folder, side.part or target.split)[target.compared]
    if side.gap_to is None:
        return score
    return -abs(score - read_metrics(folder, side.gap_to)[target.compared])


def _scored(folder: Path, side: Side, split: str) -> Scored:
    posts = read_predictions(folder, side.part or split)
    other = [post.predicted for post in read_predictions(folder, side.gap_to)] if side.gap_to else None
    return Scored([post.id for post in posts], [post.gold for post in posts], [post.predicted for post in posts], other)


def _lines(found: Judged) -> list[list[str]]:
    lines = []
    for at in found.compared:
        tests, drawn = at.tests, at.resampled
        lines.append(
            [
                *(found.data, found.name, found.claim.kind.replace("_", "-")),
                *(side.label for side in at.pair.sides),
                f"{tests.mean:+.2f}" + (f" [{tests.low:+.2f}, {tests.high:+.2f}]" if tests.n > 1 else ""),
                *(p_text(at.p_claim), p_text(tests.exact_greater)),
                "–" if drawn is NO_DRAWS else f"{drawn.mean:+.2f} [{drawn.low:+.2f}, {drawn.high:+.2f}]",
                *(p_text(drawn.p_greater), p_text(found.p_claim), str(found.verdict)),
            ]
        )
    return lines


def _sentence(found: Judged) -> str:
    known = f" Known to fail: {found.reason}" if found.reason else ""
    margin = f" (margin {found.claim.margin:g})" if found.claim.margin else ""
    return f"{found.claim.says}{margin} ({found.claim.source}).{known}"
