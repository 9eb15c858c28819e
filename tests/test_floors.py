"""The house: who may import whom, which test belongs to which source, and what no source may do."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOOR = {"encoders": 1, "retrieval": 2, "lightning_modules": 3, "datamodules": 3, "experiments": 4}
SOURCES = sorted(path.relative_to(ROOT) for package in FLOOR for path in (ROOT / package).rglob("*.py"))
TESTS = sorted(path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py"))
HOUSE = {Path("test_floors.py")}  # this file is of no one source


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that a source imports, at any depth of its functions, as it is written there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def called(tree: ast.AST) -> Iterator[tuple[str, dict[str, object]]]:
    """Every call: the last word of what is called, with one word before it, and its constant keyword arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            words = ".".join(ast.unparse(node.func).split(".")[-2:])
            yield (
                words,
                {at.arg: at.value.value for at in node.keywords if at.arg and isinstance(at.value, ast.Constant)},
            )


def faults(source: str) -> list[str]:
    """Why a source could run what a file of somebody else says."""
    tree = ast.parse(source.replace("from pickle import UnpicklingError\n", ""))  # torch raises it; it reads nothing
    found = [f"imports {name}" for name in imported(tree) if name.split(".")[0] in ("pickle", "dill", "joblib")]
    for name, given in called(tree):
        if given.get("allow_pickle") is True or given.get("weights_only") is False:
            found.append(f"{name} reads pickles")
        if name.endswith("torch.load") and given.get("weights_only") is not True:
            found.append(f"{name} without weights_only=True")
        if name in ("yaml.load", "yaml.unsafe_load", "yaml.full_load"):
            found.append(f"{name} builds objects")
    return found


def test_the_packages_are_those_of_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(project["tool"]["setuptools"]["packages"]["find"]["include"]) == {f"{package}*" for package in FLOOR}


def test_there_are_no_other_packages() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found == set(FLOOR)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_a_floor_imports_only_itself_and_floors_below(source: Path) -> None:
    own = source.parts[0]
    modules = list(imported(ast.parse((ROOT / source).read_text())))
    others = {module.split(".")[0] for module in modules} & FLOOR.keys() - {own}
    assert [other for other in sorted(others) if FLOOR[other] >= FLOOR[own]] == []


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_no_source_imports_by_dots_or_from_the_tests(source: Path) -> None:
    """Dots would hide from the test above which floor is meant; so would the tests' helpers."""
    modules = imported(ast.parse((ROOT / source).read_text()))
    assert [module for module in modules if module.startswith(".") or module.split(".")[0] == "tests"] == []


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_no_source_unpickles_or_builds_objects_from_yaml(source: Path) -> None:
    assert faults((ROOT / source).read_text()) == []


@pytest.mark.parametrize(
    "bad",
    [
        "def read():\n    import pickle",
        "from pickle import loads",
        "numpy.load(path, allow_pickle=True)",
        "torch.load(path, weights_only=False)",
        "torch.load(path)",
        "Model.load_from_checkpoint(path, weights_only=False)",
        "yaml.load(text, Loader=yaml.Loader)",
    ],
)
def test_what_is_forbidden_is_found(bad: str) -> None:
    assert len(faults(bad)) >= 1


@pytest.mark.parametrize("test", [test for test in TESTS if test not in HOUSE], ids=str)
def test_every_test_mirrors_a_source(test: Path) -> None:
    """tests/a/test_b.py is of a/b.py or of the package a/b; test_b_more.py is a second file of the same source."""
    words = test.stem.removeprefix("test_").split("_")
    names = ["_".join(words[:end]) for end in range(1, len(words) + 1)]
    folder = ROOT / test.parent
    assert any((folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file() for name in names)
