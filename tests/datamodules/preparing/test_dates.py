"""Mirrors datamodules/preparing/dates.py."""

from typing import Any

import pytest

from datamodules.preparing.dates import iso_date

DAY = "2018-03-01T12:00:00+00:00"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("2018-03-01T12:00:00Z", DAY),
        ("2018-03-01T13:00:00+01:00", "2018-03-01T13:00:00+01:00"),
        ("2018-03-01 12:00", "2018-03-01T12:00:00"),
        ("2018-03-01", "2018-03-01T00:00:00"),
        (1519905600, DAY),
        (1519905600.0, DAY),
        (0, "1970-01-01T00:00:00+00:00"),
        ("Thu Mar 01 12:00:00 +0000 2018", DAY),
        (None, None),
        ("", None),
    ],
)
def test_dates_of_all_writings_become_iso(value: Any, wanted: str | None) -> None:
    doubts: list[str] = []
    assert iso_date(value, doubts) == wanted
    assert doubts == []


@pytest.mark.parametrize("value", ["yesterday", "2018-13-01", 10**30, 1519905600000, True, [2018], {"year": 2018}])
def test_what_is_no_date_is_a_doubt(value: Any) -> None:
    doubts: list[str] = []
    assert iso_date(value, doubts) is None
    assert doubts == [f"no date: {str(value)[:40]!r}"]
