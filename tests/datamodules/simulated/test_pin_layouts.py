"""Mirrors datamodules/simulated/pin_layouts.py."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from datamodules.prepare import open_layout, prepare
from datamodules.preparing import Options
from datamodules.simulated.pin_layouts import part_of


@pytest.fixture(scope="module")
def rows(pinned: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (pinned / "pins" / "pins.jsonl").read_text().splitlines()]


def test_a_line_has_image_descriptions_id_and_split(rows: list[dict[str, Any]]) -> None:
    assert len(rows) == 60
    for row in rows:
        assert list(row) == ["image", "descriptions", "id", "split"]
        assert 2 <= len(row["descriptions"]) <= 9
        assert row["image"] in (None, f"{row['id']}.jpg")


def test_every_picture_that_is_named_is_there_and_no_other(pinned: Path, rows: list[dict[str, Any]]) -> None:
    sheet = yaml.safe_load((pinned / "pins" / "dataset.yaml").read_text())
    assert sheet["name"] == "simulated_pins"
    images = pinned / "pins" / sheet["media_root"]
    assert {path.name for path in images.iterdir()} == {row["image"] for row in rows} - {None}
    for path in images.iterdir():
        with Image.open(path) as picture:
            assert (picture.size, picture.format) == ((64, 64), "JPEG")


def test_eight_tenths_train_one_validates_one_tests() -> None:
    parts = [part_of(position, 1200) for position in range(1200)]
    assert Counter(parts) == {"train": 960, "validation": 120, "test": 120}
    assert parts == sorted(parts, key=["train", "validation", "test"].index)


def test_truth_has_the_causes_of_each_pin(pinned: Path, rows: list[dict[str, Any]]) -> None:
    truth = {row["id"]: row for row in pq.read_table(pinned / "truth.parquet").to_pylist() if row["set"] == "pins"}
    assert list(truth) == [row["id"] for row in rows]
    for row in rows:
        known = truth[row["id"]]
        assert known["pictured"] is (row["image"] is not None)
        assert len(known["boards"]) == len(known["elsewhere"]) == len(row["descriptions"])
        assert set(known["boards"]) <= {"crafts", "travel", "family"}


def test_clicks_are_on_pins_by_the_name_of_their_picture(pinned: Path, rows: list[dict[str, Any]]) -> None:
    log = [json.loads(line) for line in (pinned / "clicks" / "clicks.jsonl").read_text().splitlines()]
    assert {tuple(row) for row in log} == {("query", "item", "annotations", "clicks")}
    assert {row["item"] for row in log} <= {row["image"] for row in rows}


def test_the_format_pins_reads_it(pinned: Path, rows: list[dict[str, Any]], tmp_path: Path) -> None:
    prepare(open_layout("pins", pinned / "pins", Options()), tmp_path / "posts")
    about = json.loads((tmp_path / "posts" / "dataset.json").read_text())
    assert (about["name"], about["kept"], about["dropped"]) == ("simulated_pins", 60, {})
