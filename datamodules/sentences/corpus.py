"""The reader of a corpus of sentences."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

VERSION = 1  # of the files; `corpus.json` says with which one a folder was written
PARTS = ("train", "validation", "test")
BOS, EOS, UNKNOWN = 0, 1, 2  # UNKNOWN only where unknown words are kept as <unk>
SPECIAL = ("<bos>", "<eos>", "<unk>")


class Sentences(NamedTuple):
    """S sentences of a part, memory-mapped."""

    tokens: NDArray[np.int32]  # (T,) numbers of words, without <bos> and <eos>
    offsets: NDArray[np.int64]  # (S + 1,) sentence s is tokens[offsets[s] : offsets[s + 1]]
    picture: NDArray[np.int32]  # (S,) row of the pictures, -1 without one


class Corpus:
    """Sentences with their words and pictures, as `write_corpus` left them.

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
            way = "the stage `sentences` of a run makes one (`python -m experiments.run pins`)"
            raise FileNotFoundError(f"{path}: no corpus of sentences; {way}")
        self.info = read_info(path)
        if self.info.get("version") != VERSION:
            raise ValueError(f"{path}: files of version {self.info.get('version')}, not {VERSION}; write it again")

    def __reduce__(self) -> tuple[type["Corpus"], tuple[Path]]:
        """Data loader's workers open the folder again: a pickled memory map would be a copy of all its values."""
        return Corpus, (self.folder,)

    @cached_property
    def words(self) -> list[str]:
        """V words by their numbers: <bos>, <eos>, perhaps <unk>, then by falling count (`encoders.vocabulary`)."""
        return pq.read_table(self.folder / "words.parquet", columns=["word"])["word"].to_pylist()

    @cached_property
    def pictures(self) -> list[str]:
        """Distinct paths of pictures relative to the media root, in order of their first occurrence."""
        return pq.read_table(self.folder / "pictures.parquet", columns=["path"])["path"].to_pylist()

    @property
    def parts(self) -> list[str]:
        """Those of train, validation and test that have sentences."""
        return [part for part in PARTS if part in self.info["parts"]]

    def part(self, name: str) -> Sentences:
        """Sentences of a part; ValueError names the parts there are."""
        if name not in self.parts:
            raise ValueError(f"{self.folder}: no part {name!r}; there are {', '.join(self.parts)}")
        files = ("tokens.npy", "offsets.npy", "pictures.npy")
        return Sentences(*(np.load(self.folder / name / file, mmap_mode="r") for file in files))


def read_info(path: Path) -> dict[str, Any]:
    """Content of a `corpus.json`; ValueError names the file where it is not whole."""
    try:
        info = json.loads(path.read_text("utf-8"))
    except ValueError as error:  # no JSON or no UTF-8
        raise ValueError(f"{path}: not whole ({error}); delete {path.parent} and let it be made again") from None
    if not isinstance(info, dict):
        raise ValueError(f"{path}: no JSON object; delete {path.parent} and let it be made again")
    return info


def finished(folder: Path, settings: dict[str, Any]) -> bool:
    """Whether a folder holds a corpus of these settings; FileExistsError where it holds one of others."""
    path = folder / "corpus.json"
    if not path.is_file():
        return False
    if read_info(path).get("settings") == settings:
        return True
    raise FileExistsError(f"{folder}: is there already, from other posts, settings or code; delete it or name another")
