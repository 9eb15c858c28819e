"""Mirrors datamodules/sentences/overlap.py."""

import random
import time

import numpy as np
import pytest

from datamodules.sentences.overlap import joined, near_duplicate_groups, near_duplicates


def found(sentences: list[list[int]], pictures: list[int], most: float) -> list[bool]:
    tokens = np.array([word for sentence in sentences for word in sentence], np.int32)
    lengths = np.array([len(sentence) for sentence in sentences], np.int32)
    return near_duplicates(tokens, lengths, np.array(pictures, np.int32), most).tolist()


def slowly(sentences: list[list[int]], pictures: list[int], most: float) -> list[bool]:
    double: list[bool] = []
    for row, sentence in enumerate(sentences):
        earlier = [set(sentences[k]) for k in range(row) if pictures[k] == pictures[row] and not double[k]]
        mine = set(sentence)
        double.append(any(len(mine & other) / len(mine | other) >= most for other in earlier))
    return double


def test_four_of_five_words_are_enough_and_three_of_five_are_not() -> None:
    first, four, three = [1, 2, 3, 4, 5], [4, 3, 2, 1], [1, 2, 3, 3, 3]
    assert found([first, four, three], [0, 0, 0], 0.8) == [False, True, False]
    assert found([first, four], [0, 1], 0.8) == [False, False]  # of other pictures


def test_only_kept_sentences_count_as_earlier_ones() -> None:
    chain = [[1, 2, 3, 4, 5], [1, 2, 3, 4], [1, 2, 3]]  # 4/5; 3/4 of the second, 3/5 of the first
    assert found(chain, [0, 0, 0], 0.7) == [False, True, False]


def test_above_one_everything_stays_and_at_one_only_equal_sets_go() -> None:
    same = [[1, 2, 2], [2, 1], [1, 2, 3]]
    assert found(same, [0, 0, 0], 1.01) == [False] * 3
    assert found(same, [0, 0, 0], 1.0) == [False, True, False]
    assert found([], [], 0.8) == []


@pytest.mark.parametrize("most", [0.1, 0.25, 0.5, 0.6, 0.8, 1.0])
def test_random_sentences_are_judged_as_by_the_slow_loop(most: float) -> None:
    draws = np.random.default_rng(0)
    sentences = [draws.integers(0, 9, draws.integers(1, 8)).tolist() for _ in range(300)]
    pictures = draws.integers(0, 40, 300).tolist()
    expected = slowly(sentences, pictures, most)
    assert found(sentences, pictures, most) == expected
    assert 0 < sum(expected) < 300


@pytest.mark.parametrize("seed", range(60))
def test_sentences_of_few_pictures_are_judged_as_by_the_slow_loop(seed: int) -> None:
    draws = random.Random(seed)
    words, most = draws.choice([3, 6, 15, 40]), draws.choice([0.01, 0.2, 1 / 3, 2 / 3, 0.7, 0.75, 0.8, 0.9, 1.0, 1.01])
    sentences = [[draws.randrange(words) for _ in range(draws.randrange(1, 14))] for _ in range(draws.randrange(90))]
    pictures = [draws.randrange(2) for _ in sentences]
    assert found(sentences, pictures, most) == slowly(sentences, pictures, most)


def test_a_picture_of_very_many_sentences_takes_no_time_by_their_square() -> None:
    draws = np.random.default_rng(0)
    edges = np.cumsum(1 / np.arange(1, 20_001))
    sentences = [np.searchsorted(edges, draws.random(10) * edges[-1]).tolist() for _ in range(12_000)]
    begun = time.process_time()
    assert sum(found(sentences, [0] * 12_000, 0.8)) < 100
    assert time.process_time() - begun < 3  # 0.1 s; each with each took 20


def grouped(sentences: list[list[int]], most: float) -> list[int]:
    tokens = np.array([word for sentence in sentences for word in sentence], np.int32)
    lengths = np.array([len(sentence) for sentence in sentences], np.int32)
    return near_duplicate_groups(tokens, lengths, most).tolist()


def grouped_slowly(sentences: list[list[int]], most: float) -> list[int]:
    first = list(range(len(sentences)))
    for row in range(len(sentences)):
        for other in range(row):
            mine, theirs = set(sentences[row]), set(sentences[other])
            if mine and len(mine & theirs) / len(mine | theirs) >= most:
                one, two = first[row], first[other]
                first = [min(one, two) if found in (one, two) else found for found in first]
    return first


def test_a_group_holds_what_a_chain_of_near_duplicates_joins() -> None:
    chain = [[1, 2, 3, 4, 5], [9], [1, 2, 3], [1, 2, 3, 4], [9, 9], []]
    assert grouped(chain, 0.7) == [0, 1, 0, 0, 1, 5]  # 3/5 is too little, by way of 3/4 and 4/5
    assert grouped(chain, 1.0) == [0, 1, 2, 3, 1, 5]
    assert grouped(chain, 1.01) == [0, 1, 2, 3, 4, 5]
    assert grouped([], 0.9) == []


@pytest.mark.parametrize("seed", range(80))
def test_groups_are_those_of_the_slow_loop(seed: int) -> None:
    draws = random.Random(seed)
    words, most = draws.choice([3, 6, 15, 20]), draws.choice([0.2, 1 / 3, 2 / 3, 0.7, 0.75, 0.8, 0.9, 1.0])
    template = [draws.randrange(words) for _ in range(draws.randrange(1, 20))]
    sentences = [
        [draws.randrange(words) if draws.random() < 0.1 else word for word in template]
        if draws.random() < 0.5
        else [draws.randrange(words) for _ in range(draws.randrange(14))]
        for _ in range(draws.randrange(80))
    ]
    assert grouped(sentences, most) == grouped_slowly(sentences, most)


def test_many_sentences_of_one_template_take_no_time_by_their_square() -> None:
    sentences = [[*range(7), 100 + number, *range(8, 20)] for number in range(12_000)]  # 19 of 21 words shared
    begun = time.process_time()
    assert grouped(sentences, 0.9) == [0] * 12_000
    assert grouped(sentences, 0.95) == list(range(12_000))
    assert time.process_time() - begun < 6  # 1.5 s; each with each took 100


def test_joined_gives_the_first_of_each_group() -> None:
    assert joined(np.array([[4, 2], [3, 4], [0, 0]]), 6).tolist() == [0, 1, 2, 2, 2, 5]
    assert joined(np.zeros((0, 2), np.int64), 2).tolist() == [0, 1]
