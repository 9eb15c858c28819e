"""Mirrors datamodules/simulated/pins.py."""

from collections import Counter
from itertools import combinations

import numpy as np
from scipy.stats import chi2_contingency

from datamodules.simulated.pin_words import SCENE_NAMES, Meaning, meanings
from datamodules.simulated.pins import Pin, draw_favoured, draw_picture, draw_pins
from datamodules.simulated.scenes import KINDS, WEATHERS

MEANINGS = meanings()
BOARD = {word: board for boards in SCENE_NAMES.values() for board, words in enumerate(boards) for word in words}


def scene_words(words: tuple[str, ...], kind: str) -> set[int]:
    """Boards by whose names words tell of a scene."""
    return {BOARD[word] for word in words if MEANINGS[word] == Meaning("scene", kind)}


def test_a_count_changes_no_pin(pins: list[Pin]) -> None:
    assert list(draw_pins(0, 40)) == pins[:40]


def test_another_seed_gives_other_pins_and_other_favourites(pins: list[Pin]) -> None:
    assert not set(draw_pins(1, 40)) & set(pins)
    assert draw_favoured(0) != draw_favoured(1)


def test_each_theme_is_the_favourite_of_one_scene_or_two() -> None:
    favoured = draw_favoured(0)
    assert tuple(favoured) == KINDS
    assert sorted(Counter(favoured.values()).values()) == [1] * 8 + [2] * 2


def test_a_scene_is_for_its_favourite_more_often_than_by_chance_and_less_than_half() -> None:
    favoured = draw_favoured(0)
    share = np.mean([favoured[pin.kind] == pin.theme for pin in draw_pins(0, 3000)])
    assert abs(share - 0.16) < 0.03


def test_a_pin_has_2_to_9_descriptions_mean_6_by_all_boards(pins: list[Pin]) -> None:
    counts = [len(pin.descriptions) for pin in pins]
    assert min(counts) >= 2
    assert max(counts) <= 9
    assert abs(np.mean(counts) - 6) < 0.2
    boards = Counter(description.board for pin in pins for description in pin.descriptions)
    assert min(boards.values()) > 0.28 * sum(counts)


def test_a_few_pins_have_no_picture(pins: list[Pin]) -> None:
    assert 0.005 < np.mean([not pin.pictured for pin in pins]) < 0.045
    assert all((pin.image == f"{pin.number}.jpg") is pin.pictured for pin in pins)
    assert {pin.image for pin in pins if not pin.pictured} == {None}


def test_a_few_descriptions_are_about_something_else(pins: list[Pin]) -> None:
    others = [d.elsewhere for pin in pins for d in pin.descriptions]
    assert 0.02 < np.mean(others) < 0.06
    named = {
        elsewhere: np.mean(
            [
                MEANINGS[word].value == pin.kind
                for pin in pins
                for description in pin.descriptions
                for word in description.words
                if description.elsewhere is elsewhere and MEANINGS[word].cause == "scene"
            ]
        )
        for elsewhere in (False, True)
    }
    assert named[False] > 0.65
    assert named[True] < 0.3


def test_some_descriptions_are_copies_or_nearly(pins: list[Pin]) -> None:
    copies, near = 0, 0
    for pin in pins:
        texts = [set(description.text.split()) for description in pin.descriptions]
        for ours, theirs in combinations(texts, 2):
            ratio = len(ours & theirs) / len(ours | theirs)
            copies += ratio == 1
            near += 0.7 < ratio < 1
    total = sum(len(pin.descriptions) for pin in pins)
    assert 0.02 < copies / total < 0.06
    assert near / total > 0.01


def test_names_of_two_boards_meet_under_pictures_and_seldom_in_sentences(pins: list[Pin]) -> None:
    sentences = [scene_words(description.words, pin.kind) for pin in pins for description in pin.descriptions]
    pictures = [set().union(*(scene_words(d.words, pin.kind) for d in pin.descriptions)) for pin in pins]
    assert np.mean([len(boards) > 1 for boards in sentences]) < 0.01
    assert np.mean([len(boards) > 1 for boards in pictures]) > 0.5


def test_words_of_a_theme_meet_in_sentences(pins: list[Pin]) -> None:
    sizes = [
        sum(MEANINGS[word] == Meaning("theme", pin.theme) for word in description.words)
        for pin in pins
        for description in pin.descriptions
    ]
    assert 0.2 < np.mean([size > 1 for size in sizes]) < 0.4


def test_what_a_sentence_tells_of_the_theme_is_independent_of_what_it_tells_of_the_scene(pins: list[Pin]) -> None:
    table = np.zeros((2, 2))
    for pin in pins:
        for description in pin.descriptions[:1]:  # never a repost
            causes = {MEANINGS[word].cause for word in description.words}
            table["scene" in causes, "theme" in causes] += 1
    assert chi2_contingency(table).pvalue > 1e-3


def test_a_picture_follows_from_scene_and_weather_and_never_from_theme_or_text(pins: list[Pin]) -> None:
    pin = pins[0]
    picture = np.asarray(draw_picture(0, pin))
    assert picture.shape == (64, 64, 3)
    np.testing.assert_array_equal(np.asarray(draw_picture(0, pin._replace(theme="diy", descriptions=()))), picture)
    for other in (
        pin._replace(kind=next(kind for kind in KINDS if kind != pin.kind)),
        pin._replace(weather=next(weather for weather in WEATHERS if weather != pin.weather)),
    ):
        assert not np.array_equal(np.asarray(draw_picture(0, other)), picture)
