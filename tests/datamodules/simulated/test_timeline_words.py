"""Mirrors datamodules/simulated/timeline_words.py."""

from collections import Counter
from itertools import chain

from datamodules.simulated.pin_words import SCENE_NAMES, WEATHER_NAMES
from datamodules.simulated.scenes import KINDS, WEATHERS
from datamodules.simulated.timeline_words import FILLERS, GROUPS, TOPICS, VALUES, names


def test_ten_topics_of_sixteen_words_that_tell_of_nothing_else() -> None:
    assert [len(words) for words in TOPICS.values()] == [16] * 10
    seen = chain(*SCENE_NAMES.values(), *WEATHER_NAMES.values())
    words = Counter([*TOPICS, *chain(*TOPICS.values()), *chain(*seen), *FILLERS])
    assert set(words.values()) == {1}
    assert all(word.isalpha() and word.islower() for word in words)


def test_all_boards_names_of_a_scene_are_its_names() -> None:
    assert names("scene", "garden")[:4] == ("roses", "petals", "tulips", "blossom")
    assert len(names("scene", "garden")) == 9
    assert len(names("weather", "rain")) == 6
    assert names("topic", "chess") == TOPICS["chess"]
    assert {cause: len(values) for cause, values in VALUES.items()} == {"topic": 10, "scene": 12, "weather": 4}


def test_groups_draw_by_causes_that_they_share_with_no_other() -> None:
    for field, known in (("topics", TOPICS), ("scenes", KINDS), ("brands", None)):
        said = list(chain(*(getattr(group, field) for group in GROUPS.values())))
        assert len(said) == len(set(said))
        assert known is None or set(said) <= set(known)
    assert len({group.weather for group in GROUPS.values()} & set(WEATHERS)) == 3
