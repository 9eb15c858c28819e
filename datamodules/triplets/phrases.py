"""Phrases by number, each spelled as the corpus spells its words."""

from array import array
from collections.abc import Sequence
from pathlib import Path

from datamodules.preparing import Piece, Problem
from datamodules.preparing.readers import read_lines
from datamodules.sentences.cleaning import cleaned


def normalised(text: str) -> str:
    """A phrase as the corpus has its words, between single spaces: "T-Shirt  Ideas!" is "tshirt ideas"."""
    return " ".join(cleaned([text])[0].split())


class Phrases:
    """Distinct phrases, numbered from 0 as they are first met."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}  # of every spelling met

    def __len__(self) -> int:
        return len(self.texts)

    def number(self, spelling: str) -> int:
        """The phrase's number, a new one for a new phrase; -1 where no letter or digit is in it."""
        known = self._numbers.get(spelling)
        if known is not None:
            return known
        text = normalised(spelling)
        if not text:
            found = -1
        elif text in self._numbers:
            found = self._numbers[text]
        else:
            found = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        self._numbers[spelling] = found
        return found


def read_phrases(path: Path | str, phrases: Phrases) -> Sequence[int]:
    """Number the phrases of a file, one a line; blank ones and those without letter or digit are passed over.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line is no UTF-8 (names file and line), or no phrase is there.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of phrases, one a line")
    found = array("q")
    for line in read_lines(path.parent, Piece(path.name, 0, path.stat().st_size)):
        if isinstance(line, Problem):
            raise ValueError(f"{path}, line {line.line}: {line.cause}; wanted: one phrase a line, UTF-8")
        number = phrases.number(line[1])
        if number >= 0:
            found.append(number)
    if not found:
        raise ValueError(f"{path}: holds no phrase; wanted: one a line")
    return found
