"""Which words are known: those of training sentences that occur often enough (Pins, Section 3.1)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from datamodules.sentences.corpus import PARTS
from datamodules.sentences.cutting import Range
from datamodules.sentences.database import fill, one

THRESHOLDS = (1, 3, 50)  # at which unique words are counted (Pins, Section 3.1: 3 and 50)
TRAIN = PARTS.index("train")


class Part(NamedTuple):
    """Sentences of a range with words by the range's own numbers, and where they go."""

    tokens: NDArray[np.int32]  # (T,)
    lengths: NDArray[np.int32]  # (S,)
    picture: NDArray[np.int32]  # (S,) -1 without one
    code: NDArray[np.int32]  # (S,) which of train, validation, test; -1 for none
    words: list[str]


class Vocabulary(NamedTuple):
    """Known words by falling count, equal counts by word."""

    words: list[str]
    counts: list[int]
    unique: dict[str, int]  # least count -> number of words


def read_part(given: Range) -> Part:
    """A part whose pictures have been placed."""
    with np.load(given.path("npz")) as content:
        tokens, lengths, unit = content["tokens"], content["lengths"], content["unit"]
    picture, code = np.load(given.path("places.npy"))[:, unit]
    return Part(tokens, lengths, picture, code, pq.read_table(given.path("words.parquet"))["word"].to_pylist())


def count_words(connection: duckdb.DuckDBPyConnection, parts: Sequence[Range], min_count: int) -> Vocabulary:
    """Count the words of training sentences.

    Raises:
        ValueError: no word occurs often enough; says how often the most frequent one does.
    """
    fill(connection, "counted", "word VARCHAR, times BIGINT", _counts(parts))
    connection.execute("CREATE TABLE words AS SELECT word, sum(times)::BIGINT AS times FROM counted GROUP BY word")
    unique = {
        str(least): one(connection, "SELECT count(*) FROM words WHERE times >= ?", least)[0]
        for least in sorted({*THRESHOLDS, min_count})
    }
    if not unique[str(min_count)]:
        word, times = one(connection, "SELECT max_by(word, times), max(times) FROM words")
        often = (
            f"{word!r} is the most frequent, {times:,} times; take a smaller min_count" if word else "they have none"
        )
        raise ValueError(f"no word occurs {min_count:,} times (min_count) in the training sentences: {often}")
    query = "SELECT word, times FROM words WHERE times >= ? ORDER BY times DESC, word"
    found: pa.Table = connection.sql(query, params=[min_count]).to_arrow_table()
    return Vocabulary(found["word"].to_pylist(), found["times"].to_pylist(), unique)


def _counts(parts: Sequence[Range]) -> Iterator[pa.Table]:
    for given in parts:
        part = read_part(given)
        train = part.tokens[np.repeat(part.code == TRAIN, part.lengths)]
        times = np.bincount(train, minlength=len(part.words)).astype(np.int64)
        counted = pa.table({"word": pa.array(part.words, pa.string()), "times": times})
        yield counted.filter(pa.array(times > 0))
