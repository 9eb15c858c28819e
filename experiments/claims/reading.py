"""Claims files: what is claimed, of which rows, and what is known to fail. Imports nothing heavy."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from experiments.arguments import choose
from experiments.names import first_comment
from experiments.tables import Metric, Side, Table, Target, convert, load_table, read_mapping

FOLDER = Path(__file__).parent


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two rows of the table, by name or as sides: the first is claimed to be better (or no worse, or alike)."""

    better: str | Side
    worse: str | Side

    @property
    def sides(self) -> tuple[Side, Side]:
        """Better and worse."""
        better, worse = (Side(side) if isinstance(side, str) else side for side in (self.better, self.worse))
        return better, worse


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One claim; it holds only if it holds for all of its pairs.

    Args:
        says: the claim in words.
        source: where the paper makes it.
        pairs: compared rows.
        kind: said beforehand, not chosen by the result; `reported` is no test, where the paper claims nothing.
        margin: of non-inferiority and equivalence, in points of percent; of superiority what must be exceeded.
        metric: what is compared; none is the table's own.
        part: scored part; none is that of the claims file.
        experiments: where it is claimed, of those judged; none is all.
    """

    says: str
    source: str
    pairs: list[Pair]
    kind: Literal["superiority", "non_inferiority", "equivalence", "reported"] = "superiority"
    margin: float = 0.0
    metric: Metric | None = None
    part: str = ""
    experiments: list[str] | None = None


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An experiment of the table with other settings, such as one in which a restricted claim should hold."""

    experiment: str
    overrides: list[str]


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The claims of a paper.

    Args:
        title: of which paper.
        table: its rows are compared, on its `compared` metric.
        experiments: judged unless the command line says otherwise; of the table, or variants.
        claims: key -> claim.
        overrides: dotted settings of every run.
        known_to_fail: claim -> experiment -> reason.
        variants: name -> experiment with settings of its own.
        part: scored part; none is the table's own split. Of ranks "gain" is one less the share of chance's rank.
        making: part -> dotted settings of the rows that some claim compares on it, which make it; others go without.
    """

    title: str
    table: str
    experiments: list[str]
    claims: dict[str, Claim]
    overrides: list[str] = []
    known_to_fail: dict[str, dict[str, str]] = {}
    variants: dict[str, Variant] = {}
    part: str = ""
    making: dict[str, list[str]] = {}

    def known(self, table: Table) -> list[str]:
        """Experiments that can be judged."""
        return [*table.experiments, *self.variants]

    def base(self, experiment: str) -> str:
        """The table's experiment that a variant is of, or itself."""
        return self.variants[experiment].experiment if experiment in self.variants else experiment

    def settings(self, experiment: str) -> list[str]:
        """Dotted settings of its runs."""
        return [*self.overrides, *(self.variants[experiment].overrides if experiment in self.variants else [])]

    def target(self, claim: Claim, table: Table, experiment: str) -> Target:
        """What of an experiment a claim compares."""
        own = table.experiments[self.base(experiment)]
        return replace(own, split=claim.part or self.part or own.split, compared=claim.metric or own.compared)

    def of(self, experiment: str) -> dict[str, Claim]:
        """The claims that are made of an experiment."""
        return {
            name: claim
            for name, claim in self.claims.items()
            if claim.experiments is None or experiment in claim.experiments
        }

    def rows(self, table: Table, experiment: str) -> dict[str, list[str]]:
        """Dotted settings of the rows that some claim of an experiment compares, in the table's order."""
        parts: dict[str, set[str]] = {}  # of each row
        for claim in self.of(experiment).values():
            for side in (side for pair in claim.pairs for side in pair.sides):
                parts.setdefault(side.row, set()).add(claim.part)
        made = {row: [word for part in sorted(own) for word in self.making.get(part, [])] for row, own in parts.items()}
        rows = (*table.rows, *table.controls)
        return {row.name: [*row.overrides, *made[row.name]] for row in rows if row.name in parts}


def claims_names() -> dict[str, str]:
    """Paper -> first comment line of its claims file."""
    return {path.stem: first_comment(path) for path in sorted(FOLDER.glob("*.yaml"))}


def load_claims(paper: str) -> Claims:
    """The claims of that paper; an unknown name is answered and exits with 2."""
    return read_claims(FOLDER / f"{choose('paper with claims', [paper], claims_names())[0]}.yaml")


def read_claims(path: Path) -> Claims:
    """Read and check a claims file.

    Raises:
        ValueError: it isn't such a file; names file and key.
    """
    raw = read_mapping(path)
    parts = convert(path, "claims", raw.get("claims"), dict[str, dict])
    checked = {name: convert(path, f"claims.{name}", part, Claim) for name, part in parts.items()}
    claims = convert(path, "", raw | {"claims": checked}, Claims)
    for problem in _problems(claims):
        raise ValueError(f"{path}: {problem}")
    return claims


def _problems(claims: Claims) -> Iterator[str]:
    """What the types can't say."""
    table = load_table(claims.table)
    rows = [row.name for row in (*table.rows, *table.controls)]
    for name, variant in claims.variants.items():
        if name in table.experiments or variant.experiment not in table.experiments:
            yield f"variants.{name}: needs a name of its own, and an experiment of table {claims.table}"
    known = claims.known(table)
    for experiment in claims.experiments:
        if experiment not in known:
            yield f"experiments: {experiment!r} is not in table {claims.table}"
    for part in claims.making.keys() - {claim.part for claim in claims.claims.values()}:
        yield f"making.{part}: no claim compares this part"
    for name, claim in claims.claims.items():
        yield from _claim_problems(f"claims.{name}", claim, rows, known, claims.table)
    for name, reasons in claims.known_to_fail.items():
        if name not in claims.claims:
            yield f"known_to_fail.{name}: no such claim; there are {', '.join(claims.claims)}"
        for experiment in set(reasons).difference(known):
            yield f"known_to_fail.{name}: {experiment!r} is not in table {claims.table}"


def _claim_problems(key: str, claim: Claim, rows: Sequence[str], known: Sequence[str], table: str) -> Iterator[str]:
    for pair in claim.pairs:
        for row in (side.row for side in pair.sides):
            if row not in rows:
                yield f"{key}.pairs: {row!r} is no row of table {table}; there are {'; '.join(rows)}"
    for experiment in set(claim.experiments or []).difference(known):
        yield f"{key}.experiments: {experiment!r} is not in table {table}"
    wants_none, wants_one = claim.kind == "reported", claim.kind in ("non_inferiority", "equivalence")
    if claim.margin < 0 or (wants_none and claim.margin) or (wants_one and not claim.margin):
        yield f"{key}.margin: from 0; what is reported has none, all but superiority need one"
