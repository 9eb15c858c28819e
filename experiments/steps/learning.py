"""How soon a training was good. Imports no torch."""

import csv
from pathlib import Path

Metrics = dict[str, float | None]


def learning_speed(log: Path, monitor: str, level: float) -> Metrics:
    """Read off a training's log when its monitor, which falls, first was at a level.

    Between two validations it is where the line through both crosses the level.

    Args:
        log: CSV with the columns `step` and the monitor.
        monitor: column of a validation metric.
        level: that is to be reached.

    Returns:
        `steps` until then, None where it was never reached; `early`, the share of all steps that were left then, 0
        where it was never reached; the `level`.
    """
    history = _history(log, monitor)
    steps = _reached(history, level)
    early = 0.0 if steps is None else 1 - steps / max(history[-1][0], 1)
    return {"early": early, "steps": steps, "level": level}


def _history(log: Path, monitor: str) -> list[tuple[int, float]]:
    """Step and value of each validation; ValueError where there is none."""
    with log.open(encoding="utf-8", newline="") as file:
        rows = [(int(row["step"]), float(row[monitor])) for row in csv.DictReader(file) if row.get(monitor)]
    if not rows:
        raise ValueError(f"{log}: no values of {monitor}")
    return sorted(dict(rows).items())  # a run that went on after a kill may have measured an epoch twice


def _reached(history: list[tuple[int, float]], level: float) -> float | None:
    before = None
    for step, value in history:
        if value <= level:
            if before is None:
                return float(step)
            share = (before[1] - level) / (before[1] - value)
            return before[0] + share * (step - before[0])
        before = step, value
    return None
