"""`python -m experiments.table NAME [options] [dotted settings]`: a paper's table, ours beside published."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments import names
from experiments.arguments import Arguments, choose, plain_errors
from experiments.documents import deliver, markdown
from experiments.runs import RunRows, run_rows
from experiments.tables import Table, load_table, table_names

# Where and how, not what is computed; data are compared by name.
FREE = (
    *("--trainer.devices", "--trainer.accelerator", "--data.num_workers", "--wandb"),
    *("--protocol.benchmark", "--protocol.corpus"),
)


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
    parser.add_argument("--controls", action="store_true", help="our own control rows as well")
    parser.add_run_options(seeds=5, profile=None)
    options, settings = parser.parse(argv)
    if options.table == "list":
        print("\n".join(f"{name:10} {text}" for name, text in table_names().items()))
        return 0
    choose("table", [options.table], [*table_names(), "list"])
    choose("profile", [options.profile] if options.profile else [], names.profiles())
    table = load_table(options.table)
    experiments = choose("experiment", options.experiments or table.experiments, table.experiments)
    rows = {row.name: row.overrides for row in table.chosen(options.rows, options.controls)}
    how = {"profile": options.profile, "overrides": settings, "store": options.store, "jobs": options.jobs}
    with plain_errors():
        results = {name: run(name, rows, range(options.seeds), **how, dry_run=options.dry_run) for name in experiments}
        if not options.dry_run:
            from experiments.comparison import compare

            deliver(compare(table, results, departures(options.profile, settings)), options.format, options.out)
    return 0


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
    """What a command line changes in the paper's own settings, in words."""
    own = [f"profile {profile}"] if profile not in (None, "paper") else []
    changed = [word for word in settings if word.split("=")[0] not in FREE]
    return own + ([f"changed settings {' '.join(changed)}"] if changed else [])


if __name__ == "__main__":
    sys.exit(main())
