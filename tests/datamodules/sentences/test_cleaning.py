"""Mirrors datamodules/sentences/cleaning.py."""

import random
import unicodedata

import pytest

from datamodules.sentences.cleaning import cleaned, split_words


def slowly(text: str, separator: str) -> str:
    """Section 5.1, letter by letter; a mark stays where a letter, or a mark that stays, is before it."""
    result, bears = "", False  # bears: the character before is one that a mark can be of
    for letter in unicodedata.normalize("NFC", text).lower().replace("i\u0307", "i"):
        is_mark = unicodedata.category(letter) in ("Mn", "Mc", "Me")
        bears = bears if is_mark else letter.isalpha()
        stays = bears if is_mark else letter.isalnum()
        result += letter if stays else " " if letter.isspace() else separator
    return result


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


@pytest.mark.parametrize("separator", ["", " "])
def test_every_character_is_judged_as_by_the_slow_rule(separator: str) -> None:
    known = (chr(code) for code in range(1, 0x20000) if unicodedata.category(chr(code)) != "Cn")  # to this Python
    texts = [f"a{letter}b {letter}" for letter in known]
    assert cleaned(texts, separator) == [slowly(text, separator) for text in texts]


@pytest.mark.parametrize("separator", ["", " "])
def test_runs_of_marks_are_judged_as_by_the_slow_rule(separator: str) -> None:
    signs = "ab1_- ²é猫क\u0301\u0302\u093f\u094d\ufe0f\u20e3\u200d☃😀\U0001e922\U0001e944\U00011100İ"
    draws = random.Random(0)
    texts = ["".join(draws.choices(signs, k=draws.randrange(1, 9))) for _ in range(5000)]
    assert cleaned(texts, separator) == [slowly(text, separator) for text in texts]


@pytest.mark.parametrize("separator", ["", " "])
@pytest.mark.parametrize("text", ["हिन्दी में", "ที่นี่สวยงาม", "தமிழ்", "x̂ z̃", "נִקּוּד", "𞤀𞤣𞤤𞤢𞤥\U0001e944".lower()])
def test_words_keep_their_marks(text: str, separator: str) -> None:
    assert cleaned([f"{text}!"], separator) == [text + separator]


def test_marks_without_a_letter_go() -> None:
    assert cleaned(["\u0301a", "1\ufe0f\u20e3 one", "☃\ufe0f snow", "a-\u0301b"]) == ["a", "1 one", " snow", "ab"]


@pytest.mark.parametrize("separator", ["", " "])
def test_a_turkish_capital_i_parts_no_word(separator: str) -> None:
    assert cleaned(["İstanbul İSTANBUL I\u0307stanbul"], separator) == ["istanbul istanbul istanbul"]


def test_words_are_what_stands_between_blanks() -> None:
    assert split_words(["a  cat ", "", "  ", "naïve"]).to_pylist() == [["a", "cat"], [], [], ["naïve"]]
    assert split_words([]).to_pylist() == []
