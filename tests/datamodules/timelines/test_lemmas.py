"""Mirrors datamodules/timelines/lemmas.py."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from datamodules.timelines.lemmas import Simplemma, Stanza, lemmatiser


def test_lemmas_are_in_lower_case_and_unknown_words_stay() -> None:
    words = ["dogs", "running", "children", "paris", "café", "qwertyish", "नमस्ते"]
    assert lemmatiser("simplemma")(words) == ["dog", "run", "child", "paris", "café", "qwertyish", "नमस्ते"]
    assert Simplemma()([]) == []


def test_without_stanza_the_error_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "stanza", None)
    with pytest.raises(ImportError, match=r"postlab\[stanza\]"):
        lemmatiser("stanza")


def test_without_its_english_model_the_error_says_how_to_fetch_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def pipeline(*_: object, **__: object) -> None:
        raise FileNotFoundError("resources.json")

    monkeypatch.setitem(sys.modules, "stanza", module(pipeline))
    with pytest.raises(FileNotFoundError, match=r"English model \(resources.json\).*stanza.download\('en'\)"):
        Stanza()


def test_stanza_is_asked_once_for_each_word(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def pipeline(language: str, **settings: Any) -> Any:
        assert (language, settings["tokenize_pretokenized"], settings["download_method"]) == ("en", True, None)
        return lambda sentences: asked.extend(sentences) or document(sentences)

    monkeypatch.setitem(sys.modules, "stanza", module(pipeline))
    lemmas = Stanza()
    assert lemmas(["dogs", "Paris", "dogs"]) == ["dog", "pari", "dog"]
    assert lemmas(["x", "dogs"]) == ["x", "dog"]  # no lemma: as it is
    assert asked == [["dogs"], ["Paris"], ["x"]]


def module(pipeline: object) -> ModuleType:
    found = ModuleType("stanza")
    found.Pipeline = pipeline  # type: ignore[attr-defined]
    return found


def document(sentences: list[list[str]]) -> SimpleNamespace:
    words = [[SimpleNamespace(lemma=word.removesuffix("s") if word != "x" else None)] for (word,) in sentences]
    return SimpleNamespace(sentences=[SimpleNamespace(words=found) for found in words])
