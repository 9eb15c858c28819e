"""Settings of a corpus of sentences."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Cleaning:
    """What becomes of a description; lower-casing is not an option (Pins, Section 5.1).

    Args:
        min_words: sentences with fewer words are dropped, counted after cleaning and without <bos> and <eos>
            (Section 3.1: "less than four words").
        max_overlap: a sentence is dropped when its set of words and that of an earlier sentence of the same picture
            have this share of their union in common, in (0, 1]; above 1 keeps all (Section 3.1: "overlapping word
            unigrams", no number).
        separator: what replaces a character that is neither letter, digit nor white space: nothing, so that "t-shirt"
            is one word (Section 5.1: "remove all the non-alphanumeric characters"), or a space.
    """

    min_words: int = 4
    max_overlap: float = 0.8
    separator: Literal["", " "] = ""

    def __post_init__(self) -> None:
        if self.min_words < 1:
            raise ValueError(f"min_words is {self.min_words}; a sentence has at least 1")
        if not self.max_overlap > 0:
            raise ValueError(f"max_overlap is {self.max_overlap:g}; it must be above 0; above 1 keeps all")
        if self.separator not in ("", " "):
            raise ValueError(f"separator is {self.separator!r}; it is '' or ' '")


@dataclass(frozen=True)
class Words:
    """Which words a model knows.

    Args:
        min_count: occurrences in training sentences that a word needs (Section 3.1: "minimum number of occurrence of
            50"; Section 4 has "more than 50").
        unknown: rarer words become <unk> (`unk`) or are left out (`drop`); the paper does not say.
    """

    min_count: int = 50
    unknown: Literal["unk", "drop"] = "unk"

    def __post_init__(self) -> None:
        if self.min_count < 1:
            raise ValueError(f"min_count is {self.min_count}; a word occurs at least once")
        if self.unknown not in ("unk", "drop"):
            raise ValueError(f"unknown is {self.unknown!r}; it is 'unk' or 'drop'")
