"""Texts to words: lower case, letters and digits only (Pins, Section 5.1)."""

import re
import unicodedata
from collections.abc import Sequence

_END = "\0"  # between texts that are cleaned at once
_OTHER, _SPACE = re.compile(r"[^\w\s\0]|_"), re.compile(r"[^\S ]")
_MARKS = bytes(code for code in range(1, 128) if not (chr(code).isalnum() or chr(code).isspace()))
_SPACES = bytes(32 if chr(code).isspace() else code for code in range(256))
_MARKS_TO_SPACES = bytes(32 if code in _MARKS else _SPACES[code] for code in range(256))


def cleaned(texts: Sequence[str], separator: str = "") -> list[str]:
    """Texts in lower case without what is neither letter, digit nor white space, of any script; white space is blanks.

    A letter and its accent become one character where Unicode has one (NFC); other accents that stand alone go.

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
    text = unicodedata.normalize("NFC", _joined(texts, separator)).lower()
    return _SPACE.sub(" ", _OTHER.sub(separator, text).replace(_END, "\1")).replace("\1", _END).split(_END)


def _joined(texts: list[str], separator: str) -> str:
    joined = _END.join(texts)
    if texts and joined.count(_END) != len(texts) - 1:
        return _END.join(text.replace(_END, separator) for text in texts)
    return joined
