"""`python -m experiments.table NAME [options] [dotted settings]`: a paper's table, ours beside published."""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from experiments import names
from experiments.arguments import Arguments, choose, plain_errors
from experiments.documents import Document, deliver, markdown
from experiments.runs import RunRows, run_rows
from experiments.settings import resolve
from experiments.tables import Asked, Table, load_table, maker_of, table_file, table_names

# Where and how, not what is computed; data are compared by name.
FREE = (
    *("--trainer.devices", "--trainer.accelerator", "--data.num_workers", "--wandb"),
    *("--protocol.benchmark", "--protocol.corpus", "--protocol.pins", "--protocol.similarity"),
)
FOLDER = re.compile(r"(?<![\w:./-])~?/([^,:\"'\]}]*/)?")  # of a path in a list or mapping


def main(argv: Sequence[str] | None = None, run: RunRows = run_rows) -> int:
    """Run what is missing of a table and print it; `list` names the tables. Returns the exit status.

    Args:
        argv: the command line's words.
        run: runs rows; tests give a stand-in.

    Raises:
        SystemExit: 2; a name is unknown or a stage failed; says which, and what a typo may have meant.
    """
    parser = Arguments("table", "Run what is missing of a paper's table and print ours beside published.")
    parser.add_argument("table", help="name of the table, or list")
    parser.add_argument("--experiments", nargs="+", help="some of the table's experiments (all)")
    parser.add_argument("--rows", nargs="+", help="some of its rows; the base row always comes along (all)")
    parser.add_argument("--within", help="score only posts that are in the same part of this split too")
    parser.add_argument("--controls", action="store_true", help="our own control rows as well")
    shown = "prepared folders, or corpora of sentences, for tables that count or show posts"
    parser.add_argument("--posts", nargs="+", type=Path, default=[], help=shown)
    parser.add_run_options(seeds=5, profile=None)
    options, settings = parser.parse(argv)
    if options.table == "list":
        print("\n".join(f"{name:10} {text}" for name, text in table_names().items()))
        return 0
    choose("table", [options.table], [*table_names(), "list"])
    choose("profile", [options.profile] if options.profile else [], names.profiles())
    maker = maker_of(table_file(options.table))
    with plain_errors():
        if maker is None:
            document = _results(options, settings, run)
        else:
            module, name = maker.rsplit(".", 1)
            document = getattr(import_module(module), name)(_asked(options, settings, run))
        if document is not None:
            deliver(document, options.format, options.out)
    return 0


def _results(options: argparse.Namespace, settings: list[str], run: RunRows) -> Document | None:
    """A table of results, ours beside published; None in a dry run."""
    table, asked = load_table(options.table), _asked(options, settings, run)
    experiments = choose("experiment", options.experiments or table.experiments, table.experiments)
    rows = {row.name: row.overrides for row in table.chosen(options.rows, options.controls)}
    results = {name: asked.run(table.runs(name), rows, asked.seeds) for name in experiments}
    if options.dry_run:
        return None
    from experiments.comparison import compare

    return compare(table, results, asked.departures, options.within)


def _asked(options: argparse.Namespace, settings: list[str], run: RunRows) -> Asked:
    how = {"profile": options.profile, "overrides": settings, "store": options.store, "jobs": options.jobs}
    return Asked(
        options.table,
        options.experiments,
        range(options.seeds),
        options.posts,
        options.out,
        partial(run, **how, dry_run=options.dry_run),
        departures(options.profile, settings),
        partial(_resolved, profile=options.profile, overrides=settings, store=options.store),
    )


def _resolved(experiment: str, profile: str | None, overrides: list[str], store: Path) -> dict[str, Any]:
    return resolve(experiment, profile, overrides, store)


def results_table(
    table: Table, results: Mapping[str, Mapping[tuple[str, int], Path]], departures: Sequence[str] = ()
) -> str:
    """Results beside the table's published numbers, as Markdown.

    Args:
        table: rows and published numbers.
        results: experiment -> (row, seed) -> folder of the row's last stage.
        departures: what makes ours not comparable besides the data; see `departures`.
    """
    from experiments.comparison import compare

    return markdown(compare(table, results, departures))


def departures(profile: str | None, settings: Sequence[str]) -> list[str]:
    """What a command line changes in the paper's own settings, in words; of a path only the last name."""
    own = [f"profile {profile}"] if profile not in (None, "paper") else []
    changed = [_without_folder(word) for word in settings if word.split("=")[0] not in FREE]
    return own + ([f"changed settings {' '.join(changed)}"] if changed else [])


def _without_folder(setting: str) -> str:
    """--name=/home/me/glove.txt as --name=glove.txt, also inside {...} and [...]; names of the hub keep their slash."""
    name, value = setting.split("=", 1)
    path = Path(value)
    if value[:1] not in ("{", "[") and (value[:1] in ("/", "~") or path.exists()):
        return f"{name}={path.absolute().name}"
    return f"{name}={FOLDER.sub('', value)}"


if __name__ == "__main__":
    sys.exit(main())
