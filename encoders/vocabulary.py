"""Words of texts, and published word vectors for them. Nothing here imports torch."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from encoders.atomic import replacing, write_array, write_json

PADDING = 0  # row of the table that no word has
MAX_BROKEN = 0.01  # share of a file's lines
JUDGED = 100  # first lines, whose commonest width is the file's
SPREAD = 0.25  # words without a vector start uniform in +-SPREAD, about the variance of published ones (Kim 2014, 3.1)
# What the prepared posts call mentions and links, and what GloVe's Twitter vectors call them.
GENERIC = {"@user": "<user>", "httpurl": "<url>"}
_WORD = re.compile(r"@user\b|httpurl\b|#?\w+(?:['’]\w+)*|(?:(?!@user\b)[^\w\s])+")


def words_of(text: str) -> list[str]:
    """Lower-case words, hashtags without their sign, runs of punctuation; `<user>` and `<url>` as GloVe spells them."""
    found = (match.removeprefix("#") or match for match in _WORD.findall(text.lower().replace("’", "'")))
    return [GENERIC.get(word, word) for word in found]


class WordVectors(NamedTuple):
    """Vectors of some words, as a file has them."""

    vectors: dict[str, NDArray[np.float32]]  # word -> (d,)
    broken: list[int]  # numbers of the lines that could not be read


def read_word_vectors(path: Path | str, wanted: Collection[str], size: int) -> WordVectors:
    """Read the vectors of the wanted words from a text file of `word number number ...` lines (GloVe, word2vec).

    Args:
        path: a file of any length; other words cost no memory.
        wanted: words to look for.
        size: d, numbers of a line.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file's vectors have another width (says which), or too many lines are broken (says where).
    """
    wanted, path = frozenset(wanted), Path(path)
    found: dict[str, NDArray[np.float32]] = {}
    broken: list[int] = []
    lines = 0
    header = _check_width(_opened(path), size)
    with path.open("rb") as file:
        for lines, line in enumerate(file, start=1):
            if header and lines == 1:
                continue
            parts = line.rstrip().split(b" ")
            word = parts[0].decode("utf-8", "replace")
            if len(parts) != size + 1 or (word in wanted and not _read(word, parts[1:], found)):
                broken.append(lines)
    if not lines:
        raise ValueError(f"{path}: empty; word vectors are lines of a word and its numbers")
    if len(broken) > MAX_BROKEN * lines:
        where = ", ".join(map(str, broken[:5]))
        raise ValueError(f"{path}: {len(broken):,} of {lines:,} lines are no word with {size} numbers: lines {where}")
    return WordVectors(found, broken)


def _opened(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of word vectors; GloVe's are at nlp.stanford.edu/projects/glove")
    return path


def _check_width(path: Path, size: int) -> bool:
    """Whether line 1 is word2vec's header (words, width); ValueError unless it, or most first lines, have d numbers."""
    with path.open("rb") as file:
        first = [line.rstrip().split(b" ") for line in islice(file, JUDGED)]
    header = bool(first) and len(first[0]) == 2 and all(part.isdigit() for part in first[0])
    widths = Counter([int(first[0][1])] if header else [len(parts) - 1 for parts in first])
    if widths[size] < max(widths.values(), default=0):
        there = widths.most_common(1)[0][0]
        raise ValueError(
            f"{path}: {there} numbers a word, not d = {size}; use --protocol.words.size={there}, or a file of {size}"
        )
    return header


def _read(word: str, numbers: Sequence[bytes], found: dict[str, NDArray[np.float32]]) -> bool:
    """Keep a word's vector, of several lines the first; False where it is none."""
    try:
        vector = np.array(numbers, dtype=np.float32)
    except ValueError:
        return False
    if np.isfinite(vector).all():
        found.setdefault(word, vector)
        return True
    return False


