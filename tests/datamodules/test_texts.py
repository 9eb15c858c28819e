"""Mirrors datamodules/texts.py; stored texts are tested with the datamodules."""

from collections.abc import Sequence

import numpy as np
import pytest

from datamodules.texts import ABSENT, TokenTexts, text_id


class Letters:
    """Cuts texts into letters."""

    padding = 0

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        return [[ord(letter) for letter in text] for text in texts]


@pytest.mark.parametrize("chunk", [1, 2, 3, 4, 100])
def test_texts_keep_their_numbers_however_they_are_cut(chunk: int) -> None:
    texts = TokenTexts(["ab", "c", "def"], Letters(), chunk=chunk)
    tokens = texts.take(np.array([2, 0, ABSENT, 1, 2]))
    assert ["".join(map(chr, ids[mask])) for ids, mask in zip(tokens.ids, tokens.mask, strict=True)] == [
        *("def", "ab", "", "c", "def")
    ]
    assert TokenTexts([], Letters(), chunk=chunk).take(np.array([ABSENT])).mask.sum() == 0


def test_names_of_texts_are_stable() -> None:
    assert text_id("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d"
    assert text_id("é") == text_id("\u00e9") != text_id("e")
