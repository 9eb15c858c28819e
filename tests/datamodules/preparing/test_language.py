"""Mirrors datamodules/preparing/language.py."""

from datamodules.preparing.language import language


def test_english_is_told_from_others_offline() -> None:
    assert language("what a lovely day in the park with my friends @USER") == "en"
    assert language("el perro de mi vecino ladra toda la noche HTTPURL") == "es"
    assert language("@USER HTTPURL") == "und"
