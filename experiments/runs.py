"""What the command line's actions do, once the names are known to be right."""

import argparse
import hashlib
import importlib
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from experiments import runner, slurm
from experiments.finished import check_numbering
from experiments.names import did_you_mean
from experiments.settings import checkpoint_overrides, files_first, merged_file, resolve
from experiments.sources import class_paths
from experiments.stages import Stage, content_digest, ordered
from experiments.tables import Table, load_table

Rows = dict[str, list[str]]  # row of a table -> the overrides that make it
Folders = dict[tuple[str, int], Path]  # (row, seed) -> folder of its last stage
RunRows = Callable[..., Folders]  # `run_rows`, or a test's stand-in
SEARCHED = "experiments.steps.ranks:ranks"  # a row with this stage has learned a space


def act(experiment: str, action: str, options: argparse.Namespace, overrides: Sequence[str]) -> int:
    """Do one action of `python -m experiments.run`; returns the exit status."""
    if "--help" in overrides or any(word.startswith("--print_config") for word in overrides):
        from experiments.cli import ExperimentCLI  # prints and leaves

        ExperimentCLI(files_first(overrides), merged_file(experiment, options.profile, options.store))
    try:
        if action in ("validate", "test", "predict"):
            return _evaluate(experiment, action, options, overrides)
        if action == "search":
            return _search(experiment, options, overrides)
        return _run(experiment, action, options, overrides)
    except (runner.StageFailed, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def plan(experiment: str, profile: str | None, overrides: Sequence[str], seed: int, store: Path) -> list[Stage]:
    """Stages of one row and seed, by the function that the experiment's `plan` names."""
    settings = resolve(experiment, profile, overrides, store)
    module, name = settings["plan"].rsplit(".", 1)
    stages: list[Stage] = getattr(importlib.import_module(module), name)(settings, seed)
    return stages


def run_rows(
    experiment: str,
    rows: Rows,
    seeds: Sequence[int],
    *,
    profile: str | None,
    overrides: Sequence[str] = (),
    store: Path,
    jobs: int = 1,
    dry_run: bool = False,
) -> Folders:
    """Run what is missing of the rows; (row, seed) -> folder of its last stage, or {} after printing the plan."""
    plans = _plans(experiment, profile, rows, overrides, seeds, store)
    stages = ordered([row[-1] for row in plans.values()])
    if dry_run:
        print_plan(stages, store)
        return {}
    runner.run_stages(stages, store, jobs)
    return _folders(plans, store)


def planned_stages(experiment: str, profile: str | None, seeds: Sequence[int], store: Path) -> list[Stage]:
    """Every stage of all rows of an experiment's table, inputs first; for other schedulers."""
    _, rows = table_rows(resolve(experiment, profile, [], store)["table"], None)
    return ordered([stages[-1] for stages in _plans(experiment, profile, rows, [], seeds, store).values()])


def print_plan(stages: Sequence[Stage], store: Path, again: Collection[str] = (), taken: Collection[str] = ()) -> None:
    """Each stage with its folder, whether it is done, and the bytes it will store where that is known beforehand.

    Args:
        stages: inputs first.
        store: their folders' place.
        again: folder names that count as to do, though they are done.
        taken: folder names that count as done.
    """
    done = {stage.folder_name for stage in stages if stage.folder_name in taken or stage.is_done(store)}
    done -= set(again)
    for stage in stages:
        is_done = stage.folder_name in done
        print(f"{'done ' if is_done else 'to do'}  {stage.folder(store)}{'' if is_done else _bytes(stage, store)}")
    print(f"{len(done)} of {len(stages)} stages are done")


def _bytes(stage: Stage, store: Path) -> str:
    from experiments.steps.storage import bytes_to_store

    count = bytes_to_store(stage.description(store))
    return "" if count is None else f"  stores up to {count / 2**20:,.1f} MiB"


def table_rows(name: str, wanted: Sequence[str] | None) -> tuple[Table, Rows]:
    """A table, and its rows with their overrides, controls included; only those wanted.

    Raises:
        ValueError: the table has no such row.
    """
    table = load_table(name)
    rows = {row.name: list(row.overrides) for row in [*table.rows, *table.controls]}
    if wanted is None:
        return table, rows
    for row in wanted:
        if row not in rows:
            raise ValueError(f'no row "{row}".{did_you_mean(row, rows)} Known: {"; ".join(rows)}')
    return table, {row: rows[row] for row in wanted}


def _run(experiment: str, action: str, options: argparse.Namespace, overrides: Sequence[str]) -> int:
    store, seeds = options.store, range(options.seeds)
    settings = resolve(experiment, options.profile, overrides, store)
    table, rows = table_rows(settings["table"], options.rows)
    if action == "fit":
        rows = {"fit": []}
    plans = _plans(experiment, options.profile, rows, overrides, seeds, store)
    until = options.stage or (action if action == "fit" else None)
    ends = _ends(plans.values(), until)
    stages = ordered(ends)
    changed = _prepare_store(stages, options)
    if options.dry_run:
        print_plan(stages, store, *changed)
        return 0
    if options.slurm is not None:
        slurm.submit(stages, store, options.slurm)
        return 0
    runner.run_stages(stages, store, options.jobs)
    if until:
        print(f"finished: {', '.join(str(stage.folder(store)) for stage in ends)}")
        return 0
    _finish(experiment, table, _folders(plans, store), options.profile, overrides)
    return 0


def _prepare_store(stages: Sequence[Stage], options: argparse.Namespace) -> tuple[dict[str, Path], dict[str, str]]:
    """What `--from` sets aside and `--accept` takes, by folder name; in a dry run only the words."""
    moved: dict[str, Path] = {}
    taken: dict[str, str] = {}
    if options.from_stage:
        _check_name(options.from_stage, stages)
        moved = runner.set_aside(stages, options.from_stage, options.store, options.dry_run)
        print("\n".join(f"set aside: {path}" for path in moved.values()) or "nothing to set aside")
    if options.accept:
        taken = runner.accept(stages, options.store, options.dry_run)
        print("\n".join(f"{name} takes {other}" for name, other in taken.items()) or "nothing to accept")
    return moved, taken


def _plans(
    experiment: str,
    profile: str | None,
    rows: Rows,
    overrides: Sequence[str],
    seeds: Sequence[int],
    store: Path,
) -> dict[tuple[str, int], list[Stage]]:
    """(row, seed) -> its stages; what makes a row stands over the command line, or the row would be another one."""
    return {
        (row, seed): plan(experiment, profile, [*overrides, *own], seed, store)
        for row, own in rows.items()
        for seed in seeds
    }


def _folders(plans: dict[tuple[str, int], list[Stage]], store: Path) -> Folders:
    return {key: stages[-1].folder(store) for key, stages in plans.items()}


def _ends(plans: Iterable[list[Stage]], until: str | None) -> list[Stage]:
    """Where to stop, each once: the plans' last stages, their first trained ones, or those of this name."""
    if until is None or until == "fit":
        found = [stages[-1 if until is None else 0] for stages in plans]
    else:
        every = ordered([stage for stages in plans for stage in stages])  # a row may lack it
        _check_name(until, every)
        found = [stage for stage in every if stage.name == until]
    return list({stage.folder_name: stage for stage in found}.values())


def _check_name(name: str, stages: Sequence[Stage]) -> None:
    known = list(dict.fromkeys(stage.name for stage in stages))
    if name not in known:
        raise ValueError(f'no stage "{name}".{did_you_mean(name, known)} Stages: {", ".join(known)}')


def _finish(experiment: str, table: Table, folders: Folders, profile: str | None, overrides: Sequence[str]) -> None:
    """The table, where the results lie, and the command to look further."""
    from experiments.table import departures, results_table

    results = {target: folders for target in table.experiments if table.runs(target) == experiment}
    print("\n" + results_table(table, results, departures(profile, overrides)))
    controls = [row.name for row in table.controls]
    shown = [folder for (row, _), folder in folders.items() if row not in controls] or list(folders.values())
    print(f"\nrun's folder: {shown[-1]}")
    print(f"look further: python -m experiments.report {shown[-1]}")


def _evaluate(experiment: str, action: str, options: argparse.Namespace, overrides: Sequence[str]) -> int:
    """Measure one checkpoint."""
    stages = _checkpoint_stages(experiment, action, options, overrides)
    checkpoint = _checkpoint(experiment, stages, action, options)
    if checkpoint is None:
        return 0
    from experiments.stage import job_of

    measure_checkpoint = importlib.import_module(stages[0].function.split(":")[0]).measure_checkpoint
    digest = hashlib.sha256(content_digest(checkpoint).encode()).hexdigest()[:8]
    folder = options.store / f"{action}-{stages[-1].fingerprint}-{digest}"
    measure_checkpoint(job_of(folder, stages[0].description(options.store)), action, checkpoint)
    return 0


def _search(experiment: str, options: argparse.Namespace, overrides: Sequence[str]) -> int:
    """Print what a checkpoint's space answers."""
    stages = _checkpoint_stages(experiment, "search", options, overrides)
    ranks = next((stage for stage in stages if stage.function == SEARCHED), None)
    if ranks is None:
        raise ValueError(f"{experiment}: no users, pictures and texts are learned in one space; search a row of du2mce")
    checkpoint = _checkpoint(experiment, stages[: stages.index(ranks) + 1], "search", options)
    if checkpoint is None:
        return 0
    from experiments.documents import deliver
    from experiments.search import learned, open_space, search

    space = open_space(ranks, checkpoint, options.store)
    known = learned(ranks.settings["model"]["init_args"])
    deliver(search(space, options.query, options.top, known), "markdown", None)
    return 0


def _checkpoint_stages(
    experiment: str, action: str, options: argparse.Namespace, overrides: Sequence[str]
) -> list[Stage]:
    """Stages for one checkpoint: the given one's own model settings are below the command line's."""
    for name, idle in (("seeds", 1), ("rows", None), ("stage", None), ("slurm", None)):
        if getattr(options, name) != idle:
            raise ValueError(f"--{name} says nothing to {action}, which takes one checkpoint (--ckpt_path)")
    known = class_paths(resolve(experiment, options.profile, overrides, options.store)["model"])
    own = checkpoint_overrides(options.ckpt_path, known) if options.ckpt_path else []
    return plan(experiment, options.profile, [*own, *overrides], 0, options.store)


def _checkpoint(experiment: str, stages: list[Stage], action: str, options: argparse.Namespace) -> Path | None:
    """The given checkpoint or the protocol's last, after what it needs is run; None after printing the plan."""
    needed = ordered(list(stages[0].inputs.values()) if options.ckpt_path else stages[-1:])
    changed = _prepare_store(needed, options)
    if options.dry_run:
        print_plan(needed, options.store, *changed)
        return None
    if action == "search" and not options.ckpt_path and not stages[-1].is_done(options.store):
        way = f"`python -m experiments.run {experiment}` with the same options makes one (--rows: one will do)"
        folder = stages[-1].folder(options.store)
        raise ValueError(f"{folder}: no finished run of these settings to search; {way}; or give --ckpt_path")
    runner.run_stages(needed, options.store, options.jobs)
    trained = (stage.folder(options.store) / "best.ckpt" for stage in reversed(stages))
    checkpoint: Path | None = options.ckpt_path or next((path for path in trained if path.is_file()), None)
    if checkpoint is None:
        raise ValueError(f"none of {', '.join(stage.name for stage in stages)} leaves a checkpoint to {action}")
    check_numbering(checkpoint, stages[0], options.store)
    return checkpoint
