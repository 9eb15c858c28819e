"""Mirrors datamodules/sentences/cleaning.py."""

import pytest

from datamodules.sentences.cleaning import cleaned


def slowly(text: str, separator: str) -> str:
    """Section 5.1, letter by letter."""
    return "".join(letter if letter.isalnum() else " " if letter.isspace() else separator for letter in text.lower())


@pytest.mark.parametrize("separator", ["", " "])
def test_every_ascii_character_and_some_others_are_kept_or_go_by_what_they_are(separator: str) -> None:
    texts = [f"a{chr(code)}B" for code in range(1, 128)]
    texts += [
        "Straße, 3 m²",
        "«Școală» — la mulți ani!",
        "猫が 好き。",
        "ÉTÉ_2014",
        "naïve\u2028line",
        "☃ 😀",
        "x\u00a0y",
    ]
    assert cleaned(texts, separator) == [slowly(text, separator) for text in texts]


def test_marks_within_words_go_or_part_them() -> None:
    assert cleaned(["Don't buy a T-shirt!"]) == ["dont buy a tshirt"]
    assert [text.split() for text in cleaned(["Don't buy a T-shirt!"], " ")] == [["don", "t", "buy", "a", "t", "shirt"]]


def test_a_text_is_cleaned_alike_alone_and_among_others() -> None:
    texts = ["One two.", "", "café", "a\0b", "  ", "\nthree\tfour", "cafe\u0301", "\0", "é\0E"]
    for separator in ("", " "):
        assert cleaned(texts, separator) == [cleaned([text], separator)[0] for text in texts]
    assert cleaned([]) == []


def test_a_letter_with_its_accent_is_one_character_however_it_is_written() -> None:
    assert cleaned(["cafe\u0301 CAFÉ"]) == ["café café"]
