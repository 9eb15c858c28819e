"""Texts to words: lower case, letters with their marks and digits only (Pins, Section 5.1)."""

import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import groupby

_END = "\0"  # between texts that are cleaned at once
_LOW = 0x10000  # characters below it are in tables, others in lists, where Python compiles a set
_SPACE = re.compile(r"[^\S ]")
_MARKS = bytes(code for code in range(1, 128) if not (chr(code).isalnum() or chr(code).isspace()))
_SPACES = bytes(32 if chr(code).isspace() else code for code in range(256))
_MARKS_TO_SPACES = bytes(32 if code in _MARKS else _SPACES[code] for code in range(256))


def cleaned(texts: Sequence[str], separator: str = "") -> list[str]:
    """Texts in lower case without what is neither letter, digit nor white space, of any script; white space is blanks.

    A letter and its accent become one character where Unicode has one (NFC). Other combining marks stay with the letter
    that they follow, as the vowel signs of Indic and Thai writing do; those that stand alone go.

    Args:
        texts: cleaned in one go, since most are ASCII and are faster so by an order than one by one.
        separator: what replaces a character that goes, "" or " ".
    """
    plain = [text.isascii() for text in texts]
    first = iter(_ascii([text for text, ascii in zip(texts, plain, strict=True) if ascii], separator))
    other = iter(_unicode([text for text, ascii in zip(texts, plain, strict=True) if not ascii], separator))
    return [next(first if ascii else other) for ascii in plain]


def _ascii(texts: list[str], separator: str) -> list[str]:
    data = _joined(texts, separator).lower().encode("ascii")
    data = data.translate(_MARKS_TO_SPACES) if separator else data.translate(_SPACES, _MARKS)
    return data.decode("ascii").split(_END)


def _unicode(texts: list[str], separator: str) -> list[str]:
    if not texts:  # the patterns are made only where they are needed
        return []
    alone, other = _patterns()
    text = unicodedata.normalize("NFC", _joined(texts, separator)).lower().replace("i\u0307", "i")  # of a Turkish "İ"
    text = alone.sub(lambda marks: separator * len(marks[0]), text)
    return _SPACE.sub(" ", other.sub(separator, text).replace(_END, "\1")).replace("\1", _END).split(_END)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Combining marks that follow no letter, and what is neither letter, digit, mark, white space nor a text's end.

    Python's \\w has no marks. Both patterns begin with a plain set of what is below U+10000, which is found several
    times faster than `[^\\w\\s]`; all that is above passes it and is looked at by what follows.
    """
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    is_mark = [unicodedata.category(letter)[0] == "M" for letter in every]
    marks = _set(letter for letter, mark in zip(every, is_mark, strict=True) if mark)
    low = list(zip(every[:_LOW], is_mark, strict=False))
    never_alone = _set(letter for letter, mark in low if not mark)
    stays = _set(letter for letter, mark in low if mark or letter.isalnum() or letter.isspace() or letter == _END)
    alone = rf"[^{never_alone}](?<=[{marks}])(?<![^\W\d_][{marks}])(?<![{marks}][{marks}])[{marks}]*"
    return re.compile(alone), re.compile(rf"[^{stays}](?:(?<=[\0-\uffff])|(?<![\w{marks}]))")


def _set(letters: Iterable[str]) -> str:
    """Characters in their order as the ranges of a regular expression's set."""
    runs = groupby(enumerate(map(ord, letters)), lambda item: item[1] - item[0])
    codes = [[code for _, code in run] for _, run in runs]
    return "".join(rf"\U{run[0]:08x}-\U{run[-1]:08x}" for run in codes)


def _joined(texts: list[str], separator: str) -> str:
    joined = _END.join(texts)
    if texts and joined.count(_END) != len(texts) - 1:
        return _END.join(text.replace(_END, separator) for text in texts)
    return joined
