"""Mirrors datamodules/simulated/pin_texts.py."""

import re
from itertools import chain

import numpy as np
import pytest

from datamodules.simulated.pin_texts import Description, repost, write_description
from datamodules.simulated.pin_words import FILLERS, OPENERS, TAILS, Meaning, meanings, names

COUNT = 3000
ABOUT = (Meaning("scene", "garden"), Meaning("theme", "baking"), Meaning("weather", "rain"))
MEANINGS = meanings()
FUNCTION = (
    "the this a here look at that and by with next to for more ideas my list inspiration our or some all so in up"
)
KNOWN = {*MEANINGS, *FUNCTION.split(), "there", *chain.from_iterable(FILLERS)}
KNOWN |= set(" ".join([*chain.from_iterable(OPENERS), *TAILS]).replace("'", "").split())


def cleaned(text: str) -> list[str]:
    return re.sub(r"[^a-z ]", "", text.lower()).split()


@pytest.fixture(scope="module")
def written() -> list[Description]:
    rng = np.random.default_rng(0)
    return [write_description(rng, board, ABOUT) for board in range(3) for _ in range(COUNT // 3)]


def test_descriptions_have_4_to_14_words_but_for_a_few_shorter_ones(written: list[Description]) -> None:
    lengths = np.array([len(cleaned(description.text)) for description in written])
    assert lengths.min() >= 1
    assert lengths.max() <= 14
    assert 0.02 < (lengths < 4).mean() < 0.06
    assert 7 < lengths.mean() < 10


def test_scenes_themes_and_weathers_are_told_as_often_as_stated(written: list[Description]) -> None:
    for cause, stated in (("scene", 0.9), ("theme", 0.55), ("weather", 0.3)):
        told = [any(MEANINGS[word].cause == cause for word in description.words) for description in written]
        assert abs(np.mean(told) - stated) < 0.06


def test_a_scene_is_mostly_named_before_a_theme(written: list[Description]) -> None:
    told = [[MEANINGS[word].cause for word in description.words] for description in written]
    both = [causes.index("scene") < causes.index("theme") for causes in told if {"scene", "theme"} <= set(causes)]
    assert 0.75 < np.mean(both) < 0.95


def test_most_words_tell_of_the_pin_and_some_of_anything(written: list[Description]) -> None:
    said = [MEANINGS[word] in ABOUT for description in written for word in description.words]
    assert 0.75 < np.mean(said) < 0.9


def test_writers_use_the_names_of_their_own_board_mostly(written: list[Description]) -> None:
    scene, _, weather = ABOUT
    for meaning in (scene, weather):
        own = [
            word in names(meaning, description.board)
            for description in written
            for word in description.words
            if MEANINGS[word] == meaning
        ]
        assert 0.85 < np.mean(own) < 0.99


def test_the_first_words_of_a_list_are_used_more_than_the_last(written: list[Description]) -> None:
    said = [word for description in written for word in description.words]
    assert said.count("baking") > 2 * said.count("crust") > 0


def test_words_that_mean_something_stand_in_the_text_but_for_typos(written: list[Description]) -> None:
    missing = [set(description.words) - set(cleaned(description.text)) for description in written]
    assert 0.005 < np.mean([bool(words) for words in missing]) < 0.03
    assert max(map(len, missing)) == 1


def test_a_few_texts_have_a_typo_and_no_typo_means_anything(written: list[Description]) -> None:
    strange = [set(cleaned(description.text)) - KNOWN for description in written]
    assert 0.02 < np.mean([bool(words) for words in strange]) < 0.06


def test_texts_have_capitals_signs_and_emoji(written: list[Description]) -> None:
    texts = [description.text for description in written]
    assert 0.4 < np.mean([text[0].isupper() for text in texts]) < 0.6
    assert 0.5 < np.mean([any(sign in text for sign in ".!") for text in texts]) < 0.8
    assert 0.1 < np.mean([not text.isascii() for text in texts]) < 0.2


def test_a_repost_differs_by_one_word() -> None:
    rng = np.random.default_rng(0)
    source = Description("the roses and the tulips for muffins", 0, ("roses", "tulips", "muffins"), False)
    seen = set()
    for _ in range(100):
        copy = repost(rng, source)
        ours, theirs = source.text.split(), copy.text.split()
        if len(theirs) == len(ours):
            changed = [(old, new) for old, new in zip(ours, theirs, strict=True) if old != new]
            assert len(changed) == 1
            assert set(copy.words) == set(source.words) - {changed[0][0]}
            seen.add("changed")
        else:
            assert theirs[:-1] == ours
            assert copy.words == source.words
            seen.add("added")
    assert seen == {"changed", "added"}


def test_a_repost_of_14_words_stays_at_14() -> None:
    rng = np.random.default_rng(0)
    source = Description(" ".join(["so"] * 14), 0, (), False)
    assert {len(repost(rng, source).text.split()) for _ in range(20)} == {14}
