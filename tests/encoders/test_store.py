"""Mirrors encoders/store.py and encoders/parts.py."""

import hashlib
import json
import os
import pickle
import signal
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from encoders.store import FeatureStore, bytes_needed, write_features

KEY = {"encoder": "counting", "side": 4}


def items(count: int) -> list[tuple[str, int | None]]:
    """Numbers; every seventh is absent."""
    return [(f"set/{number}", None if number % 7 == 6 else number) for number in range(count)]


def encode(numbers: list[int]) -> Tensor:
    return torch.tensor(numbers).view(-1, 1) + torch.tensor([0.0, 0.5, 0.25])  # (n, 3)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert write_features(tmp_path, items(20), encode, (3,), KEY, batch_size=4, part_size=6)
    store = FeatureStore(tmp_path, KEY)
    assert (len(store), store.shape, store.ids, store.key) == (20, (3,), [item for item, _ in items(20)], KEY)
    values, present = store.take(store.ids)
    for row, (_, number) in enumerate(items(20)):
        assert present[row] == (number is not None)
        expected = torch.zeros(3) if number is None else encode([number])[0]
        torch.testing.assert_close(values[row], expected, rtol=0, atol=0)
    assert sorted(files(tmp_path)) == ["ids.parquet", "problems.jsonl", "store.json", "values.npy"]
    assert np.load(tmp_path / "values.npy", mmap_mode="r").dtype == np.float16


def test_rows_come_in_the_order_asked_for(tmp_path: Path) -> None:
    write_features(tmp_path, items(20), encode, (3,), KEY)
    values, present = FeatureStore(tmp_path).take(["set/9", "unknown", "set/2", None, "set/9", "set/6"])
    assert values[:, 0].tolist() == [9, 0, 2, 0, 9, 0]
    assert present.tolist() == [True, False, True, False, True, False]
    assert (values.dtype, present.dtype) == (torch.float32, torch.bool)
    none, absent = FeatureStore(tmp_path).take([])
    assert (none.shape, absent.shape) == ((0, 3), (0,))


@given(
    lengths=st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=9),
    part=st.integers(1, 4),
    batch=st.integers(1, 4),
)
@settings(deadline=None, max_examples=25)
def test_items_of_any_length_come_back(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int | None], part: int, batch: int
) -> None:
    folder = tmp_path_factory.mktemp("ragged")
    given_items = [(str(row), None if length is None else (row, length)) for row, length in enumerate(lengths)]

    def ragged(payloads: list[tuple[int, int]]) -> list[Tensor]:
        return [torch.full((length, 2), float(row)) for row, length in payloads]

    write_features(folder, given_items, ragged, (-1, 2), KEY, batch_size=batch, part_size=part)
    taken, present = FeatureStore(folder).take_ragged([*(name for name, _ in given_items), "unknown"])
    for row, length in enumerate([*lengths, None]):
        assert present[row] == (length is not None)
        assert taken[row].tolist() == [[row, row]] * (length or 0)
    with pytest.raises(ValueError, match="take_ragged"):
        FeatureStore(folder).take([])


def test_bits_come_back_as_they_are(tmp_path: Path) -> None:
    def packed(numbers: list[int]) -> Tensor:
        return torch.tensor([[number, 255 - number] for number in numbers], dtype=torch.uint8)

    write_features(tmp_path, items(20), packed, (2,), KEY, batch_size=4, part_size=6, dtype=np.dtype(np.uint8))
    store = FeatureStore(tmp_path, KEY)
    values, present = store.take(["set/9", "set/6", "set/19"])
    assert (store.dtype, values.dtype) == (np.dtype(np.uint8), torch.uint8)
    assert values.tolist() == [[9, 246], [0, 0], [19, 236]]
    assert present.tolist() == [True, False, True]
    assert np.load(tmp_path / "values.npy").nbytes == bytes_needed(20, (2,), np.dtype(np.uint8)) == 40
    with pytest.raises(ValueError, match=r"content differs .*dtype: uint8 there, float16 asked for"):
        write_features(tmp_path, items(20), encode, (2,), KEY)


