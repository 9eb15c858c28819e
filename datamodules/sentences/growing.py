"""An array on disk that grows at its end."""

from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Growing:
    """Write a .npy file of one dimension piece by piece; its length is put into the header at the end.

    Args:
        path: of the file, which is replaced.
        dtype: of its values.
    """

    def __init__(self, path: Path, dtype: DTypeLike) -> None:
        self.dtype, self.length = np.dtype(dtype), 0
        self._file = path.open("wb")
        self._header()

    def __enter__(self) -> "Growing":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._file.seek(0)
            self._header()  # numpy leaves room for 21 digits, so that values stay where they are
        self._file.close()

    def append(self, values: NDArray) -> None:
        """Add (n,) values; written, not mapped: a full disk raises here, and would kill the process there."""
        self._file.write(np.ascontiguousarray(values, self.dtype).data)
        self.length += len(values)

    def _header(self) -> None:
        header = {"descr": self.dtype.str, "fortran_order": False, "shape": (self.length,)}
        np.lib.format.write_array_header_1_0(self._file, header)
