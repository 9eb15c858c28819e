"""Vectors of words: ours in a folder, published ones in files (word2vec, GloVe, safetensors). Imports no torch."""

import gzip
import json
import logging
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from encoders.atomic import replacing, write_array

ROWS = 100_000  # handled at once where a copy of all vectors would be too much
CHUNK = 1 << 20  # bytes
SAMPLE = 4096  # bytes by which text is told from binary numbers
FORMS: tuple[Callable[[str], str], ...] = (str, str.lower, str.capitalize)  # in the order they are looked up
FOREIGN = {
    b"\x80": 'a pickle, and no pickle is read; write it again with gensim\'s "save_word2vec_format"',
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"\x93NUMPY": "an array without words",
    b"\xef\xbb\xbf": "a text with a byte order mark; take its first 3 bytes off, they are no part of a word",
}
KNOWN = "word2vec (binary or text), GloVe text, safetensors with the tensors `vectors` and `words`"


class Embeddings:
    """Words and their vectors.

    Args:
        words: V distinct words.
        vectors: (V, d) finite numbers; kept as they are if float32, else copied.
        repeated: lines of a published file that were left out, since an earlier one has their word.

    Raises:
        ValueError: another number of vectors than of words, a word twice, or a number that is none; names the word.
    """

    def __init__(self, words: Sequence[str], vectors: NDArray[Any], repeated: int = 0) -> None:
        self.words, self.vectors, self.repeated = list(words), np.asarray(vectors, np.float32), repeated
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.words):
            raise ValueError(f"{len(self.words):,} words, but vectors of shape {self.vectors.shape}")
        self._row = {word: row for row, word in enumerate(self.words)}
        if len(self._row) < len(self.words):
            twice = next(word for row, word in enumerate(self.words) if self._row[word] != row)
            raise ValueError(f"word {twice!r} occurs twice")
        for start in range(0, len(self.words), ROWS):
            finite = np.isfinite(self.vectors[start : start + ROWS]).all(1)
            if not finite.all():
                raise ValueError(f"the vector of {self.words[start + int(finite.argmin())]!r} has infinite numbers")

    def __len__(self) -> int:
        return len(self.words)

    @property
    def size(self) -> int:
        """d, numbers of a vector."""
        return int(self.vectors.shape[1])

    @cached_property
    def norms(self) -> NDArray[np.float32]:
        """(V,) Euclidean lengths."""
        return np.sqrt(np.einsum("vd,vd->v", self.vectors, self.vectors))

    def rows(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Row of each word, (n,): as it is written, else lower-cased, else capitalised; -1 where none is known."""
        rows = np.fromiter((self._row.get(word, -1) for word in words), np.int64, len(words))
        for form in FORMS[1:]:
            for at in np.flatnonzero(rows < 0).tolist():
                rows[at] = self._row.get(form(words[at]), -1)
        return rows

    def nearest(self, word: str, count: int = 10) -> list[tuple[str, float]]:
        """Other words by their cosine with this one, nearest first; ValueError where it has no vector."""
        row = int(self.rows([word])[0])
        if row < 0:
            raise ValueError(f"{word!r} is not among the {len(self):,} words")
        lengths = self.norms * self.norms[row]
        cosine = np.divide(self.vectors @ self.vectors[row], lengths, out=np.zeros_like(lengths), where=lengths > 0)
        cosine[row] = -np.inf
        best = np.argsort(-cosine, kind="stable")[: min(count, len(self) - 1)]
        return [(self.words[other], float(cosine[other])) for other in best]

    def save(self, folder: Path) -> None:
        """Write `words.parquet` and `vectors.npy`; each is whole or not there."""
        folder.mkdir(parents=True, exist_ok=True)
        write_array(folder / "vectors.npy", self.vectors)
        with replacing(folder / "words.parquet") as part:
            pq.write_table(pa.table({"word": pa.array(self.words, pa.string())}), part)

    @classmethod
    def load(cls, folder: Path) -> "Embeddings":
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: the folder holds no embeddings.
            ValueError: a file is broken, or the two don't belong together.
        """
        for name in ("words.parquet", "vectors.npy"):
            if not (folder / name).is_file():
                raise FileNotFoundError(f"{folder / name}: no embeddings here; give the folder of a finished stage")
        try:
            words = pq.read_table(folder / "words.parquet", columns=["word"])["word"].to_pylist()
            return cls(words, np.load(folder / "vectors.npy"))
        except (ValueError, EOFError) as error:  # pyarrow's errors are ValueErrors
            raise ValueError(f"{folder}: {error}; set the folder aside and run its stage again") from error


def read_embeddings(path: Path) -> Embeddings:
    """Our folder or a published file, whichever the path is."""
    return Embeddings.load(path) if path.is_dir() else read_published(path)


def read_published(path: Path) -> Embeddings:
    """Read word2vec (binary or text), GloVe text or safetensors, told apart by content; .gz beside plain.

    Of a word that occurs more than once the first vector stays; `repeated` counts the others.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is none of these, broken, or not what its first line says.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of word vectors")
    try:
        found = _told(path)
        return _read_tensors(path) if found is None else _read_by_gensim(path, found)
    except (ValueError, OSError, EOFError, zlib.error, SafetensorError) as error:
        raise ValueError(f"{path}: {error}; known are {KNOWN}") from error


class _Layout(NamedTuple):
    """How a file's vectors are written: W words of d numbers."""

    words: int | None  # what its header says; None without header
    width: int
    binary: bool = False


def _told(path: Path) -> _Layout | None:
    """What the first bytes tell; None for safetensors."""
    with _opener(path)(path, "rb") as file:
        first = file.readline(CHUNK)
        sample = first + file.read(SAMPLE)
    if sample[5:9] == b"\0\0\0{":  # the header's length in 8 bytes, lowest first, and the header
        return None
    for magic, what in FOREIGN.items():
        if sample.startswith(magic):
            raise ValueError(what)
    header = first.split()
    if len(header) == 2 and all(number.isdigit() for number in header):
        words, width = map(int, header)
        if not words or not width:
            raise ValueError(f"no vectors: its header says {words} words of {width} numbers")
        return _Layout(words, width, binary=not _is_text(sample[len(first) :]))
    try:
        width = len([float(number) for number in header[1:]])
    except ValueError:
        width = 0
    if not width:
        raise ValueError("its first line is no word2vec header and no word with numbers" if sample else "empty")
    return _Layout(None, width)


def _is_text(sample: bytes) -> bool:
    """Whether the bytes are UTF-8 without control characters; the last character may be cut."""
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 3:
            return False
    return min(sample.translate(None, b"\t\n\r"), default=32) >= 32


def _read_by_gensim(path: Path, layout: _Layout) -> Embeddings:
    """gensim takes what it can of a file, so the file is held against its header before."""
    from gensim.models import KeyedVectors

    with _opener(path)(path, "rb") as file:
        if layout.words is not None:
            file.readline()
        there = _count_records(file, layout.width) if layout.binary else _count_lines(file, layout)
    if layout.words not in (None, there):
        raise ValueError(f"its header says {layout.words:,} words of {layout.width} numbers, there are {there:,}")
    logging.getLogger("gensim").setLevel(logging.ERROR)  # it warns of every repeated word
    try:
        found = KeyedVectors.load_word2vec_format(
            str(path), binary=layout.binary, no_header=layout.words is None, unicode_errors="replace"
        )
    except ValueError as error:
        where = None if layout.binary else _fault(path, layout.words is not None)
        raise ValueError(where or error) from error
    kept = len(found.key_to_index)  # gensim leaves places for the others at the end
    return Embeddings(found.index_to_key[:kept], found.vectors[:kept], there - kept)


def _count_lines(file: IO[bytes], layout: _Layout) -> int:
    """Lines of text; ValueError names the first that hasn't d numbers."""
    number = 0
    for number, line in enumerate(file, start=1):
        width = line.rstrip().count(b" ")
        if width != layout.width:
            at = number + (layout.words is not None)
            raise ValueError(f"line {at:,} has {width} numbers, not {layout.width}; mend or remove it")
    return number


def _fault(path: Path, header: bool) -> str | None:
    """Where a text's first word stands that is no number; slow, so only for files that are known to have one."""
    with _opener(path)(path, "rb") as file:
        for number, line in enumerate(islice(file, int(header), None), start=1 + header):
            word, *values = line.decode("utf-8", "replace").rstrip().split(" ")
            for value in values:
                if not _is_number(value):
                    return f"line {number:,}: {value!r} in the vector of {word!r} is no number; mend or remove it"
    return None


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _count_records(file: IO[bytes], width: int) -> int:
    """Binary records: a word, a blank, d float32; ValueError where the last one is cut."""
    buffer, start, records = b"", 0, 0
    while True:
        stop = buffer.find(b" ", start) + 1 + 4 * width
        if stop > 4 * width and stop <= len(buffer):
            start, records = stop, records + 1
            continue
        more = file.read(CHUNK)
        if not more:
            break
        buffer, start = buffer[start:] + more, 0
    if buffer[start:].strip(b"\n"):
        raise ValueError(f"ends within its word number {records + 1:,}, or words haven't {width} numbers")
    return records


def _read_tensors(path: Path) -> Embeddings:
    with safe_open(path, framework="numpy") as file:
        if not {"vectors", "words"} <= set(file.keys()):
            raise ValueError(f"no tensors `vectors` and `words`, but {', '.join(file.keys()) or 'none'}")
        return Embeddings(json.loads(file.get_tensor("words").tobytes()), file.get_tensor("vectors"))


def write_word2vec(embeddings: Embeddings, path: Path) -> None:
    """word2vec's text: a line with words and width, then a word and its numbers a line; gzip where named .gz."""
    _write_lines(embeddings, path, f"{len(embeddings)} {embeddings.size}\n")


def write_glove(embeddings: Embeddings, path: Path) -> None:
    """GloVe's text: word2vec's without its first line."""
    _write_lines(embeddings, path, "")


def write_tensors(embeddings: Embeddings, path: Path) -> None:
    """safetensors: `vectors` (V, d) float32 and `words`, the bytes of a JSON list in UTF-8.

    The words are no metadata, because safetensors limits its header to 100 MB.
    """
    words = np.frombuffer(json.dumps(embeddings.words, ensure_ascii=False).encode(), np.uint8)
    with replacing(path) as part:
        save_file({"vectors": np.ascontiguousarray(embeddings.vectors), "words": words}, part)


WRITERS = {"word2vec": write_word2vec, "glove": write_glove, "safetensors": write_tensors}


def _write_lines(embeddings: Embeddings, path: Path, header: str) -> None:
    with replacing(path) as part, _opener(path)(part, "wb") as file:
        file.write(header.encode())
        file.writelines(_lines(embeddings))


def _lines(embeddings: Embeddings) -> Iterator[bytes]:
    numbers = " %.9g" * embeddings.size + "\n"  # 9 digits give the same float32 back
    for row, word in enumerate(embeddings.words):
        if " " in word or "\n" in word or not word:
            raise ValueError(f"word {word!r} can't stand in a text file; write safetensors")
        yield (word + numbers % tuple(embeddings.vectors[row].tolist())).encode()


def _opener(path: Path) -> Callable[..., Any]:
    return partial(gzip.open, compresslevel=6) if path.suffix == ".gz" else open
