"""Mirrors encoders/bits.py."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from encoders.bits import MOST, count_ones, medians, pack, packed_width, unpack, write_bits
from encoders.store import FeatureStore, write_features


def vectors(folder: Path, values: dict[str, list[float] | None], **key: object) -> FeatureStore:
    """A store of vectors; None is an absent one."""
    items = [(name, None if row is None else torch.tensor(row)) for name, row in values.items()]
    width = len(next(row for row in values.values() if row))
    write_features(folder, items, torch.stack, (width,), key)
    return FeatureStore(folder)


# bits
@given(count=st.integers(0, 5), width=st.integers(1, 40), seed=st.integers(0, 99))
def test_bits_are_packed_and_unpacked_as_numpy_does(count: int, width: int, seed: int) -> None:
    ones = np.random.default_rng(seed).random((count, width)) < 0.5
    bits = pack(torch.from_numpy(ones))
    assert (bits.dtype, bits.shape) == (torch.uint8, (count, packed_width(width)))
    np.testing.assert_array_equal(bits, np.packbits(ones, axis=-1))
    values = unpack(bits, width)
    assert values.dtype == torch.float32
    np.testing.assert_array_equal(values, np.unpackbits(bits.numpy(), axis=-1, count=width))
    np.testing.assert_array_equal(values, ones)


def test_a_picture_of_vgg_takes_512_bytes() -> None:
    assert packed_width(4096) == 512
    assert pack(torch.ones(2, 4096, dtype=torch.bool)).shape == (2, 512)


def test_regions_keep_their_own_bits() -> None:
    ones = torch.rand(3, 4, 11) < 0.5
    bits = pack(ones)
    assert bits.shape == (3, 4, 2)
    assert torch.equal(unpack(bits, 11), ones.float())
    assert torch.equal(bits[1, 2], pack(ones[1, 2]))


def test_bits_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="2 bytes don't hold 17 bits, but 3 do"):
        unpack(torch.zeros(1, 2, dtype=torch.uint8), 17)


# thresholds
def test_the_median_is_of_each_dimension_over_the_rows_asked_for(tmp_path: Path) -> None:
    values = {"a": [1.0, -4.0], "b": [3.0, 0.0], "gone": None, "c": [8.0, 2.0], "d": [900.0, 900.0]}
    store = vectors(tmp_path, values)
    assert medians(store, store.rows(["a", "b", "c"])).tolist() == [3, 0]
    assert medians(store, store.rows(["a", "b", "c", "d"])).tolist() == [5.5, 1]
    with pytest.raises(ValueError, match="no pictures to take medians of"):
        medians(store, np.zeros(0, np.int64))


def test_the_medians_of_a_large_store_are_those_of_a_sample(tmp_path: Path) -> None:
    numbers = torch.rand(MOST + 5000, 200, generator=torch.Generator().manual_seed(0)).half()
    items = [(str(row), row) for row in range(len(numbers))]
    write_features(tmp_path, items, lambda rows: numbers[rows], (200,), {}, 4096, 8192)
    store = FeatureStore(tmp_path)
    drawn = medians(store, np.arange(len(numbers)))
    np.testing.assert_array_equal(drawn, medians(store, np.arange(len(numbers))))
    np.testing.assert_allclose(drawn, 0.5, atol=0.02)
    rows = np.arange(MOST)[::-1]  # all of them, over several blocks of rows and of dimensions
    np.testing.assert_array_equal(medians(store, rows), np.median(numbers[:MOST].float(), axis=0).astype(np.float32))


def test_bits_say_which_values_lie_above_their_threshold(tmp_path: Path) -> None:
    values = {"a": [1.0, -4.0, 0.5], "gone": None, "b": [3.0, 0.0, 0.25]}
    store = vectors(tmp_path / "floats", values, encoder="by hand")
    assert write_bits(tmp_path / "bits", store, np.array([1, -4.5, 0.25], np.float32), "median")
    bits = FeatureStore(tmp_path / "bits")
    assert (bits.ids, bits.shape, bits.dtype) == (["a", "gone", "b"], (1,), np.dtype(np.uint8))
    taken, present = bits.take(["b", "gone", "a", None])
    assert unpack(taken, 3).tolist() == [[1, 1, 0], [0, 0, 0], [0, 1, 1], [0, 0, 0]]
    assert present.tolist() == [True, False, True, False]


def test_the_key_tells_floats_threshold_and_its_values(tmp_path: Path) -> None:
    store = vectors(tmp_path / "floats", {"a": [1.0, 2.0]}, encoder="by hand")
    limits = np.array([1, 2], np.float32)
    for folder, given_limits in (("one", limits), ("two", limits + 1), ("three", limits)):
        write_bits(tmp_path / folder, store, given_limits, "median")
    one, two, three = (FeatureStore(tmp_path / folder).key for folder in ("one", "two", "three"))
    assert one == three
    assert {name for name in one if one[name] != two[name]} == {"thresholds"}
    assert (one["features"], one["threshold"], one["width"]) == ({"encoder": "by hand"}, "median", 2)


def test_bits_are_made_of_vectors_only(tmp_path: Path) -> None:
    store = vectors(tmp_path / "floats", {"a": [1.0] * 8})
    limits = np.zeros(8, np.float32)
    with pytest.raises(ValueError, match=r"floats: values \(8,\) of float16, not vectors of 7 floats"):
        write_bits(tmp_path / "bits", store, limits[:7], "zero")
    write_bits(tmp_path / "bits", store, limits, "zero")
    with pytest.raises(ValueError, match=r"bits: values \(1,\) of uint8"):
        write_bits(tmp_path / "again", FeatureStore(tmp_path / "bits"), limits[:1], "zero")


# what they say
def test_ones_are_counted_over_the_pictures_that_are_there(tmp_path: Path) -> None:
    ones: dict[str, Tensor | None] = {
        "a": torch.tensor([1, 0, 1, 0, 0, 0, 0, 0, 0, 1]),
        "gone": None,
        "b": torch.tensor([1, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    }
    items = [(name, None if row is None else pack(row.bool())) for name, row in ones.items()]
    write_features(tmp_path, items, torch.stack, (2,), {"width": 10}, dtype=np.dtype(np.uint8))
    counts = count_ones(FeatureStore(tmp_path))
    assert counts.ones.tolist() == [2, 0, 1, 0, 0, 0, 0, 0, 0, 2]
    assert counts.facts() == {"pictures": 2, "width": 10, "share_of_ones": 5 / 20, "always_one": 2, "always_zero": 7}


def test_of_no_pictures_nothing_is_said(tmp_path: Path) -> None:
    write_features(tmp_path, [("a", None)], torch.stack, (1,), {"width": 5}, dtype=np.dtype(np.uint8))
    facts = count_ones(FeatureStore(tmp_path)).facts()
    assert (facts["pictures"], facts["share_of_ones"], facts["always_one"]) == (0, None, 0)
