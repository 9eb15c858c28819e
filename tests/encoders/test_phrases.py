"""Mirrors encoders/phrases.py: triplets against scipy's cosine distance, one by one."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cosine

from encoders import phrases
from encoders.embeddings import Embeddings
from encoders.phrases import PhraseVectors, numbered

WORDS = ["cake", "ideas", "red", "shoe", "nothing"]
VECTORS = np.array([[1, 0, 0], [0, 2, 0], [1, 1, 1], [-1, 0, 3], [0, 0, 0]], np.float32)


@pytest.fixture
def known() -> Embeddings:
    return Embeddings(WORDS, VECTORS)


def lower(texts: Sequence[str]) -> list[str]:
    return [text.lower() for text in texts]


def columns(*triplets: tuple[str, str, str]) -> list[pa.ChunkedArray]:
    """Base, positive, negative, in two chunks each."""
    half = len(triplets) // 2
    parts = [list(zip(*part, strict=True)) for part in (triplets[:half], triplets[half:]) if part]
    return [pa.chunked_array([list(part[place]) for part in parts], pa.string()) for place in range(3)]


def judged(known: Embeddings, *triplets: tuple[str, str, str]) -> tuple[list[bool], list[bool]]:
    """Right and covered."""
    names, found = numbered(columns(*triplets))
    vectors = PhraseVectors(known, names, lower)
    return vectors.triplets_right(*found).tolist(), vectors.covered(*found).tolist()


# numbers
def test_each_distinct_phrase_has_one_number_across_columns_and_chunks() -> None:
    triplets = [("a", "b", "c"), ("b", "a", "d"), ("a", "a", "e f")]
    names, found = numbered(columns(*triplets))
    assert sorted(names) == ["a", "b", "c", "d", "e f"]
    assert [tuple(names[number] for number in row) for row in zip(*found, strict=True)] == triplets


def test_columns_without_triplets_have_no_phrases(known: Embeddings) -> None:
    empty = pa.chunked_array([], pa.string())
    names, found = numbered([empty] * 3)
    vectors = PhraseVectors(known, names, lower)
    assert len(vectors) == 0
    assert vectors.triplets_right(*found).shape == (0,)


# vectors
def test_a_phrase_is_known_by_one_word_and_its_words_are_counted(known: Embeddings) -> None:
    vectors = PhraseVectors(known, ["cake ideas", "Red unknown shoe", "cake cake ideas", "unknown", "", "red"], lower)
    assert vectors.known.tolist() == [True, True, True, False, False, True]
    assert (vectors.known_words, vectors.all_words) == (8, 10)


def test_a_phrase_is_the_mean_of_its_known_words_each_as_often_as_it_occurs(known: Embeddings) -> None:
    """(1, 2, 0), (2, 2, 0) and (0, 1, 4) point where the means do: cosines with cake 0.45, 0.71, 0; with ideas 0.89."""
    triplets = [("cake", "cake cake ideas", "cake ideas"), ("cake", "cake ideas", "Red unknown shoe")]
    triplets += [("ideas", "cake ideas", "cake cake ideas"), ("cake", "unknown cake", "red")]
    swapped = [(base, negative, positive) for base, positive, negative in triplets]
    assert judged(known, *triplets)[0] == [True] * 4
    assert judged(known, *swapped)[0] == [False] * 4


def test_words_in_another_order_are_the_same_vector_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrases, "EQUAL", 0)
    many = Embeddings([f"w{number}" for number in range(30)], np.random.default_rng(0).normal(size=(30, 7)))
    names = [" ".join(many.words), " ".join(reversed(many.words))]
    triplets = [(word, *pair) for word in many.words for pair in (names, names[::-1])]
    assert judged(many, *triplets)[0] == [False] * 60


# triplets
def test_right_is_where_the_positive_is_nearer_by_hand(known: Embeddings) -> None:
    """cos(cake, red) = 1 / sqrt(3), cos(cake, shoe) = -1 / sqrt(10), cos(cake, ideas) = 0."""
    right, covered = judged(known, ("cake", "red", "ideas"), ("cake", "shoe", "ideas"), ("cake", "ideas", "shoe"))
    assert right == [True, False, True]
    assert covered == [True] * 3


def test_a_tie_is_wrong_whatever_the_rounding(known: Embeddings) -> None:
    ties = [
        ("cake", "red", "red"),
        ("red", "red shoe", "shoe red"),
        ("red", "cake", "ideas"),  # other vectors, 1 / sqrt(3) both
        ("red", "shoe", "shoe shoe shoe"),
        ("red", "shoe shoe shoe", "shoe"),
    ]
    assert judged(known, *ties)[0] == [False] * 5


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_phrase_without_known_words_is_wrong_and_not_covered(place: int, known: Embeddings) -> None:
    phrases_of = ["cake", "red", "shoe"]
    assert judged(known, tuple(phrases_of)) == ([True], [True])
    phrases_of[place] = "unknown words"
    assert judged(known, tuple(phrases_of)) == ([False], [False])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_known_word_of_length_zero_is_wrong_and_covered(place: int, known: Embeddings) -> None:
    phrases_of = ["cake", "red", "shoe"]
    phrases_of[place] = "nothing"
    assert judged(known, tuple(phrases_of)) == ([False], [True])


phrase = st.lists(st.sampled_from([*WORDS, "unknown"]), min_size=1, max_size=4).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(triplets=st.lists(st.tuples(phrase, phrase, phrase), min_size=1, max_size=8))
def test_every_triplet_is_judged_as_scipys_distances_judge_it(triplets: list[tuple[str, str, str]]) -> None:
    known = dict(zip(WORDS, VECTORS.astype(float), strict=True))

    def right(names: tuple[str, str, str]) -> bool:
        vectors = [[known[word] for word in name.split() if word in known] for name in names]
        means = [np.mean(each, axis=0) if each else np.zeros(3) for each in vectors]
        if not all(mean.any() for mean in means):
            return False
        return bool(cosine(means[0], means[1]) < cosine(means[0], means[2]) - 1e-6)

    assert judged(Embeddings(WORDS, VECTORS), *triplets)[0] == [right(names) for names in triplets]


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    many = Embeddings([f"w{number}" for number in range(50)], random.normal(size=(50, 8)))
    names = [" ".join(f"w{word}" for word in row) for row in random.integers(0, 60, (90, 3))]
    found = random.integers(0, 90, (3, 200))
    whole = PhraseVectors(many, names, lower)
    right = whole.triplets_right(*found)
    for name in ("BLOCK", "CLEANED"):
        monkeypatch.setattr(phrases, name, 7)
    cut = PhraseVectors(many, names, lower)
    np.testing.assert_array_equal(cut.triplets_right(*found), right)
    assert 0.3 < right.mean() < 0.7
