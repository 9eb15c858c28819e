"""Mirrors experiments/missing.py where it refuses; what it does with classifiers is in steps/test_late.py."""

from pathlib import Path

import pytest

from experiments.missing import main


def test_ranks_have_no_modalities_to_take_away(tmp_path: Path, capsys, ranked_stage) -> None:
    folder = ranked_stage(tmp_path / "ranks", 0.5)
    (folder / "stage.json").write_text('{"function": "experiments.steps.ranks:ranks"}')
    with pytest.raises(SystemExit) as ended:
        main([str(folder)])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert f"{folder}: was scored on ranks, only classifiers of posts have modalities to take away" in error
    assert "--model.pairs" in error


def test_neither_have_triplets(tmp_path: Path, capsys, stage) -> None:
    folder = stage(tmp_path / "scores", kind="triplets")
    (folder / "stage.json").write_text('{"function": "experiments.steps.scoring:scores"}')
    with pytest.raises(SystemExit):
        main([str(folder)])
    error = capsys.readouterr().err
    assert "was scored on triplets, only classifiers of posts have modalities to take away" in error
    assert "--model.pairs" not in error
