"""What stands beside Table 3 of the Pins paper: coverage, triplets that all rows cover, word-similarity sets."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datamodules.word_similarity import FEWEST
from experiments.arguments import choose
from experiments.comparison import SIMULATED, Folders
from experiments.documents import Block, Document, Footnotes
from experiments.pins_results import read_answers, read_known, read_similarity, triplet_file
from experiments.printed import spread
from experiments.results import read_facts, read_metrics, scored_parts
from experiments.tables import Asked, load_table, read_mapping, table_file

NO_VECTORS = "n/a"
KINDS = ("similar", "related", "mixed", "unknown")

Seeds = list[Path]  # a row's folders in order of seeds
Found = list[dict[str, Any] | None]  # a set's correlation by each seed; None without vectors


def words_known(asked: Asked) -> Document | None:
    """Coverage and accuracy on the triplets that all rows cover, a block a part; rank correlations, a block a kind."""
    spec = read_mapping(table_file(asked.name))
    table = load_table(spec["table"])
    experiments = list(dict.fromkeys(map(table.runs, table.experiments)))
    experiments = choose("experiment", asked.experiments or experiments, experiments)
    rows = {row.name: row.overrides for row in (*table.rows, *table.controls)}
    results = {name: asked.run(name, rows, asked.seeds) for name in experiments}
    if not all(results.values()):
        return None
    marks = Footnotes(spec["footnotes"])
    blocks = [block for name in experiments for block in _blocks(name, by_row(results[name], rows), marks, asked)]
    intro = f"{spec['source']}. Ours: mean ± standard deviation over {len(asked.seeds)} seeds."
    return Document(spec["title"], [intro], blocks, footnotes=marks.used())


def by_row(folders: Folders, rows: Mapping[str, object]) -> dict[str, Seeds]:
    """Row -> its folders in order of seeds."""
    return {row: [folder for (name, _), folder in sorted(folders.items()) if name == row] for row in rows}


def _blocks(experiment: str, rows: Mapping[str, Seeds], marks: Footnotes, asked: Asked) -> list[Block]:
    first = next(iter(rows.values()))[0]
    facts = read_facts(first)
    reasons = "; ".join([SIMULATED] * facts.simulated + asked.departures)
    notes = [f"{facts.label}: {reasons}."] * bool(reasons)
    sets = similar_words(rows)
    notes += _lambdas(rows)
    notes += ["No word-similarity sets: --protocol.similarity names their folder."] * (not sets)
    blocks = [_part(experiment, part, rows, notes) for part in scored_parts(first)]
    for block in sets:
        title = f"{block.title}{marks.marks(['similar', 'interval'])} ({experiment})"
        blocks.append(replace(block, title=title))
    return blocks


def _lambdas(rows: Mapping[str, Seeds]) -> list[str]:
    """What was chosen for the rows that have a lambda, by seed."""
    found = {row: [read_known(folder).get("lambda") for folder in folders] for row, folders in rows.items()}
    said = [f"{row} {', '.join(f'{one:g}' for one in each)}" for row, each in found.items() if None not in each]
    return [f"Chosen lambda, by seed: {'; '.join(said)}."] * bool(said)


def _part(experiment: str, part: str, rows: Mapping[str, Seeds], notes: Sequence[str]) -> Block:
    known = {row: folders for row, folders in rows.items() if all(map(read_known, folders))}
    common, accuracies = common_accuracy(known, part)
    header = ["Row", "Dim", "Words", "Phrases known", "Their words known", "Triplets covered", "Accuracy on all"]
    lines = []
    for row, folders in rows.items():
        if row in known:
            all_triplets = spread([100 * read_metrics(folder, part)["accuracy"] for folder in folders])
            on_common = spread(accuracies[row]) if common.sum() >= FEWEST else "too few"
            lines.append([row, *_coverage(folders, part), all_triplets, on_common])
        else:
            lines.append([row, *[NO_VECTORS] * len(header)])
    all_rows = f"{int(common.sum()):,} of {len(common):,} triplets are covered by all {len(known)} rows with vectors"
    header.append("on those of all rows")
    return Block(f"{part} triplets ({experiment})", header, lines, [*notes, f"{all_rows}."], words=1)


def _coverage(folders: Seeds, part: str) -> list[str]:
    """Width, words, and percent of phrases, of their words and of triplets that are known; shares of the first seed."""
    facts = read_known(folders[0])
    known = facts["known"][part]
    phrases = known["known_phrases"] / max(known["phrases"], 1)
    words = known["known_words"] / max(known["words"], 1)
    covered = read_metrics(folders[0], part)["coverage"]
    return [str(facts["dim"]), f"{facts['words']:,}", *(f"{100 * share:.1f}" for share in (phrases, words, covered))]


def common_accuracy(rows: Mapping[str, Seeds], part: str) -> tuple[NDArray[np.bool_], dict[str, list[float]]]:
    """Which triplets all rows and seeds cover, (N,), and each row's percent of right ones among them, by seed.

    Raises:
        ValueError: two were scored on different triplets.
    """
    files = {triplet_file(folder, part) for folders in rows.values() for folder in folders}
    if len({path.read_bytes() for path in files}) > 1:
        raise ValueError(f"{part}: rows or seeds were scored on different triplets; take one network, or one seed")
    answers = {(row, folder): read_answers(folder, part) for row, folders in rows.items() for folder in folders}
    covered = [found.covered for found in answers.values()]
    common = reduce(np.logical_and, covered) if covered else np.zeros(0, bool)
    accuracy: dict[str, list[float]] = {row: [] for row in rows}
    for (row, _), found in answers.items():
        accuracy[row].append(100 * float(found.right[common].mean()) if common.any() else float("nan"))
    return common, accuracy


def similar_words(rows: Mapping[str, Seeds]) -> list[Block]:
    """Rank correlations on the word-similarity sets that all rows have, a block for each kind of set there is."""
    first, *others = [read_similarity(folders[0]) for folders in rows.values()]
    sets = {name: found["kind"] for name, found in first.items() if all(name in other for other in others)}
    names = {kind: [name for name in sets if sets[name] == kind] for kind in KINDS}
    return [_kind(f"{kind} words", found, rows) for kind, found in names.items() if found]


def _kind(title: str, names: Sequence[str], rows: Mapping[str, Seeds]) -> Block:
    """A line for each set and row; one line for a set of which no row covers enough pairs, with the most it covers."""
    lines = []
    seeds = max(map(len, rows.values()))
    for name in names:
        found = {row: [_correlation(folder, name) for folder in folders] for row, folders in rows.items()}
        there = [one for each in found.values() for one in each if one is not None]
        if there and all(one["covered"] < FEWEST for one in there):
            most = max(there, key=lambda one: one["covered"])
            lines.append([name, "all rows" if len(rows) > 1 else next(iter(rows)), *_cells([most])])
        else:
            lines += [[name, row, *_cells(each)] for row, each in found.items()]
    note = f"Spearman's rank correlation of cosines with people's scores; too few: under {FEWEST} covered pairs."
    header = ["Set", "Row", "Correlation", "95 %" + " (seed 0)" * (seeds > 1), "Covered pairs"]
    return Block(title, header, lines, [note])


def _correlation(folder: Path, name: str) -> dict[str, Any] | None:
    return read_similarity(folder)[name] if read_known(folder) else None


def _cells(found: Found) -> list[str]:
    """Mean with its spread, the first seed's interval, and covered of all pairs."""
    there = [one for one in found if one is not None]
    if not there:
        return [NO_VECTORS] * 3
    first = there[0]
    covered = f"{first['covered']:,} of {first['pairs']:,}"
    if any(one["rho"] is None for one in there):
        return ["too few" if first["covered"] < FEWEST else "equal cosines", "–", covered]
    values = [one["rho"] for one in there]
    shown = f"{np.mean(values):.3f}" + (f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else "")
    return [shown, f"[{first['low']:.3f}, {first['high']:.3f}]", covered]
