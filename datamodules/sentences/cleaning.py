"""Texts to words: lower case, letters with their marks and digits only (Pins, Section 5.1)."""

import unicodedata
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import regex

_END = "\0"  # between texts that are cleaned at once
_SPACE = regex.compile(r"[\s\x1c-\x1f--[ ]]", regex.VERSION1)  # as str.isspace
# What is neither letter, number, mark nor white space, and marks that follow no letter; Python's `re` knows no marks.
_GOES = regex.compile(r"[^\p{L}\p{N}\p{M}\s\x1c-\x1f\0]|(?<![\p{L}\p{M}])\p{M}+")
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


def split_words(texts: Sequence[str]) -> pa.ListArray:
    """Words of cleaned texts, (N,) lists of strings."""
    found = pc.split_pattern(pa.array(texts, pa.string()), " ")
    words, ends = found.flatten(), found.offsets.to_numpy()
    there = pc.binary_length(words).to_numpy() > 0  # none between two blanks
    return pa.ListArray.from_arrays(np.concatenate([[0], np.cumsum(there, dtype=np.int32)])[ends], words.filter(there))


def _ascii(texts: list[str], separator: str) -> list[str]:
    data = _joined(texts, separator).lower().encode("ascii")
    data = data.translate(_MARKS_TO_SPACES) if separator else data.translate(_SPACES, _MARKS)
    return data.decode("ascii").split(_END)


def _unicode(texts: list[str], separator: str) -> list[str]:
    text = unicodedata.normalize("NFC", _joined(texts, separator)).lower().replace("i\u0307", "i")  # of a Turkish "İ"
    text = _GOES.sub(lambda found: separator * len(found[0]), text)
    return _SPACE.sub(" ", text.replace(_END, "\1")).replace("\1", _END).split(_END)


def _joined(texts: list[str], separator: str) -> str:
    joined = _END.join(texts)
    if texts and joined.count(_END) != len(texts) - 1:
        return _END.join(text.replace(_END, separator) for text in texts)
    return joined