def test_floats_are_no_bits(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="set/0: features of type float32, not uint8"):
        write_features(tmp_path, items(5), encode, (3,), KEY, dtype=np.dtype(np.uint8))
    with pytest.raises(ValueError, match="stored as float16 or uint8, not float64"):
        write_features(tmp_path, items(5), encode, (3,), KEY, dtype=np.dtype(np.float64))


def test_the_description_is_that_of_stores_made_before_there_were_bits(tmp_path: Path) -> None:
    write_features(tmp_path, items(2), encode, (3,), KEY)
    digest = hashlib.sha256(b"set/0\nset/1").hexdigest()
    expected = {"key": KEY, "shape": [3], "dtype": "float16", "count": 2, "items": digest}
    assert json.loads((tmp_path / "store.json").read_text()) == expected


def test_rows_are_looked_up_once_and_taken_by_number(tmp_path: Path) -> None:
    write_features(tmp_path, items(20), encode, (3,), KEY)
    store = FeatureStore(tmp_path)
    asked = ["set/9", "unknown", "set/2", None, "set/9", "set/6"]
    rows = store.rows(asked)
    assert rows.tolist() == [9, -1, 2, -1, 9, -1]
    assert torch.equal(store.take_rows(rows), store.take(asked)[0])
    assert store.take_rows(np.array([6])).tolist() == [[0, 0, 0]]  # an absent item's own row
    assert np.nonzero(~store.present)[0].tolist() == [6, 13]
    with pytest.raises(IndexError):
        store.take_rows(np.array([20]))


def test_causes_of_absence_are_kept(tmp_path: Path) -> None:
    def half(numbers: list[int]) -> list[Tensor | ValueError | None]:
        return [torch.ones(3), ValueError("torn"), None]

    write_features(tmp_path, [("a", 1), ("b", 2), ("c", 3)], half, (3,), KEY)
    assert FeatureStore(tmp_path).take(["a", "b", "c"])[1].tolist() == [True, False, False]
    assert json.loads((tmp_path / "problems.jsonl").read_text()) == {"id": "b", "cause": "torn"}


def test_another_key_is_refused_by_what_differs(tmp_path: Path) -> None:
    write_features(tmp_path, items(5), encode, (3,), KEY)
    before = files(tmp_path)
    with pytest.raises(ValueError, match=r"store\.json: key differs \(side: 4 there, 8 asked for\)"):
        FeatureStore(tmp_path, KEY | {"side": 8})
    with pytest.raises(ValueError, match=r"side: 4 there, 8 asked for; grid: None there, 7 asked for"):
        write_features(tmp_path, items(5), encode, (3,), KEY | {"side": 8, "grid": 7})
    with pytest.raises(ValueError, match=r"content differs \(count: 5 there, 6 asked for"):
        write_features(tmp_path, items(6), encode, (3,), KEY)
    assert files(tmp_path) == before


def test_a_whole_store_is_not_encoded_again(tmp_path: Path) -> None:
    write_features(tmp_path, items(5), encode, (3,), {"mean": (0.5, 0.5)})

    def never(numbers: list[int]) -> Tensor:
        raise AssertionError

    assert write_features(tmp_path, items(5), never, (3,), {"mean": (0.5, 0.5)})
    FeatureStore(tmp_path, {"mean": (0.5, 0.5)})


def test_a_folder_that_is_not_done_is_no_store(tmp_path: Path) -> None:
    assert not write_features(tmp_path, items(20), encode, (3,), KEY, part_size=5, rank=0, world=2)
    with pytest.raises(FileNotFoundError, match=r"store\.json"):
        FeatureStore(tmp_path)
    with pytest.raises(ValueError, match=r"plan\.json: key differs"):
        write_features(tmp_path, items(20), encode, (3,), {}, part_size=5, rank=1, world=2)


