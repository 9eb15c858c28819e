"""Pictures as bits: which of a network's units are active (Pins, section 4: {0, 1}^4,096, 512 bytes a picture)."""

import hashlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from encoders.parts import BITS
from encoders.progress import Progress
from encoders.store import FeatureStore, write_features

BYTE = 8
BLOCK = 4096  # rows read at once
COLUMNS = 128  # dimensions whose median is taken at once
MOST = 20_000  # pictures that a median is taken over

Threshold = Literal["zero", "median"]


def pack(values: Tensor) -> Tensor:
    """Pack (..., W) bool into (..., ceil(W / 8)) uint8 on its device, as numpy does; zeros fill the last byte."""
    padded = F.pad(values.to(torch.uint8), (0, -values.shape[-1] % BYTE))
    bits = padded.unflatten(-1, (-1, BYTE)) << _shifts(values.device)  # (..., ceil(W / 8), 8)
    return bits.sum(-1, dtype=torch.uint8)


def unpack(bits: Tensor, width: int) -> Tensor:
    """Unpack (..., ceil(W / 8)) uint8 into (..., W) float32 of zeros and ones on its device.

    Raises:
        ValueError: bits of another width.
    """
    if bits.shape[-1] != packed_width(width):
        raise ValueError(f"{bits.shape[-1]} bytes don't hold {width} bits, but {packed_width(width)} do")
    ones = (bits.unsqueeze(-1) >> _shifts(bits.device)) & 1  # (..., ceil(W / 8), 8)
    return ones.flatten(-2)[..., :width].float()


def packed_width(width: int) -> int:
    """Bytes that hold so many bits."""
    return math.ceil(width / BYTE)


def _shifts(device: torch.device) -> Tensor:
    return torch.arange(BYTE - 1, -1, -1, dtype=torch.uint8, device=device)


class BitCounts(NamedTuple):
    """How often each of W bits is one."""

    pictures: int  # those that have features
    ones: NDArray[np.int64]  # (W,)

    def facts(self) -> dict[str, Any]:
        """Share of ones, and how many dimensions say nothing since they are the same in all pictures."""
        width, pictures = len(self.ones), self.pictures
        return {
            "pictures": pictures,
            "width": width,
            "share_of_ones": float(self.ones.sum() / (pictures * width)) if pictures else None,
            "always_one": int((self.ones == pictures).sum()) if pictures else 0,
            "always_zero": int((self.ones == 0).sum()) if pictures else 0,
        }


def count_ones(store: FeatureStore) -> BitCounts:
    """Count the ones of a store of bits, whose key says the width."""
    width = int(store.key["width"])
    (rows,) = np.nonzero(store.present)
    ones = np.zeros(width, np.int64)
    for block in _blocks(rows):
        ones += np.unpackbits(store.take_rows(block).numpy(), axis=-1, count=width).sum(0, dtype=np.int64)
    return BitCounts(len(rows), ones)


def medians(store: FeatureStore, rows: NDArray[np.int64], seed: int = 0) -> NDArray[np.float32]:
    """Median of each dimension over some rows of a store of vectors, (I,); over MOST of them, drawn, if there are more.

    Raises:
        ValueError: no rows.
    """
    if not len(rows):
        raise ValueError(f"{store.folder}: no pictures to take medians of")
    if len(rows) > MOST:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST, replace=False))
    values = np.empty((store.shape[0], len(rows)), dtype=np.float16)  # (I, n): each dimension in one piece
    for number, block in enumerate(_blocks(rows)):
        start = number * BLOCK
        values[:, start : start + len(block)] = store.take_rows(block).numpy().T
    chunks = [values[start : start + COLUMNS].astype(np.float32) for start in range(0, len(values), COLUMNS)]
    return np.concatenate([np.median(chunk, axis=1, overwrite_input=True) for chunk in chunks]).astype(np.float32)


def write_bits(
    folder: Path | str,
    store: FeatureStore,
    thresholds: NDArray[np.float32],
    threshold: Threshold,
    progress: Progress | None = None,
) -> bool:
    """Store which values of a store of vectors lie above thresholds, (ceil(I / 8),) uint8 an item.

    Args:
        folder: of the new store.
        store: vectors (I,); items that it lacks are absent in the new one.
        thresholds: (I,).
        threshold: what they are, for the key.
        progress: see `write_features`.

    Returns:
        Whether the store is whole.

    Raises:
        ValueError: `store` holds no vectors, or bits already, or vectors of another width than the thresholds.
    """
    width = len(thresholds)
    if store.shape != (width,) or store.dtype == BITS:
        raise ValueError(f"{store.folder}: values {store.shape} of {store.dtype}, not vectors of {width} floats")
    there = store.present.tolist()
    items = [(item, row if there[row] else None) for row, item in enumerate(store.ids)]
    limits = torch.from_numpy(thresholds)
    digest = hashlib.sha256(thresholds.astype("<f4").tobytes()).hexdigest()
    key = {"features": store.key, "threshold": threshold, "thresholds": digest, "width": width}

    def encode(rows: list[int]) -> Tensor:
        return pack(store.take_rows(np.array(rows)) > limits)

    return write_features(folder, items, encode, (packed_width(width),), key, BLOCK, BLOCK, 0, 1, progress, BITS)


def _blocks(rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(rows), BLOCK):
        yield rows[start : start + BLOCK]
