"""Mirrors encoders/progress.py."""

import pytest

from encoders.progress import progress_lines


def test_progress_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    show = progress_lines("posts", seconds=60)
    for done in range(1, 2001):
        show(done, 2000)
    assert capsys.readouterr().out == "posts: 2,000 of 2,000 in 0 s\n"
