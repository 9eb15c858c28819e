"""Mirrors experiments/run.py: names, typos, actions; nothing here imports torch."""

import subprocess
import sys

import pytest

from experiments import names
from experiments.run import ACTIONS, main


@pytest.mark.parametrize("name", ["cast_mvsa", "cast_msd", "cast_itr", "cast_mhp"])
def test_list_names_every_experiment(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert name in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["cast_mds"], 'Did you mean "cast_msd"?'),
        (["cast_msd", "tets"], 'Did you mean "test"?'),
        (["cast_msd", "--profile", "dmeo"], 'Did you mean "demo"?'),
        (["show", "cast_mvs"], 'Did you mean "cast_mvsa"?'),
        (["du2mce", "serch", "old cars"], 'Did you mean "search"?'),
        (["du2mce", "search", "--top", "3"], "search for what?"),
    ],
)
def test_typos_are_answered(words: list[str], answer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert answer in capsys.readouterr().err


def test_show_prints_paper_and_experiment(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "cast_mvsa"]) == 0
    shown = capsys.readouterr().out
    assert "# Section 4.2" in shown
    assert "task: sentiment" in shown


@pytest.mark.parametrize("words", [[], ["list"], ["show", "cast_mvsa"], ["cast_mds"], ["du2mce", "search"]])
def test_names_are_answered_without_heavy_imports(words: list[str]) -> None:
    program = f"import sys; from experiments.run import ACTIONS, main; main({words!r}); print('torch' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines()[-1] == "False"


@pytest.mark.parametrize(("words", "status"), [([], 0), (["list"], 0), (["cast_mds"], 2), (["cast_msd", "tets"], 2)])
def test_the_process_tells_a_typo_by_its_exit_status(words: list[str], status: int) -> None:
    command = [sys.executable, "-m", "experiments.run", *words]
    assert subprocess.run(command, capture_output=True, check=False).returncode == status


def test_without_a_word_the_actions_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {action} " in shown for action in ACTIONS)


def test_an_abbreviated_option_of_ours_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cast_msd", "--prof", "demo", "--dry_run"]) == 2
    assert 'no option --prof. Did you mean "--profile"?' in capsys.readouterr().err


def test_config_files_stand_from_weak_to_strong() -> None:
    stems = [path.relative_to(names.CONFIGS).as_posix() for path in names.config_files("cast_msd", "demo")]
    assert stems == ["papers/cast.yaml", "cast_msd.yaml", "profiles/demo/cast.yaml"]
