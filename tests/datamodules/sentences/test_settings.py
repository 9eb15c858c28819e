"""Mirrors datamodules/sentences/settings.py."""

import pytest

from datamodules.sentences.settings import Cleaning, Words


def test_values_that_mean_nothing_are_refused() -> None:
    for wrong in ({"min_words": 0}, {"max_overlap": 0.0}, {"max_overlap": float("nan")}, {"separator": "-"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Cleaning(**wrong)  # type: ignore[arg-type]
    for wrong in ({"min_count": 0}, {"unknown": "keep"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Words(**wrong)  # type: ignore[arg-type]


def test_the_papers_numbers_are_the_defaults() -> None:
    assert (Cleaning().min_words, Words().min_count) == (4, 50)
