"""What annotators of triplets are given, and its key (Pins, section 3.2.2)."""

import csv
import hashlib
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote_plus

import numpy as np

from datamodules.preparing import Problem
from datamodules.preparing.readers import read_table
from datamodules.triplets.files import Triplets
from encoders.atomic import write_text

SAMPLE = 21_000  # section 3.2.2
SEARCH = "https://www.google.com/search?q="  # the paper's annotators saw Google's results
SHEET = ("id", "base", "A", "B", "search_base", "search_A", "search_B")
KEY = ("id", "positive", "base", "positive_phrase", "negative_phrase")
ID = re.compile(r"\d+-[0-9a-f]{6}")
INSTRUCTIONS = """\
Each row of sheet.csv has a base phrase and two other phrases, A and B.

Which of the two is more related to the base phrase?

  A        A is more related to it than B is
  B        B is more related to it than A is
  both     both are related to it
  neither  neither is related to it

Where you don't know a phrase, look at what a search engine finds: the search_ columns are links.
Answer each row by yourself, once.

Write your answers to a file answers.csv with a line for each row, its id as it stands in sheet.csv:

id,annotator,answer
17-3fa9c1,your name,A

Three to five people answer each row; their lines may stand in one file, in any order.
"""


class Asked(NamedTuple):
    """A triplet of the sheet, with the side on which its positive phrase is shown."""

    side: str  # A or B
    base: str
    positive: str
    negative: str

    @property
    def shown(self) -> tuple[str, str]:
        """The phrases that are shown as A and B."""
        return (self.positive, self.negative) if self.side == "A" else (self.negative, self.positive)


def write_sheet(folder: Path | str, triplets: Triplets, sample: int | None = SAMPLE, seed: int = 0) -> dict[str, Asked]:
    """Draw triplets and write `annotators/sheet.csv`, `annotators/instructions.txt` and, apart from them, `key.csv`.

    An id is a triplet's row and a digest of the key, "17-3fa9c1": so votes are known to be of another sheet. The key
    is written last, and no other key is written over: without its key a sheet's votes are lost.

    Args:
        folder: gets both; `annotators` is what may be given away.
        triplets: all that there are.
        sample: how many are drawn, in random order; all where None or where there are fewer.
        seed: of the draw and of the sides, from 0.

    Returns:
        What the key holds, by id in the order of the sheet.

    Raises:
        FileExistsError: the folder holds the key of another sheet.
        ValueError: there are no triplets, the sample is below 1, or the seed below 0.
    """
    if seed < 0:
        raise ValueError(f"seed: {seed}; it is a whole number from 0")
    if not triplets.size or (sample is not None and sample < 1):
        raise ValueError(f"{folder}: a sheet of {sample} out of {triplets.size} triplets; it takes at least one")
    draw = np.random.default_rng(seed)
    on_b = draw.random(triplets.size) < 0.5
    ids = draw.permutation(triplets.size)[:sample]
    rows = triplets.take(ids.tolist()).rows()
    drawn = [(str(number), Asked("B" if on_b[number] else "A", *row)) for number, row in zip(ids, rows, strict=True)]
    digest = hashlib.blake2b(csv_text(KEY, ((number, *entry) for number, entry in drawn)).encode(), digest_size=3)
    asked = {f"{number}-{digest.hexdigest()}": entry for number, entry in drawn}
    _write(Path(folder), asked)
    return asked


def read_key(path: Path | str) -> dict[str, Asked]:
    """Read `key.csv`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a column is missing, a line's id or side is none (names file and line), or there is no line.
    """
    path = Path(path)
    asked: dict[str, Asked] = {}
    for row in read_table(path.parent, path.name, KEY):
        if isinstance(row, Problem):
            raise ValueError(f"{path}, line {row.line}: {row.cause}")
        line, cells = row
        if not ID.fullmatch(cells["id"]) or cells["id"] in asked or cells["positive"] not in ("A", "B"):
            raise ValueError(f"{path}, line {line}: wanted a new id and A or B, not {cells['id']}, {cells['positive']}")
        asked[cells["id"]] = Asked(*(cells[name] for name in KEY[1:]))
    if not asked:
        raise ValueError(f"{path}: a key of no triplets")
    return asked


def csv_text(header: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    """A CSV of small size."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return file.getvalue()


def _write(folder: Path, asked: dict[str, Asked]) -> None:
    key = csv_text(KEY, ((own, *entry) for own, entry in asked.items()))
    path = folder / "key.csv"
    if path.exists() and path.read_bytes() != key.encode():
        raise FileExistsError(f"{path}: the key of another sheet, whose votes need it; name another folder")
    (folder / "annotators").mkdir(parents=True, exist_ok=True)
    write_text(folder / "annotators" / "sheet.csv", csv_text(SHEET, (_row(own, entry) for own, entry in asked.items())))
    write_text(folder / "annotators" / "instructions.txt", INSTRUCTIONS)
    write_text(path, key)


def _row(own: str, entry: Asked) -> tuple[str, ...]:
    phrases = (entry.base, *entry.shown)
    return (own, *phrases, *(SEARCH + quote_plus(phrase) for phrase in phrases))
