"""Mirrors datamodules/triplets/captions.py."""

from collections import Counter
from collections.abc import Callable

import pytest

from datamodules.sentences import Corpus
from datamodules.triplets import caption_triplets
from datamodules.triplets.stems import stemmed

Captions = list[tuple[int, str]]
PINS = [
    (0, "a dog runs over the wet grass"),
    (1, "two 22 cakes on <unk> table"),
    (0, "brown puppies running outside"),
    (-1, "nothing shows this wonderful sentence"),
    (1, "chocolate dessert with cherries"),
    (2, "lonely lighthouse"),
    (3, "skiers climb a mountain"),
    (3, "people in snow"),
]


def pictures_of(phrase: str) -> dict[int, list[str]]:
    """The pictures, and their captions, in which a phrase's words stand side by side."""
    found: dict[int, list[str]] = {}
    for picture, text in PINS:
        if f" {phrase} " in f" {text} ":
            found.setdefault(picture, []).append(text)
    return found


@pytest.mark.parametrize("seed", range(8))
def test_base_and_positive_are_of_two_captions_of_a_picture_and_the_negative_of_another(
    corpus: Callable[[Captions], Corpus], seed: int
) -> None:
    rows = list(caption_triplets(corpus(PINS), "test", 100, seed, rounds=2).rows())
    assert len(rows) == 6, "two of each of the three pictures with two captions"
    for row in rows:
        base, positive, negative = map(pictures_of, row)
        (picture,) = base
        assert set(positive) == {picture}
        assert base[picture] != positive[picture]
        assert set(negative) & {picture, -1} == set()
        assert all(len(phrase.split()) in (1, 2) for phrase in row)
        stems = Counter(stem for phrase in row for stem in set(stemmed(phrase.split())))
        assert set(stems.values()) == {1}
    words = {word for row in rows for phrase in row for word in phrase.split()}
    assert words & {"a", "the", "on", "with", "in", "two", "22", "<unk>", "over"} == set()


def test_every_picture_has_its_first_triplet_before_any_has_its_second(corpus: Callable[[Captions], Corpus]) -> None:
    rows = list(caption_triplets(corpus(PINS), "test", 4, seed=0).rows())
    of = [next(iter(pictures_of(base))) for base, _, _ in rows]
    assert sorted(of[:3]) == [0, 1, 3]
    assert len(of) == 4
    assert list(caption_triplets(corpus(PINS), "test", 2, seed=0).rows()) == rows[:2]


def test_the_seed_decides_and_own_stop_words_may_be_given(corpus: Callable[[Captions], Corpus]) -> None:
    first, again, other = (list(caption_triplets(corpus(PINS), "test", 6, seed).rows()) for seed in (0, 0, 1))
    assert first == again != other
    stop = {word for _, text in PINS for word in text.split()} - {"dog", "puppies", "snow"}
    rows = list(caption_triplets(corpus(PINS), "test", 6, 0, stop).rows())
    assert set(rows) <= {("dog", "puppies", "snow"), ("puppies", "dog", "snow")}


def test_a_part_that_gives_no_triplet_or_is_not_there_is_named(corpus: Callable[[Captions], Corpus]) -> None:
    for captions in (PINS[:3:2], PINS[3:6:2], [(0, "the dog"), (0, "a dogs"), (1, "snow")]):
        with pytest.raises(ValueError, match="no triplet comes out of part 'test'"):
            caption_triplets(corpus(captions), "test", 5, 0)
    with pytest.raises(ValueError, match="no part 'train'; there are test"):
        caption_triplets(corpus(PINS), "train", 5, 0)
    with pytest.raises(ValueError, match="count: 0"):
        caption_triplets(corpus(PINS), "test", 0, 0)
    with pytest.raises(ValueError, match="seed: -1"):
        caption_triplets(corpus(PINS), "test", 5, -1)


def test_contractions_are_no_content(corpus: Callable[[Captions], Corpus]) -> None:
    captions = [(0, "dont dog"), (0, "youre puppies"), (1, "didnt snow"), (1, "snow")]
    rows = list(caption_triplets(corpus(captions), "test", 5, 0).rows())
    assert {phrase for row in rows for phrase in row} == {"dog", "puppies", "snow"}
