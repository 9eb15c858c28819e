"""Mirrors datamodules/triplets/phrases.py."""

from pathlib import Path

import pytest

from datamodules.triplets.phrases import Phrases, normalised, read_phrases


def test_phrases_are_spelled_as_the_corpus_spells_its_words() -> None:
    assert normalised("  T-Shirt \t Ideas! ") == "tshirt ideas"
    assert normalised("Crème brûlée, 2 ways") == "crème brûlée 2 ways"
    assert normalised("- ! -") == ""


def test_spellings_of_one_phrase_have_one_number() -> None:
    phrases = Phrases()
    assert [phrases.number(text) for text in ("Go Carts", "go  carts!", "?!", "go", "Go Carts", "")] == [
        *(0, 0, -1, 1, 0, -1)
    ]
    assert phrases.texts == ["go carts", "go"]
    assert len(phrases) == 2


def test_a_file_of_phrases_goes_on_with_the_numbers(tmp_path: Path) -> None:
    phrases = Phrases()
    phrases.number("tandoori")
    (tmp_path / "pool.txt").write_text("Pink Nail\n\n!!\ntandoori\npink nail\n")
    assert list(read_phrases(tmp_path / "pool.txt", phrases)) == [1, 0, 1]


def test_a_pool_that_is_not_there_is_empty_or_no_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pool.txt"
    with pytest.raises(FileNotFoundError, match=r"pool\.txt: no such file of phrases"):
        read_phrases(path, Phrases())
    path.write_text("\n!\n")
    with pytest.raises(ValueError, match=r"pool\.txt: holds no phrase"):
        read_phrases(path, Phrases())
    path.write_bytes(b"nail\n\xe9\n")
    with pytest.raises(ValueError, match=r"pool\.txt, line 2: not UTF-8"):
        read_phrases(path, Phrases())
