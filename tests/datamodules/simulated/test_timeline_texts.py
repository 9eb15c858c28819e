"""Mirrors datamodules/simulated/timeline_texts.py."""

import re

import numpy as np
import pytest

from datamodules.simulated.timeline_texts import Dialect, Subject, draw_dialect, repeat, write_text
from datamodules.simulated.timeline_words import EMOTICONS, FILLERS, VALUES, names

SUBJECT = Subject("chess", "garden", "rain")
COUNT = 3000
CAUSE = {word: (cause, value) for cause, values in VALUES.items() for value in values for word in names(cause, value)}


def words(text: str) -> list[str]:
    return re.findall(r"(?<![#\w])\w+", re.sub(r"https\S+", "", text.lower()))


@pytest.fixture(scope="module")
def dialect() -> Dialect:
    return draw_dialect(np.random.default_rng(0))


@pytest.fixture(scope="module")
def written(dialect: Dialect) -> dict[bool, list[str]]:
    rng = np.random.default_rng(1)
    return {pictured: [write_text(rng, dialect, SUBJECT, pictured) for _ in range(COUNT)] for pictured in (True, False)}


def test_a_picture_makes_its_scene_and_weather_be_told_more_often(written: dict[bool, list[str]]) -> None:
    """A topic stands in for a scene that isn't told, so that no text is empty."""
    for pictured, (topic, scene, weather) in {True: (0.8, 0.7, 0.3), False: (0.9, 0.4, 0.1)}.items():
        causes = [{CAUSE[word][0] for word in words(text) if word in CAUSE} for text in written[pictured]]
        wanted = {"topic": topic + (1 - topic) * (1 - scene), "scene": scene, "weather": weather}
        for cause, share in wanted.items():
            assert abs(np.mean([cause in found for found in causes]) - share) < 0.03


def test_most_mentions_tell_of_the_subject_and_a_tenth_of_anything(written: dict[bool, list[str]]) -> None:
    for cause, value in zip(VALUES, SUBJECT, strict=True):
        said = [CAUSE[word] == (cause, value) for text in written[True] for word in words(text)
                if CAUSE.get(word, ("", ""))[0] == cause]  # fmt: skip
        assert 0.88 < np.mean(said) < 0.95


def test_a_user_prefers_some_words_to_others_and_another_user_other_ones(
    dialect: Dialect, written: dict[bool, list[str]]
) -> None:
    said = [word for text in written[False] for word in words(text)]
    first, *_, last = dialect.words["topic", "chess"]
    assert said.count(first) > 3 * said.count(last) > 0
    other = draw_dialect(np.random.default_rng(9))
    assert set(other.words["topic", "chess"]) == set(dialect.words["topic", "chess"])
    assert other.words["topic", "chess"] != dialect.words["topic", "chess"]
    assert other.fillers[:3] != dialect.fillers[:3]


def test_texts_have_hashtags_emoticons_links_and_fillers(written: dict[bool, list[str]]) -> None:
    texts = written[False]
    shares = {
        "hashtag": (0.4, [bool(re.search(r"#\w", text)) for text in texts]),
        "emoticon": (0.15, [any(sign in text for sign in EMOTICONS) for text in texts]),
        "link": (0.08, ["https://t.example.org/" in text for text in texts]),
        "filler": (0.5, [bool(set(words(text)) & set(FILLERS)) for text in texts]),
    }
    for wanted, found in shares.values():
        assert abs(np.mean(found) - wanted) < 0.03
    tags = [tag for text in texts for tag in re.findall(r"#(\w+)", text)]
    assert 0.3 < tags.count("chess") / len(tags) < 0.5


def test_a_repeated_text_is_the_same_reordered_or_has_one_word_more(dialect: Dialect) -> None:
    rng, text = np.random.default_rng(2), "first gambit then rook"
    kinds = {"same": 0, "reordered": 0, "longer": 0}
    for _ in range(COUNT):
        again = repeat(rng, dialect, text)
        longer = again.startswith(f"{text} ") and again.split()[-1] in FILLERS
        assert longer or sorted(again.split()) == sorted(text.split())
        kinds["longer" if longer else "same" if again == text else "reordered"] += 1
    assert [round(count / COUNT, 1) for count in kinds.values()] == [0.4, 0.3, 0.3]
    assert repeat(rng, dialect, "chess") == "chess"
