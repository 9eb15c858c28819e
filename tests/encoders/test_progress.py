"""Mirrors encoders/progress.py."""

import time

import pytest

from encoders.progress import progress_lines


def test_the_end_is_a_line_however_soon(capsys: pytest.CaptureFixture[str]) -> None:
    show = progress_lines("posts", seconds=60)
    for done in range(1, 2001):
        show(done, 2000)
    assert capsys.readouterr().out == "posts: 2,000 of 2,000 in 0 s\n"


def test_a_line_every_few_seconds(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    show = progress_lines("posts", seconds=5)
    for done, at in enumerate([101, 104.9, 105, 106, 109.9, 110, 130, 131], start=1):
        now = at
        show(done, 9)
    monkeypatch.undo()
    assert [line.removeprefix("posts: ") for line in capsys.readouterr().out.splitlines()] == [
        "3 of 9 in 5 s", "6 of 9 in 10 s", "7 of 9 in 30 s"
    ]  # fmt: skip