def test_two_ranks_write_what_one_writes(tmp_path: Path) -> None:
    write_features(tmp_path / "one", items(23), encode, (3,), KEY, part_size=5)
    ended = [write_features(tmp_path / "two", items(23), encode, (3,), KEY, 2, 5, rank, 2) for rank in (1, 0)]
    assert ended == [False, True]
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_done_parts_are_not_encoded_again(tmp_path: Path) -> None:
    seen: list[int] = []

    def dies_at_twelve(numbers: list[int]) -> Tensor:
        if 12 in numbers:
            raise KeyboardInterrupt
        seen.extend(numbers)
        return encode(numbers)

    with pytest.raises(KeyboardInterrupt):
        write_features(tmp_path, items(20), dies_at_twelve, (3,), KEY, batch_size=1, part_size=5)
    again: list[int] = []

    def resumed(numbers: list[int]) -> Tensor:
        again.extend(numbers)
        return encode(numbers)

    done: list[tuple[int, int]] = []
    write_features(tmp_path, items(20), resumed, (3,), KEY, 1, 5, progress=lambda now, total: done.append((now, total)))
    assert set(again) == {number for _, number in items(20)[10:]} - {None}
    assert done == [(5, 20), (10, 20), (15, 20), (20, 20)]
    write_features(tmp_path / "straight", items(20), encode, (3,), KEY)
    assert files(tmp_path / "straight").items() <= files(tmp_path).items()


KILLED = """
import os, signal, sys
import torch
from encoders.store import write_features
def encode(numbers):
    if 12 in numbers:
        os.kill(os.getpid(), signal.SIGKILL)
    return torch.tensor(numbers).view(-1, 1) + torch.tensor([0.0, 0.5, 0.25])
items = [(f"set/{n}", None if n % 7 == 6 else n) for n in range(20)]
write_features(sys.argv[1], items, encode, (3,), {"encoder": "counting", "side": 4}, batch_size=1, part_size=5)
"""


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a")], env=os.environ, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(list((tmp_path / "a" / "parts").glob("*.npz"))) == 2
    assert write_features(tmp_path / "a", items(20), encode, (3,), KEY, part_size=5)
    write_features(tmp_path / "b", items(20), encode, (3,), KEY)
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_a_full_disk_is_told_before_anything_is_encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage(10**9, 9 * 10**8, 10**8))
    with pytest.raises(OSError, match=r"are free; make room.*parts that are written stay"):
        write_features(tmp_path, items(5), encode, (3,), KEY)
    assert not list(tmp_path.rglob("*.npz"))


def test_bytes_needed_are_the_bytes_written(tmp_path: Path) -> None:
    write_features(tmp_path, items(20), encode, (3,), KEY)
    assert np.load(tmp_path / "values.npy").nbytes == bytes_needed(20, (3,)) == 120
    assert bytes_needed(24_635, (196, 2048)) == 24_635 * 196 * 2048 * 2


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (torch.zeros(4), r"b: features of shape \(4,\), not \(3,\)"),
        (torch.full((3,), float("nan")), "b: features that are not numbers"),
        (torch.full((3,), 1e6), "b: .* half precision"),
    ],
)
def test_wrong_features_name_their_item(tmp_path: Path, value: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write_features(tmp_path, [("a", None), ("b", 1)], lambda numbers: [value], (3,), KEY)


def test_an_id_that_occurs_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'b' occurs twice"):
        write_features(tmp_path, [("a", 1), ("b", 1), ("b", 2)], encode, (3,), KEY)


def test_an_empty_store_is_a_store(tmp_path: Path) -> None:
    write_features(tmp_path, [], encode, (3,), KEY)
    assert len(FeatureStore(tmp_path)) == 0
    assert FeatureStore(tmp_path).take(["a"])[1].tolist() == [False]


def test_a_pickled_store_is_a_path(tmp_path: Path) -> None:
    write_features(tmp_path, [(str(number), number) for number in range(2000)], encode, (3,), KEY)
    content = pickle.dumps(FeatureStore(tmp_path, KEY))
    assert len(content) < 1000
    assert pickle.loads(content).take(["7"])[0].tolist() == [[7, 7.5, 7.25]]
