"""Mirrors experiments/runs.py: rows and the command line, dry runs."""

import re
from pathlib import Path

import pytest

from experiments.run import main, one_word_each
from experiments.runs import plan
from experiments.stages import Stage, ordered
from experiments.table import departures

DEMO = ("cast_msd", "--profile", "demo", "--dry_run")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


def planned(store: Path, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Names of the stages of a dry run."""
    assert main([*DEMO, "--store", str(store), *words]) == 0
    return re.findall(r"(?:to do|done )  \S*/(\w+)-", capsys.readouterr().out)


def test_what_makes_a_row_stands_over_the_command_line(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else "Base Classifier" would be printed over the results of another row."""
    words = ["--protocol.iterations=1", "--data.comment_drop=0.25", "--model.comments=true"]
    assert not [name for name in planned(store, capsys, *words, "--rows", "Base Classifier") if "student" in name]
    assert planned(store, capsys, *words, "--rows", "Full Model")[-1] == "student_1"


def test_rows_are_named_whole_commas_and_all(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = planned(store, capsys, "--rows", "Base Classifier", "Full, random unlabelled posts")
    assert (names.count("teacher"), names.count("student_2")) == (2, 1)
    assert main([*DEMO, "--store", str(store), "--rows", "Full"]) == 1
    assert 'no row "Full". Did you mean "Full Model"?' in capsys.readouterr().err


def test_a_setting_has_one_spelling(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fingerprints, and what a table says of changed settings, are of `--name=value`."""
    mine = tmp_path / "mine.yaml"
    mine.write_text("wandb: 'off'\n")
    plans = []
    for words in (["--data.batch_size", "9", "--config", str(mine)], ["--data.batch_size=9", f"--config={mine}"]):
        assert main([*DEMO, "--store", str(store), "--rows", "Base Classifier", *words]) == 0
        plans.append(capsys.readouterr().out)
    assert plans[0] == plans[1]
    assert plans[0] != planned(store, capsys, "--rows", "Base Classifier")
    (found,) = departures("demo", one_word_each(["--config", str(mine), "--wandb", "off"]))[1:]
    assert found == "changed settings --config=mine.yaml"


def test_a_stage_that_some_rows_lack_is_the_end_of_the_others(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ["--rows", "Base Classifier", "Full Model"]
    names = planned(store, capsys, *rows, "--stage", "index")
    assert (names.count("index"), names.count("teacher")) == (1, 0)
    assert main([*DEMO, "--store", str(store), *rows, "--stage", "indx"]) == 1
    assert 'no stage "indx". Did you mean "index"?' in capsys.readouterr().err


@pytest.fixture
def begun(tmp_path: Path, store: Path) -> tuple[Path, list[Stage]]:
    """A store with two folders of the demo's first row."""
    (tmp_path / ".settings").symlink_to(store / ".settings", target_is_directory=True)
    stages = ordered(plan("cast_msd", "demo", [], 0, tmp_path))
    for stage in stages[:2]:
        stage.folder(tmp_path).mkdir()
        (stage.folder(tmp_path) / "DONE").touch()
    return tmp_path, stages


def test_a_dry_run_sets_nothing_aside(begun: tuple[Path, list[Stage]], capsys: pytest.CaptureFixture[str]) -> None:
    store, stages = begun
    before = sorted(store.iterdir())
    assert main([*DEMO, "--store", str(store), "--from", stages[0].name]) == 0
    said = capsys.readouterr().out
    assert f"set aside: {store}/aside-{stages[0].folder_name}" in said
    assert "0 of" in said.splitlines()[-1], "what will be set aside is to do"
    assert sorted(store.iterdir()) == before


def test_a_dry_run_measures_nothing(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cast_msd", "test", "--profile", "demo", "--dry_run", "--store", str(store)]) == 0
    assert "0 of 13 stages are done" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--seeds", "2"], ["--rows", "Full Model"], ["--stage", "index"]])
def test_what_says_nothing_to_an_action_is_refused(
    words: list[str], store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cast_msd", "test", "--profile", "demo", "--store", str(store), *words]) == 1
    assert f"error: {words[0]} says nothing to test" in capsys.readouterr().err


def test_an_experiment_without_a_common_space_is_not_searched(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cast_msd", "search", "vintage", "cars", "--profile", "demo", "--store", str(store)]) == 1
    assert "cast_msd: no users, pictures and texts are learned in one space" in capsys.readouterr().err


def test_a_dry_run_searches_nothing(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--profile", "demo", "--dry_run", "--store", str(store)]
    assert main(["du2mce", "search", "vintage cars", *words]) == 0
    assert "0 of 10 stages are done" in capsys.readouterr().out
