"""Mirrors datamodules/simulated/emotion_texts.py."""

import re

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from datamodules.simulated.emotion_texts import OWN, lexicon, write_photo, write_title
from datamodules.simulated.emotions import FLICKR, REDDIT, EmotionSet, Feeling, Shown, draw_feeling
from datamodules.simulated.network import OCCASIONS, SPOTS, TOWNS
from datamodules.simulated.scenes import SCENES
from datamodules.simulated.texts import NAMING, OPENERS, TAILS, WHERE

SCENE_WORDS = {word: kind for kind, scene in SCENES.items() for word in scene.words}


def feeling(told: str | None = "fear", named: bool = False, kind: str = "fire", emotion: str = "fear") -> Feeling:
    return Feeling("reddit_emotion", 1, emotion, told, named, (Shown(kind, "sun"), Shown("bus", "sun")))


def written(cause: Feeling, count: int = 60) -> list[list[str]]:
    """Words of texts in both manners."""
    rng = np.random.default_rng(0)
    titles = [write_title(rng, cause) for _ in range(count)]
    photos = [" ".join(write_photo(rng, cause)) for _ in range(count)]
    return [re.findall(r"\w+", text) for text in titles + photos]


def test_a_text_holds_one_to_three_words_of_the_emotion_told() -> None:
    counts = [len(set(words) & set(lexicon("fear"))) for words in written(feeling("fear"))]
    assert set(counts) == {1, 2, 3}
    assert {word for words in written(feeling("fear")) for word in words} >= set(lexicon("fear"))


def test_a_text_that_tells_nothing_holds_no_word_of_any_emotion() -> None:
    every = {word for emotion in OWN for word in lexicon(emotion)}
    assert not every & {word for words in written(feeling(None, named=True)) for word in words}


def test_a_text_names_the_scene_of_the_first_picture_or_none() -> None:
    for words in written(feeling(named=True)):
        assert [SCENE_WORDS[word] for word in words if word in SCENE_WORDS] == ["fire"]
    assert not set(SCENE_WORDS) & {word for words in written(feeling(named=False)) for word in words}


def test_a_text_knows_no_more_of_the_emotion_and_the_picture_than_that() -> None:
    one, other = feeling("joy", kind="fire", emotion="fear"), feeling("joy", kind="garden", emotion="joy")
    assert written(one) == written(other)


def test_a_photos_title_and_description_have_more_than_five_words() -> None:
    assert min(map(len, written(feeling(None))[60:])) > 5


@pytest.mark.parametrize("origin", [REDDIT, FLICKR], ids=lambda origin: origin.name)
def test_every_emotion_has_about_12_words_and_shares_some_with_another(origin: EmotionSet) -> None:
    for emotion in origin.shares:
        words = set(lexicon(emotion))
        elsewhere = {word for other in origin.shares if other != emotion for word in lexicon(other)}
        assert 12 <= len(words) <= 14
        assert 2 <= len(words & elsewhere) <= 6


def test_words_of_emotions_are_no_filler_no_scene_and_no_class() -> None:
    frames = [*WHERE, *NAMING, *TAILS, *(word for words in OPENERS.values() for word in words)]
    others = {*TOWNS, *SPOTS, *OCCASIONS, *SCENE_WORDS, *SCENES, *REDDIT.shares, *FLICKR.shares}
    others |= {word for frame in frames for word in frame.split()} | {"happy", "creepy", "rage", "gore", "taken"}
    assert not others & {word for emotion in OWN for word in lexicon(emotion)}


@pytest.mark.parametrize(("origin", "low", "high"), [(REDDIT, 0.66, 0.9), (FLICKR, 0.75, 0.96)])
def test_a_bag_of_words_tells_the_emotion_in_part(origin: EmotionSet, low: float, high: float) -> None:
    rng = np.random.default_rng(0)
    causes = [draw_feeling(rng, origin, number) for number in range(1500)]
    texts = [write_title(rng, cause) for cause in causes]
    emotions = [cause.emotion for cause in causes]
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts[:1000], emotions[:1000])
    chance = max(origin.shares.values()) / sum(origin.shares.values())
    assert chance < low < model.score(texts[1000:], emotions[1000:]) < high
