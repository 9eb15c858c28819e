"""The reader of a corpus of timelines."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from datamodules.sentences.corpus import read_info
from datamodules.timelines.splits import PARTS

VERSION = 1  # of the files; `corpus.json` says with which one a folder was written
PADDING = "<pad>"  # word 0


class Timelines:
    """P posts with their users, pictures and words, as `write_timelines` left them.

    Args:
        folder: holds `corpus.json`.

    Raises:
        FileNotFoundError: it does not.
        ValueError: `corpus.json` is not whole, or was written with other files than these.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder).absolute()
        path = self.folder / "corpus.json"
        if not path.is_file():
            way = "the stage `timelines` of a run makes one (`python -m experiments.run du2mce`)"
            raise FileNotFoundError(f"{path}: no corpus of timelines; {way}")
        self.info: dict[str, Any] = read_info(path)
        if self.info.get("version") != VERSION:
            raise ValueError(f"{path}: files of version {self.info.get('version')}, not {VERSION}; write it again")

    def __reduce__(self) -> tuple[type["Timelines"], tuple[Path]]:
        """Data loader's workers open the folder again: a pickled memory map would be a copy of all its values."""
        return Timelines, (self.folder,)

    def __len__(self) -> int:
        """P."""
        return len(self.offsets) - 1

    @cached_property
    def users(self) -> list[str]:
        """K names by number: whoever has posts in training."""
        return self._column("users", "user").to_pylist()

    @cached_property
    def pictures(self) -> list[str]:
        """Path of each distinct picture, relative to the media root: of near-duplicates the first."""
        return self._column("pictures", "path").to_pylist()

    @cached_property
    def words(self) -> list[str]:
        """V words by number: <pad>, then by falling count in training texts."""
        return self._column("words", "word").to_pylist()

    @cached_property
    def ids(self) -> list[str]:
        """Id of each one's prepared post, (P,); posts made of one post's descriptions share it."""
        return self._column("posts", "id").to_pylist()

    @cached_property
    def user(self) -> NDArray[np.int32]:
        """(P,) numbers of users; -1 where there is none, or none in training."""
        return self._column("posts", "user").to_numpy()

    @cached_property
    def picture(self) -> NDArray[np.int32]:
        """(P,) numbers of pictures; -1 without one."""
        return self._column("posts", "picture").to_numpy()

    @cached_property
    def text(self) -> NDArray[np.int32]:
        """(P,) numbers of texts, the same for near-duplicates; -1 without one."""
        return self._column("posts", "text").to_numpy()

    @cached_property
    def part(self) -> NDArray[np.str_]:
        """(P,) names of parts: train, validation, test."""
        return np.array(PARTS)[self._codes]

    @cached_property
    def tokens(self) -> NDArray[np.int32]:
        """(T,) numbers of words, post after post; memory-mapped."""
        return np.load(self.folder / "tokens.npy", mmap_mode="r")

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """(P + 1,) the words of post p are tokens[offsets[p] : offsets[p + 1]]; memory-mapped."""
        return np.load(self.folder / "offsets.npy", mmap_mode="r")

    def rows(self, part: str) -> NDArray[np.int64]:
        """Posts of a part in their order; ValueError names the parts."""
        if part not in PARTS:
            raise ValueError(f"no part {part!r}; there are {', '.join(PARTS)}")
        return np.flatnonzero(self._codes == PARTS.index(part))

    @cached_property
    def _codes(self) -> NDArray[np.int32]:
        coded = self._column("posts", "part").dictionary_encode().combine_chunks()
        if isinstance(coded, pa.ChunkedArray):  # of no posts
            return np.zeros(0, np.int32)
        order = np.array([PARTS.index(part) for part in coded.dictionary.to_pylist()], np.int32)
        return order[coded.indices.to_numpy()]

    def _column(self, file: str, name: str) -> pa.ChunkedArray:
        return pq.read_table(self.folder / f"{file}.parquet", columns=[name])[name]
