"""Mirrors datamodules/preparing/parts.py."""

from pathlib import Path

import pytest

from datamodules.prepare import open_layout, prepare


def test_progress_is_plain_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "raw").mkdir()
    for name in "abc":
        (tmp_path / "raw" / f"{name}.jsonl").write_text('{"descriptions": ["d"]}')
    prepare(open_layout("pins", tmp_path / "raw"), tmp_path / "out")
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'raw'}: pieces prepared: 3 of 3 in ")
