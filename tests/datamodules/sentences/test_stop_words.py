"""Mirrors datamodules/sentences/stop_words.py."""

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from datamodules.sentences.cleaning import cleaned
from datamodules.sentences.stop_words import stop_words

SAID = (
    "I'm you're it's he's they've we've that's there's let's don't didn't doesn't isn't wasn't weren't haven't won't \
wouldn't couldn't can't shouldn't you'll they'd who's what's"
)
WORDS = "wed hell shell shed hed whore beach dog cake"  # and no contractions, though "she'd" loses its apostrophe too


def test_contractions_are_stop_words_as_cleaning_leaves_them() -> None:
    assert set(cleaned([SAID])[0].split()) <= stop_words()


def test_scikit_learns_are_among_them_and_words_with_content_are_not() -> None:
    assert stop_words() > ENGLISH_STOP_WORDS
    assert not stop_words() & set(WORDS.split())
