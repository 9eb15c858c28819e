"""What annotators of triplets are given, and its key (Pins, section 3.2.2)."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote_plus

import numpy as np

from datamodules.preparing import Problem
from datamodules.preparing.readers import read_table
from datamodules.triplets.files import Triplets
from encoders.atomic import replacing, write_text

SAMPLE = 21_000  # section 3.2.2
SEARCH = "https://www.google.com/search?q="  # the paper's annotators saw Google's results
SHEET = ("id", "base", "A", "B", "search_base", "search_A", "search_B")
KEY = ("id", "positive", "base", "positive_phrase", "negative_phrase")
INSTRUCTIONS = """\
Each row of sheet.csv has a base phrase and two other phrases, A and B.

Which of the two is more related to the base phrase?

  A        A is more related to it than B is
  B        B is more related to it than A is
  both     both are related to it
  neither  neither is related to it

Where you don't know a phrase, look at what a search engine finds: the search_ columns are links.
Answer each row by yourself, once.

Write your answers to a file answers.csv with a line for each row:

id,annotator,answer
17,your name,A

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


def write_sheet(folder: Path | str, triplets: Triplets, sample: int | None = SAMPLE, seed: int = 0) -> dict[int, Asked]:
    """Draw triplets and write `annotators/sheet.csv`, `annotators/instructions.txt` and, apart from them, `key.csv`.

    Args:
        folder: gets both; `annotators` is what may be given away.
        triplets: all that there are; ids are their rows.
        sample: how many are drawn, in random order; all where None or where there are fewer.
        seed: of the draw and of the sides.

    Returns:
        What the key holds, by id in the order of the sheet.

    Raises:
        ValueError: there are no triplets, or the sample is below 1.
    """
    if not triplets.size or (sample is not None and sample < 1):
        raise ValueError(f"{folder}: a sheet of {sample} out of {triplets.size} triplets; it takes at least one")
    draw = np.random.default_rng(seed)
    on_b = draw.random(triplets.size) < 0.5
    ids = draw.permutation(triplets.size)[:sample]
    rows = triplets.take(ids.tolist()).rows()
    asked = {int(number): Asked("B" if on_b[number] else "A", *row) for number, row in zip(ids, rows, strict=True)}
    folder = Path(folder)
    (folder / "annotators").mkdir(parents=True, exist_ok=True)
    _write_rows(folder / "key.csv", KEY, ((number, *entry) for number, entry in asked.items()))
    _write_rows(folder / "annotators" / "sheet.csv", SHEET, (_row(number, entry) for number, entry in asked.items()))
    write_text(folder / "annotators" / "instructions.txt", INSTRUCTIONS)
    return asked


def read_key(path: Path | str) -> dict[int, Asked]:
    """Read `key.csv`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a column is missing, or a line's id or side is none; names file and line.
    """
    path = Path(path)
    asked: dict[int, Asked] = {}
    for row in read_table(path.parent, path.name, KEY):
        if isinstance(row, Problem):
            raise ValueError(f"{path}, line {row.line}: {row.cause}")
        line, cells = row
        if not cells["id"].isdecimal() or int(cells["id"]) in asked or cells["positive"] not in ("A", "B"):
            raise ValueError(
                f"{path}, line {line}: wanted a new number and A or B, not {cells['id']}, {cells['positive']}"
            )
        asked[int(cells["id"])] = Asked(*(cells[name] for name in KEY[1:]))
    return asked


def _row(number: int, entry: Asked) -> tuple[object, ...]:
    phrases = (entry.base, *entry.shown)
    return (number, *phrases, *(SEARCH + quote_plus(phrase) for phrase in phrases))


def _write_rows(path: Path, header: Iterable[str], rows: Iterable[tuple[object, ...]]) -> None:
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
