"""Mirrors datamodules/sentences/growing.py."""

from pathlib import Path

import numpy as np
import pytest

from datamodules.sentences.growing import Growing


@pytest.mark.parametrize("pieces", [[], [0], [3, 0, 2], [9] * 1234])
def test_the_file_holds_all_pieces_in_order(tmp_path: Path, pieces: list[int]) -> None:
    values = np.arange(sum(pieces), dtype=np.int32)
    with Growing(tmp_path / "a.npy", np.int32) as file:
        for end, length in zip(np.cumsum(pieces), pieces, strict=True):
            file.append(values[end - length : end])
    assert file.length == len(values)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy", mmap_mode="r"), values)
