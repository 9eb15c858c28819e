"""Texts of posts to words (DU2MCE, section 4.1).

In this order: HTML's entities are read; links, other users' names (mentions, with the "RT" before one), the possessive
"'s" and emoticons go; lower case; what is neither letter nor digit goes, emoji with it, and parts words, but for
apostrophes: "this/that" is two words and "don't" is one, "dont"; stop words go; words become lemmas. The paper says
nothing of links and mentions: they are no words, and a name says who is spoken to and not what is said.
"""

import html
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import regex
from numpy.typing import NDArray

from datamodules.sentences.cleaning import cleaned, split_words
from datamodules.sentences.stop_words import stop_words
from datamodules.timelines.lemmas import lemmatiser
from datamodules.timelines.settings import Texts
from datamodules.tweets import clean_tweet

# Only those with letters or digits: ":)" and "^_^" hold none and go with all other marks. "#xD" is a hashtag.
_EMOTICON = re.compile(
    r"""(?<!\d)[:;=]'?[-o^]?[DPp]+(?!\w)  # :D, "hello:P"
    | (?<!\w)[:;=]'?[-o^]?[dDOoSsXxLb3]+(?!\w)  # :o, :-3
    | (?<![\w\#＃])[xX8B]-[DPp]+(?!\w)
    | (?<![\w\#＃])[xX]+(?:D+|d+)(?!\w)  # xD
    | (?<![\w\#＃])D'?-?[:;=](?!\w)
    | <[/\\]?3+(?![.,]?\d)  # <3
    | (?<![\w\#＃])(?:[oO0]_+[oO0]|[oO]\.[oO]|([TtXxUuVv])_+\1)(?!\w)  # o_O, T_T""",
    re.VERBOSE,
)
_POSSESSIVE = re.compile(r"(?<=\w)'[sS]\b")
_RETWEET = re.compile(r"^RT (?=@USER)")
# "&#39;" and "C#" have none; one may follow another at once.
_HASHTAG = regex.compile(r"(?:(?<![\p{L}\p{N}_&])|\G)[#＃]([\p{N}_]*\p{L}[\p{L}\p{M}\p{N}_]*)")
# Apostrophes, and characters that are not seen: the soft hyphen, joiners, the mark of byte order.
_VANISH = dict.fromkeys(map(ord, "'’‘ʼ＇`´\u00ad\u200c\u200d\u2060\ufeff"))


class Words(NamedTuple):
    """Words of N texts."""

    lengths: NDArray[np.int32]  # (N,) words of each text
    numbers: NDArray[np.int32]  # (T,) text after text, which of `words`
    words: pa.Array  # (V,) strings, not all of them used


class TextPipeline:
    """Section 4.1's cleaning, with these settings.

    Args:
        settings: `hashtags` and `lemmatiser` are read.

    Raises:
        ImportError, FileNotFoundError: the lemmatiser is not installed; names what is missing.
    """

    def __init__(self, settings: Texts) -> None:
        self.keeps_signs = settings.hashtags == "keep"
        self.lemmatise = lemmatiser(settings.lemmatiser)
        self._stop_words = stop_words()

    def __call__(self, texts: Sequence[str]) -> Words:
        """Words of some texts, which are cleaned at once; a text may have none."""
        lists = split_words(self._cleaned(texts))
        coded = lists.flatten().dictionary_encode()
        forms = coded.dictionary.to_pylist()
        kept = np.array([form not in self._stop_words for form in forms], bool)
        lemmas = self._lemmas([form for form, stays in zip(forms, kept, strict=True) if stays])
        numbers = np.where(kept, np.cumsum(kept) - 1, -1)[coded.indices.to_numpy()].astype(np.int32)  # (T,) by form
        text = np.repeat(np.arange(len(texts)), pc.list_value_length(lists).to_numpy())
        lengths = np.bincount(text[numbers >= 0], minlength=len(texts)).astype(np.int32)
        distinct = pa.array(lemmas, pa.string()).dictionary_encode()  # two forms may have one lemma
        return Words(lengths, distinct.indices.to_numpy()[numbers[numbers >= 0]], distinct.dictionary)

    def words(self, text: str) -> list[str]:
        """Words of one text."""
        found = self([text])
        return found.words.take(pa.array(found.numbers)).to_pylist()

    def _cleaned(self, texts: Sequence[str]) -> list[str]:
        """Words with blanks between them."""
        pieces = [_HASHTAG.split(_plain(text)) for text in texts]  # text, tag, text, ..., text
        between = iter(cleaned([piece for parts in pieces for piece in parts[::2]], " "))
        tags = iter(cleaned([piece for parts in pieces for piece in parts[1::2]]))
        sign = "#" if self.keeps_signs else ""
        return [
            " ".join(f"{sign}{next(tags)}" if place % 2 else next(between) for place in range(len(parts)))
            for parts in pieces
        ]

    def _lemmas(self, forms: Sequence[str]) -> list[str]:
        lemmas = iter(self.lemmatise([form for form in forms if not form.startswith("#")]))
        return [form if form.startswith("#") else next(lemmas) for form in forms]


def _plain(text: str) -> str:
    """Without entities, links, mentions, emoticons and apostrophes."""
    text = _RETWEET.sub("", clean_tweet(html.unescape(text)))
    text = _POSSESSIVE.sub("", text.replace("’", "'")).replace("@USER", " ").replace("HTTPURL", " ")
    return _EMOTICON.sub(" ", text).translate(_VANISH)
