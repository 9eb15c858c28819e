"""Mirrors experiments/tables.py."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from experiments.names import experiments
from experiments.tables import TABLES, load_table, maker_of, read_table, table_names

FILES = sorted(TABLES.glob("*.yaml"))
RESULTS = [path for path in FILES if maker_of(path) is None]


@pytest.mark.parametrize("path", [path for path in FILES if path not in RESULTS], ids=lambda path: path.stem)
def test_every_other_table_names_the_function_that_makes_it(path: Path) -> None:
    module, name = str(maker_of(path)).rsplit(".", 1)
    assert callable(getattr(import_module(module), name))
    assert table_names()[path.stem], "its first line is a comment that says what it is"


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_every_table_is_valid_and_names_experiments_that_exist(path: Path) -> None:
    table = read_table(path)
    assert {table.runs(name) for name in table.experiments} <= set(experiments())
    assert table_names()[path.stem], "its first line is a comment that says what it is"
    for row in table.rows:
        assert set(row.published) == {name for name, target in table.experiments.items() if target.data}, row.name
    for row in table.controls:
        assert row.published == {}, row.name


def test_table_7_has_the_papers_rows_and_all_of_its_numbers() -> None:
    table = load_table("cast_7")
    names = ["Base Classifier", "Base+Com", "Base+ST", "Base+Com+ST", "Full Model"]
    assert [row.name for row in table.rows] == names
    cells = [value for row in table.rows for cell in row.published.values() for value in cell.values.values()]
    assert len(cells) == 5 * 11
    assert round(sum(cells), 2) == 3950.71  # all 55 numbers of the paper's text, added up
    copied = [(row.name, name) for row in table.rows for name, cell in row.published.items() if cell.source == "copied"]
    assert copied == [("Base Classifier", "cast_mhp")]


def test_tables_2_and_4_of_du2mce_have_the_papers_ranks() -> None:
    """Text-to-user, image-to-text, image-to-user, and Table 4's joint score; a row's name is its weights."""
    ranks = {
        "Random": (19904, 2500, 19904),
        (1, 0, 0): (371, 2291, 21873),
        (0, 1, 0): (20212, 149, 20289),
        (0, 0, 1): (19698, 2491, 1407),
        (0.5, 0.5, 0): (420, 154, 2455),
        (0.5, 0, 0.5): (383, 239, 664),
        (0, 0.5, 0.5): (8427, 138, 1181),
        (0.333, 0.333, 0.333): (450, 144, 980),
        (0.05, 0.2, 0.75): (732, 140, 806),
        (0.1, 0.45, 0.45): (551, 127, 785),
    }
    assert published("du2mce_2") == {str(name): (*found, None) for name, found in ranks.items()}
    assert published("du2mce_4") == {
        "Random": (19904, 2500, 19904, None),
        "Avg-Text": (1963, None, None, None),
        "Avg-Image": (None, None, 1372, None),
        "Bridging-Modality": (372, 238, 2083, 0.062),
        "Merged-Modality": (514, 601, 2405, 0.148),
        "DU2MCE": (551, 127, 785, 0.042),
    }
    order = ["text_user", "image_text", "image_user"]
    for row in load_table("du2mce_2").rows[1:]:
        pairs = {f"{pair['anchor']}_{pair['other']}": pair["weight"] for pair in weights_of(row.overrides[0])}
        assert pairs.keys() <= set(order)
        named = [float(weight) for weight in row.name.strip("()").split(",")]
        assert [pairs.get(task, 0) for task in order] == pytest.approx(named, abs=5e-4)


def published(table: str) -> dict[str, tuple[float | None, ...]]:
    tasks = ["text_user", "image_text", "image_user", "joint"]
    rows = {row.name: row.published["du2mce"].values for row in load_table(table).rows}
    return {name: tuple(values[task] for task in tasks) for name, values in rows.items()}


def weights_of(override: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(override.split("=", 1)[1])
    return found


@pytest.mark.parametrize("name", ["du2mce_2", "du2mce_3", "du2mce_4"])
def test_weights_of_pairs_of_modalities_add_up_to_1(name: str) -> None:
    table = load_table(name)
    settings = [word for row in (*table.rows, *table.controls) for word in row.overrides if "--model.pairs=" in word]
    assert settings
    for setting in settings:
        assert sum(pair["weight"] for pair in weights_of(setting)) == pytest.approx(1, abs=1e-12), setting


def test_the_base_row_comes_along_and_controls_only_when_asked(capsys) -> None:
    table = load_table("cast_7")
    assert [row.name for row in table.chosen(["Full Model"], controls=False)] == ["Base Classifier", "Full Model"]
    assert len(table.chosen(None, controls=True)) == 7
    with pytest.raises(SystemExit):
        table.chosen(["Full Modle"], controls=False)
    assert 'no row "Full Modle". Did you mean "Full Model"?' in capsys.readouterr().err


def _broken(keys: list[str], value: object) -> dict:
    raw = yaml.safe_load((TABLES / "cast_7.yaml").read_text())
    place = raw
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return raw


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (["rows", "Base+ST", "overides"], [], "rows.Base+ST: .*overides"),
        (["rows", "Base+ST", "overrides"], ["iterations=0"], "rows.Base.ST.overrides: 'iterations=0'"),
        (["rows", "Base+ST", "published", "cast_msd", "values"], {"f1": 84.88}, "published.cast_msd.values: must be"),
        (["rows", "Base+ST", "published", "cast_msd", "values"], {"f2": 1}, r"published.cast_msd.*f2"),
        (["rows", "Base+ST", "published", "cast_mds"], {"values": {}}, "published.cast_mds: no such experiment"),
        (["rows", "Base+ST", "published", "cast_itr", "source"], "copied", "cast_itr.notes: a copied number"),
        (["rows", "Base+ST", "published", "cast_itr", "notes"], ["why"], "footnotes.why: is not there"),
        (["footnotes", "unused"], "text", "footnotes.unused: nothing refers to it"),
        (["experiments", "cast_msd", "averaging"], "micro", "experiments.cast_msd.averaging: .*micro"),
        (["experiments", "cast_msd", "compared"], "accuracy", "compared: 'accuracy' is not among its metrics"),
        (["base_row"], "Bass", "base_row: 'Bass' is no row"),
        (["rows"], [], "base_row"),
        (["rows", "Full Model"], "none", "rows.Full Model: .*str"),
    ],
)
def test_a_broken_table_names_file_and_key(keys: list[str], value: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(yaml.safe_dump(_broken(keys, value)))
    with pytest.raises(ValueError, match=rf"broken.yaml: .*{message}".replace("+", r"\+")):
        read_table(path)


def test_unsafe_or_broken_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.yaml"
    path.write_text("title: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(ValueError, match=r"evil\.yaml: not plain YAML"):
        read_table(path)
