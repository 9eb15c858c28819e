"""Posts' pictures and texts through frozen encoders into a feature store."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from encoders.bits import pack, packed_width
from encoders.image import ImageEncoder, Preprocessing
from encoders.parts import BITS, DTYPE, bytes_needed
from encoders.pictures import open_picture
from encoders.progress import Progress, progress_lines
from encoders.store import write_features

PART_BYTES = 64 * 2**20  # values of a part that are held in memory at once


class TextVectors(Protocol):
    """What `encode_sentences` needs of an encoder; `SentenceEncoder` has it."""

    @property
    def width(self) -> int:
        """D."""

    def key(self) -> dict[str, Any]:
        """All that a text's vector depends on."""

    def encode(self, texts: Sequence[str], batch_size: int = 64) -> NDArray[np.float32]:
        """Return (n, D)."""


def encode_pictures(
    folder: Path | str,
    items: Sequence[tuple[str, Path | None]],
    encoder: ImageEncoder,
    batch_size: int = 64,
    workers: int = 0,
    device: str | torch.device = "cpu",
    progress: Progress | None = None,
    rank: int = 0,
    world: int = 1,
    bits: bool = False,
) -> bool:
    """Write each picture's features, of `encoder.shape`.

    Args:
        folder: of the store.
        items: post ids and picture files; None where a post has no picture.
        encoder: what to encode with; moved to `device`.
        batch_size: pictures at once.
        workers: processes that read and scale pictures; 0 reads in this one.
        device: where the encoder runs.
        progress: see `write_features`; None prints lines.
        rank: this process of `world`, see `write_features`.
        world: processes.
        bits: keep one bit of each value, whether it is above zero, packed on `device`: (ceil(I / 8),) uint8 in place of
            (I,) half precision.

    Returns:
        Whether the store is whole. A picture that can't be read is an absent item and a line in `problems.jsonl`.
    """
    encode = partial(_encode_files, encoder.to(device), batch_size=batch_size, workers=workers, bits=bits)
    shape, key, dtype = encoder.shape, encoder.key(), BITS if bits else DTYPE
    if bits:
        shape, key = (*shape[:-1], packed_width(shape[-1])), key | {"threshold": "zero", "width": shape[-1]}
    size = max(1, min(1024, PART_BYTES // bytes_needed(1, shape, dtype)))
    shown = progress or progress_lines(f"{folder}: pictures")
    # a part is one call, so that the workers read ahead from batch to batch
    return write_features(folder, items, encode, shape, key, size, size, rank, world, shown, dtype)


def encode_sentences(
    folder: Path | str,
    items: Sequence[tuple[str, str | None]],
    encoder: TextVectors,
    batch_size: int = 64,
    progress: Progress | None = None,
    rank: int = 0,
    world: int = 1,
) -> bool:
    """Write each text's vector, (D,).

    Args:
        folder: of the store.
        items: ids and texts; None where there is no text.
        encoder: what to encode with.
        batch_size: texts at once.
        progress: see `write_features`; None prints lines.
        rank: this process of `world`, see `write_features`.
        world: processes.

    Returns:
        Whether the store is whole.
    """
    part_size = 4096  # equal texts and texts of like length find each other within a part

    def encode(texts: list[str]) -> Tensor:
        return torch.from_numpy(encoder.encode(texts, batch_size))  # (n, D)

    shown = progress or progress_lines(f"{folder}: texts")
    shape = (encoder.width,)
    return write_features(folder, items, encode, shape, encoder.key(), part_size, part_size, rank, world, shown)


class _Files(Dataset[Tensor | ValueError]):
    """Prepared pixels of picture files, or why there are none."""

    def __init__(self, paths: Sequence[Path], preprocess: Preprocessing) -> None:
        self.paths, self.preprocess = paths, preprocess

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, row: int) -> Tensor | ValueError:
        try:
            return self.preprocess(open_picture(self.paths[row]))
        except ValueError as error:
            return ValueError(str(error))  # without its traceback it can leave the worker


def _encode_files(
    encoder: ImageEncoder, paths: list[Path], batch_size: int, workers: int, bits: bool
) -> list[Tensor | ValueError]:
    device = next(encoder.parameters()).device
    files = _Files(paths, encoder.preprocess)
    loader = DataLoader(files, batch_size=batch_size, num_workers=workers, collate_fn=list)
    found: list[Tensor | ValueError] = []
    for batch in loader:
        pixels = [picture for picture in batch if isinstance(picture, Tensor)]
        features = iter(_forward(encoder, torch.stack(pixels).to(device), bits) if pixels else ())
        found += [next(features) if isinstance(picture, Tensor) else picture for picture in batch]
    return found


@torch.inference_mode()
def _forward(encoder: ImageEncoder, pixels: Tensor, bits: bool) -> Tensor:
    values = encoder(pixels)
    if not bits:
        return values.to("cpu", torch.float16)
    if not values.isfinite().all():  # floats are looked at when they are stored, bits no longer show it
        raise ValueError(f"{encoder.name}: values that are not numbers, of which no bits can be made; see its weights")
    return pack(values > 0).cpu()
