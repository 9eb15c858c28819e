"""Mirrors datamodules/timelines/settings.py."""

from collections.abc import Callable

import pytest

from datamodules.timelines import Accounts, Pictures, Shares, Texts


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (lambda: Accounts(-1), "min_posts is -1"),
        (lambda: Texts(hashtags="drop"), "'keep' or 'strip'"),
        (lambda: Texts(lemmatiser="spacy"), "'simplemma' or 'stanza'"),
        (lambda: Texts(max_overlap=0), "max_overlap is 0"),
        (lambda: Texts(max_overlap=float("nan")), "max_overlap is nan"),
        (lambda: Texts(min_count=0), "min_count is 0"),
        (lambda: Pictures(1.1), "min_similarity is 1.1"),
        (lambda: Shares("users"), "by is 'users'"),
        (lambda: Shares("prepared"), "protocol None"),
        (lambda: Shares(protocol="paper"), "protocol 'paper'"),
        (lambda: Shares(test=0.9, validation=0.1), "leave some for training"),
        (lambda: Shares(pairs=0), "pairs is 0"),
        (lambda: Shares("texts", validation_posts=9), "validation_posts is 9 by texts"),
    ],
)
def test_what_cannot_be_is_refused_by_name(made: Callable[[], object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        made()


def test_the_defaults_are_the_papers() -> None:
    assert Accounts().min_posts == 21  # more than 20
    assert (Texts().hashtags, Texts().min_count) == ("keep", 5)
    assert (Shares().test, Shares().validation, Shares().pairs) == (0.2, 0.02, 5000)
