"""Mirrors datamodules/timelines/pictures.py."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor

from datamodules.timelines.pictures import picture_groups
from encoders.store import FeatureStore, write_features


def groups(folder: Path, vectors: dict[str, Tensor | None], paths: list[str], least: float) -> list[int]:
    width = next(len(vector) for vector in vectors.values() if vector is not None)
    write_features(folder / "store", list(vectors.items()), torch.stack, (width,), {"made": "by hand"})
    store = FeatureStore(folder / "store")
    found = picture_groups(pa.array(paths), store, least, folder / "index", lambda done, total: None).tolist()
    assert not (folder / "index").exists()
    return found


def at(degrees: float, length: float = 1) -> Tensor:
    return length * torch.tensor([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))]).float()


def test_near_duplicates_join_by_chains_and_the_first_stands_for_all(tmp_path: Path) -> None:
    # cosines of 20 degrees are 0.94, of 40 degrees 0.77
    vectors = {"z": at(0), "a": at(20), "far": at(90), "m": at(40, length=7), "unread": None}
    paths = ["m", "unread", "far", "z", "a", "unknown"]
    assert groups(tmp_path, vectors, paths, 0.9) == [0, 1, 2, 0, 0, 5]


def test_the_least_cosine_is_enough(tmp_path: Path) -> None:
    vectors = {"a": at(0), "b": at(60), "c": at(121)}
    assert groups(tmp_path, vectors, ["a", "b", "c"], 0.499) == [0, 0, 2]


def test_more_copies_than_neighbours_that_are_looked_at_are_one_picture(tmp_path: Path) -> None:
    draws = torch.Generator().manual_seed(0)
    apart = {f"other{row}": vector for row, vector in enumerate(torch.randn(40, 64, generator=draws))}
    first = torch.randn(64, generator=draws)
    equal = {f"equal{row}": first for row in range(70)}
    near = {f"near{row}": first + 0.02 * torch.randn(64, generator=draws) for row in range(70)}
    vectors = apart | equal | near
    assert groups(tmp_path, vectors, list(vectors), 0.95) == [*range(40), *[40] * 140]


def test_groups_are_those_of_all_pairs(tmp_path: Path) -> None:
    values = torch.from_numpy(np.random.default_rng(0).normal(size=(120, 4))).half().float()
    unit = values / values.norm(dim=1, keepdim=True)
    near = (unit @ unit.T >= 0.93).numpy()
    reach = np.linalg.matrix_power(near.astype(float), 120) > 0
    vectors = {str(row): value for row, value in enumerate(values)}
    assert groups(tmp_path, vectors, list(vectors), 0.93) == reach.argmax(1).tolist()
    assert 10 < len(set(reach.argmax(1).tolist())) < 120


def test_without_features_every_file_is_a_picture(tmp_path: Path) -> None:
    assert picture_groups(pa.array(["a", "b"]), None, 0.9, tmp_path / "index", lambda *_: None).tolist() == [0, 1]
    assert groups(tmp_path, {"c": at(0)}, ["a", "b"], 0.9) == [0, 1]  # nor where the store has none of them


def test_bits_are_refused(tmp_path: Path) -> None:
    items = [("a", torch.zeros(2, dtype=torch.uint8))]
    write_features(tmp_path / "bits", items, torch.stack, (2,), {}, dtype=np.dtype(np.uint8))
    with pytest.raises(ValueError, match="holds bits"):
        picture_groups(pa.array(["a"]), FeatureStore(tmp_path / "bits"), 0.9, tmp_path / "index", lambda *_: None)
