"""Moments of posts, however a network writes them."""

from datetime import UTC, datetime
from typing import Any


def iso_date(value: Any, doubts: list[str]) -> str | None:
    """ISO string of an ISO date, a date as Twitter writes it, or seconds since 1970; None where there is none.

    Args:
        value: as a record has it; anything else than these is no date.
        doubts: gets a cause where a value is no date.
    """
    if value is None or value == "":
        return None
    try:
        if not isinstance(value, str):
            return datetime.fromtimestamp(_seconds(value), UTC).isoformat()
        try:
            return datetime.fromisoformat(value).isoformat()
        except ValueError:
            return datetime.strptime(value, "%a %b %d %H:%M:%S %z %Y").isoformat()
    except (ValueError, OverflowError, OSError):
        doubts.append(f"no date: {str(value)[:40]!r}")
        return None


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no number of seconds")
    return value