def read_counts(folder: Path | str) -> NDArray[np.int64]:
    """Occurrences of each word of a vocabulary, (V,), in the order of `words.parquet`; FileNotFoundError without it."""
    return pq.read_table(_words(Path(folder)), columns=["count"])["count"].to_numpy().copy()  # arrow's is read-only


def _words(folder: Path) -> Path:
    path = folder / "words.parquet"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no vocabulary; the stage that makes it is `words`, or `sentences` for Pins")
    return path


class Vocabulary:
    """Words and their starting vectors, as `write_vocabulary` left them.

    Args:
        folder: holds `words.parquet` and `vectors.npy`.

    Raises:
        FileNotFoundError: it does not.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.words: list[str] = pq.read_table(_words(self.folder), columns=["word"])["word"].to_pylist()
        self._number = {word: number for number, word in enumerate(self.words, start=PADDING + 1)}

    def __len__(self) -> int:
        """Rows of the table, the one of padding included."""
        return len(self.words) + 1

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """Return each text's word numbers; words that are not in the vocabulary are left out."""
        return [[self._number[word] for word in words_of(text) if word in self._number] for text in texts]

    @property
    def padding(self) -> int:
        """Number that fills up short texts."""
        return PADDING

    def vectors(self) -> NDArray[np.float32]:
        """(V, d) starting vectors; row 0 is zero."""
        return np.load(self.folder / "vectors.npy")


def write_vocabulary(
    folder: Path,
    learned: Iterable[str],
    others: Iterable[str],
    size: int,
    vectors: Path | None = None,
    min_count: int = 1,
    seed: int = 0,
) -> dict[str, Any]:
    """Write the vocabulary of a data set: words of training texts, and of the others those that have a vector.

    Args:
        folder: gets `words.parquet` (word, count in training texts, whether a vector is known), `vectors.npy` and
            `vocabulary.json`.
        learned: training texts.
        others: the other texts, where only words with a published vector can mean anything.
        size: d (Emotion, Table 3: 200).
        vectors: file of published vectors; None starts all words at random.
        min_count: words that occur less often in the training texts are left out, unless they have a vector.
        seed: of random vectors.

    Returns:
        What `vocabulary.json` holds: counts of words, known ones, those left out, broken lines.
    """
    counts = Counter(word for text in learned for word in words_of(text))
    unseen = Counter(word for text in others for word in words_of(text) if word not in counts)
    known = read_word_vectors(vectors, {*counts, *unseen}, size) if vectors else WordVectors({}, [])
    kept = [word for word, count in counts.items() if count >= min_count or word in known.vectors]
    words = sorted(kept, key=lambda word: (-counts[word], word))
    words += sorted((word for word in unseen if word in known.vectors), key=lambda word: (-unseen[word], word))
    table = np.random.default_rng(seed).uniform(-SPREAD, SPREAD, (len(words) + 1, size)).astype(np.float32)  # (V, d)
    table[PADDING] = 0
    for row, word in enumerate(words, start=PADDING + 1):
        table[row] = known.vectors.get(word, table[row])
    _write(folder, words, counts, known, table)
    facts = {
        "size": size,
        "words": len(words),
        "with_vector": sum(word in known.vectors for word in words),
        "training": _coverage(counts, words),
        "not_in_training": _coverage(unseen, words),
        "broken_lines": len(known.broken),
    }
    write_json(folder / "vocabulary.json", facts)
    return facts


def _write(
    folder: Path, words: list[str], counts: Counter[str], known: WordVectors, table: NDArray[np.float32]
) -> None:
    rows = {
        "word": words,
        "count": [counts[word] for word in words],
        "has_vector": [word in known.vectors for word in words],
    }
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / "words.parquet") as part:
        pq.write_table(pa.table(rows), part)
    write_array(folder / "vectors.npy", table)


def _coverage(counts: Counter[str], words: list[str]) -> dict[str, int]:
    """Occurrences of words in all, and of those that the vocabulary lacks: texts go on without them."""
    there = set(words)
    return {"occurrences": counts.total(), "left_out": sum(counts[word] for word in counts if word not in there)}
