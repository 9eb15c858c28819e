"""Mirrors datamodules/preparing/records.py."""

import pytest

from datamodules.preparing import Options


def test_an_option_that_a_layout_does_not_take_is_refused() -> None:
    Options(name="n").only("mvsa")
    Options(name="n", keep_without_pictures=True).only("x", "keep_without_pictures")
    with pytest.raises(ValueError, match=r"mvsa takes no --language; it takes --name$"):
        Options(language="en").only("mvsa")
    with pytest.raises(ValueError, match=r"x takes no --keep_without_comments; it takes --name, --language$"):
        Options(keep_without_comments=True).only("x", "language")
    with pytest.raises(ValueError, match=r"wild takes no --min_ups; it takes --name$"):
        Options(min_ups=0).only("wild")


def test_given_is_what_was_chosen_and_zero_is_a_choice() -> None:
    assert Options().given() == {}
    assert Options(name="n", min_ups=0, keep_without_pictures=True).given() == {
        "name": "n",
        "keep_without_pictures": True,
        "min_ups": 0,
    }
