"""Mirrors datamodules/simulated/pin_words.py."""

import re
from collections import Counter
from itertools import chain

import pytest
from Stemmer import Stemmer

from datamodules.simulated.pin_texts import FRAMES
from datamodules.simulated.pin_words import (
    BOARDS,
    FILLERS,
    OPENERS,
    SCENE_NAMES,
    TAILS,
    THEMES,
    WEATHER_NAMES,
    Meaning,
    meanings,
    names,
)
from datamodules.simulated.scenes import KINDS, WEATHERS

STEMMER = Stemmer("english")


def words_of(phrases: tuple[str, ...]) -> set[str]:
    return set(re.sub(r"[^a-z ]", "", " ".join(phrases)).split())


def test_each_scene_weather_and_theme_has_its_words() -> None:
    assert tuple(SCENE_NAMES) == KINDS
    assert tuple(WEATHER_NAMES) == WEATHERS
    assert {tuple(map(len, boards)) for boards in SCENE_NAMES.values()} == {(3, 3, 3)}
    assert {tuple(map(len, boards)) for boards in WEATHER_NAMES.values()} == {(2, 2, 2)}
    assert {len(words) for words in THEMES.values()} == {10}


def test_boards_name_scenes_and_weathers_differently_and_themes_alike() -> None:
    for cause, values in (("scene", SCENE_NAMES), ("weather", WEATHER_NAMES)):
        for value in values:
            said = list(chain.from_iterable(names(Meaning(cause, value), board) for board in range(len(BOARDS))))
            assert len(set(said)) == len(said)
    assert len({names(Meaning("theme", "baking"), board) for board in range(len(BOARDS))}) == 1


def test_a_word_means_one_thing() -> None:
    found = meanings()
    assert len(found) == 12 * 9 + 4 * 6 + 10 * 10
    assert found["roses"] == Meaning("scene", "garden")
    assert found["evening"] == Meaning("weather", "dusk")
    assert found["yeast"] == Meaning("theme", "baking")


def test_words_are_lower_case_english_letters() -> None:
    assert all(re.fullmatch("[a-z]+", word) for word in meanings())


def test_no_two_words_with_meaning_share_a_stem() -> None:
    stems = Counter(STEMMER.stemWords(list(meanings())))
    assert not [stem for stem, count in stems.items() if count > 1]


@pytest.mark.parametrize("group", [*OPENERS, *FILLERS, TAILS, *chain.from_iterable(FRAMES.values())])
def test_openers_fillers_and_frames_share_no_stem_with_words_that_mean_something(group: tuple[str, ...]) -> None:
    assert not set(STEMMER.stemWords(list(words_of(group)))) & set(STEMMER.stemWords(list(meanings())))


def test_boards_share_no_filler() -> None:
    assert len(set(chain.from_iterable(FILLERS))) == sum(map(len, FILLERS))
