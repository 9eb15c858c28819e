"""Sentences about pictures as numbers of words, made from prepared posts' descriptions. Nothing here imports torch."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from datamodules.sentences.corpus import BOS, EOS, UNKNOWN, Corpus, Sentences
from datamodules.sentences.settings import Cleaning, Words

if TYPE_CHECKING:
    from datamodules.sentences.writing import write_corpus

__all__ = ["BOS", "EOS", "UNKNOWN", "Cleaning", "Corpus", "Sentences", "Words", "write_corpus"]


def __getattr__(name: str) -> Any:
    # a worker that cuts sentences needs no database
    if name == "write_corpus":
        return import_module("datamodules.sentences.writing").write_corpus
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
