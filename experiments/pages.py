"""What pages with pictures share: whose runs they show, and where they go."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from experiments.arguments import choose
from experiments.comparison import Folders
from experiments.tables import Asked, load_table


def first_runs(
    asked: Asked, table_name: str, rows: Sequence[str], experiments: Iterable[str] | None = None
) -> dict[str, Folders] | None:
    """Experiment -> folders of some rows of a table at the first seed; None in a dry run.

    Args:
        asked: the command line.
        table_name: whose rows they are.
        rows: their names.
        experiments: known ones; None takes all of the table.
    """
    table = load_table(table_name)
    known = list(dict.fromkeys(map(table.runs, table.experiments))) if experiments is None else list(experiments)
    overrides = {row.name: row.overrides for row in (*table.rows, *table.controls) if row.name in rows}
    chosen = choose("experiment", asked.experiments or known, known)
    results = {name: asked.run(name, overrides, asked.seeds[:1]) for name in chosen}
    return dict(results) if all(results.values()) else None


def page_path(asked: Asked) -> Path:
    """Where the document goes, in a folder that is there; its pictures lie beside it.

    Raises:
        ValueError: the command line does not say.
    """
    if asked.out is None:
        raise ValueError(f"{asked.name} is a page with pictures: say where it goes, e.g. --format html --out page.html")
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    return asked.out
