"""Where an index takes its vectors from, a stretch of rows at a time."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray
from torch import Tensor


class VectorSource(Protocol):
    """N rows of width D, some of them absent; never all in memory at once."""

    @property
    def shape(self) -> tuple[int, int]:
        """(N, D)."""

    @property
    def dtype(self) -> DTypeLike:
        """float16 or float32: how the rows are worth storing."""

    def rows(self, start: int, stop: int) -> tuple[NDArray, NDArray[np.bool_]]:
        """Return the values (stop - start, D) and which of them are there (stop - start,)."""


class ArrayVectors(NamedTuple):
    """Vectors in one array or memory map; absent rows may hold anything."""

    values: NDArray  # (N, D) float16 or float32
    present: NDArray[np.bool_]  # (N,)

    @property
    def shape(self) -> tuple[int, int]:
        """(N, D)."""
        return self.values.shape[0], self.values.shape[1]

    @property
    def dtype(self) -> DTypeLike:
        """The array's own."""
        return self.values.dtype

    def rows(self, start: int, stop: int) -> tuple[NDArray, NDArray[np.bool_]]:
        """Return a view of the rows and their presence."""
        return self.values[start:stop], self.present[start:stop]


class Store(Protocol):
    """What is used of `encoders.store.FeatureStore`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(D,): shape of one item."""

    def take(self, ids: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return float32 (n, D) and bool (n,)."""


class StoreVectors:
    """Vectors of a feature store in the order of `ids`; items that the store lacks are absent.

    Args:
        store: pooled features, one vector (D,) an item.
        ids: N item ids, one a row.
    """

    dtype = np.dtype(np.float16)  # as the store keeps them, so nothing is lost

    def __init__(self, store: Store, ids: Sequence[str]) -> None:
        if len(store.shape) != 1:
            raise ValueError(
                f"retrieval needs one vector an item, the store holds {store.shape}: encode pooled features"
            )
        self.store, self.ids = store, ids

    @property
    def shape(self) -> tuple[int, int]:
        """(N, D)."""
        return len(self.ids), self.store.shape[0]

    def rows(self, start: int, stop: int) -> tuple[NDArray, NDArray[np.bool_]]:
        """Return the values (stop - start, D) float32 and which of them are there."""
        values, present = self.store.take(self.ids[start:stop])
        return values.numpy(), present.numpy()
