"""Mirrors encoders/vocabulary.py."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from encoders.vocabulary import JUDGED, SPREAD, Vocabulary, read_counts, read_word_vectors, words_of, write_vocabulary

LEARNED = ["snow snow dog", "a dog in snow", "rare"]
OTHERS = ["snow owl", "bear owl fog fog fog"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hi @USER, look: HTTPURL !!", ["hi", "<user>", ",", "look", ":", "<url>", "!!"]),
        ('.@USER said "(@USER" :HTTPURL', [".", "<user>", "said", '"(', "<user>", '"', ":", "<url>"]),
        ("@username httpurls @user_1", ["@", "username", "httpurls", "@", "user_1"]),
        ("#Happy!#NewYear #1 # ##", ["happy", "!#", "newyear", "1", "#", "#"]),
        ("It’s rock'n'roll, 'quoted'", ["it's", "rock'n'roll", ",", "'", "quoted", "'"]),
        ("ÉCOLE ... a_b 😂 \u3000 日本", ["école", "...", "a_b", "😂", "日本"]),
        (" \n ", []),
    ],
)
def test_words_of_tweets(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def vector_file(path: Path, lines: list[str | bytes]) -> Path:
    path.write_bytes(b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines))
    return path


def numbered(count: int) -> list[str]:
    return [f"w{number} {number} -{number}.5" for number in range(count)]


@pytest.mark.parametrize("header", [[], ["200 2"]], ids=["GloVe", "word2vec"])
def test_only_wanted_words_are_read(tmp_path: Path, header: list[str]) -> None:
    path = vector_file(tmp_path / "vectors.txt", [*header, *numbered(200), "é 1e-3 2 ", "w7 0 0"])
    read = read_word_vectors(path, ["w7", "é", "nowhere"], 2)
    assert {word: vector.tolist() for word, vector in read.vectors.items()} == {
        "w7": [7.0, -7.5],  # of several lines the first
        "é": [np.float32(1e-3), 2.0],
    }
    assert {vector.dtype for vector in read.vectors.values()} == {np.dtype(np.float32)}
    assert read.broken == []


def test_a_few_broken_lines_are_counted_and_their_words_have_no_vector(tmp_path: Path) -> None:
    wrong = ["short 1", "word 1 two", "wild nan 1", "huge inf 1", "name one 1 2", b"\xff\xfe 1 2", "other 1 two"]
    path = vector_file(tmp_path / "vectors.txt", [*numbered(900), *wrong])
    read = read_word_vectors(path, ["short", "word", "wild", "huge", "name", "w3"], 2)
    assert list(read.vectors) == ["w3"]
    assert read.broken == [901, 902, 903, 904, 905]  # numbers of words that nobody wants are not parsed


def test_too_many_broken_lines_are_an_error_with_their_numbers(tmp_path: Path) -> None:
    path = vector_file(tmp_path / "vectors.txt", [*numbered(300), "x 1", "y 1 2 3", "w1 nan 0", "z"])
    with pytest.raises(ValueError, match=r"vectors\.txt: 4 of 304 lines .* 2 numbers: lines 301, 302, 303, 304"):
        read_word_vectors(path, ["w1"], 2)


def test_another_width_is_an_error_that_says_which_d_fits(tmp_path: Path) -> None:
    path = vector_file(tmp_path / "vectors.txt", numbered(10))
    with pytest.raises(ValueError, match=r"vectors\.txt: 2 numbers a word, not d = 200; use --protocol\.words\.size=2"):
        read_word_vectors(path, ["w1"], 200)


@pytest.mark.parametrize("first", ["w 1 2 3", "w", ""])
def test_a_broken_first_line_is_one_more_broken_line(tmp_path: Path, first: str) -> None:
    path = vector_file(tmp_path / "vectors.txt", [first, *numbered(200)])
    read = read_word_vectors(path, ["w1"], 2)
    assert (list(read.vectors), read.broken) == (["w1"], [1])
    with pytest.raises(ValueError, match=r"vectors\.txt: 2 numbers a word, not d = 3; use --protocol\.words\.size=2"):
        read_word_vectors(path, ["w1"], 3)


def test_the_width_is_that_of_most_of_the_first_lines_or_what_a_header_says(tmp_path: Path) -> None:
    wide = [f"x{number} 1 2 3" for number in range(JUDGED)]
    path = vector_file(tmp_path / "vectors.txt", [*wide[:-1], *numbered(20_000)])
    with pytest.raises(ValueError, match=r"3 numbers a word, not d = 2"):
        read_word_vectors(path, ["w1"], 2)
    path = vector_file(tmp_path / "vectors.txt", [*wide, "20000 2"])
    with pytest.raises(ValueError, match=r"3 numbers a word, not d = 2"):
        read_word_vectors(path, ["w1"], 2)
    path = vector_file(tmp_path / "vectors.txt", ["20000 2", *wide, *numbered(20_000)])
    assert len(read_word_vectors(path, ["w1"], 2).broken) == JUDGED
    with pytest.raises(ValueError, match=r"2 numbers a word, not d = 3"):
        read_word_vectors(path, ["w1"], 3)


@pytest.mark.parametrize("lines", [[], ["200 2"]], ids=["nothing", "word2vec's header"])
def test_a_file_without_any_vector_is_broken_or_empty(tmp_path: Path, lines: list[str]) -> None:
    path = vector_file(tmp_path / "vectors.txt", lines)
    if lines:
        assert read_word_vectors(path, ["w1"], 2) == ({}, [])
    else:
        with pytest.raises(ValueError, match=r"vectors\.txt: empty"):
            read_word_vectors(path, ["w1"], 2)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.txt.*nlp\.stanford\.edu"):
        read_word_vectors(tmp_path / "gone.txt", ["w1"], 2)


def test_words_are_those_of_training_texts_and_others_only_with_a_vector(tmp_path: Path) -> None:
    path = vector_file(tmp_path / "vectors.txt", ["owl 1 2", "snow 3 4", "rare 5 6", "bear 7 8", "unseen 9 9"])
    facts = write_vocabulary(tmp_path, LEARNED, OTHERS, 2, path, min_count=2)
    table = pq.read_table(tmp_path / "words.parquet").to_pylist()
    assert [(row["word"], row["count"], row["has_vector"]) for row in table] == [
        ("snow", 3, True),
        ("dog", 2, False),
        ("rare", 1, True),  # less often than min_count, but with a vector
        ("owl", 0, True),  # of the other texts, by their counts there
        ("bear", 0, True),
    ]
    vectors = Vocabulary(tmp_path).vectors()
    assert vectors[[1, 3, 4, 5]].tolist() == [[3, 4], [5, 6], [1, 2], [7, 8]]
    assert facts == json.loads((tmp_path / "vocabulary.json").read_text())
    assert facts == {
        "size": 2,
        "words": 5,
        "with_vector": 4,
        "training": {"occurrences": 8, "left_out": 2},  # "a", "in"
        "not_in_training": {"occurrences": 6, "left_out": 3},  # "fog"
        "broken_lines": 0,
    }


def test_words_without_a_vector_start_small_at_random(tmp_path: Path) -> None:
    texts = [" ".join(f"w{number}" for number in range(500))]
    facts = write_vocabulary(tmp_path, texts, OTHERS, 8)
    vectors = Vocabulary(tmp_path).vectors()
    assert (facts["words"], facts["with_vector"], vectors.shape, vectors.dtype) == (500, 0, (501, 8), np.float32)
    assert not vectors[0].any()
    assert np.abs(vectors[1:]).max() <= SPREAD
    assert np.abs(vectors[1:]).mean() == pytest.approx(SPREAD / 2, rel=0.05)  # of a uniform draw
    assert len(np.unique(vectors[1:], axis=0)) == 500


def test_a_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        write_vocabulary(tmp_path / name, LEARNED, OTHERS, 4, seed=seed)
    files = {name: [path.read_bytes() for path in sorted((tmp_path / name).iterdir())] for name in ("one", "again")}
    assert files["one"] == files["again"]
    assert len(files["one"]) == 3
    assert not np.array_equal(Vocabulary(tmp_path / "one").vectors(), Vocabulary(tmp_path / "other").vectors())


def test_unknown_words_are_left_out_of_a_text(tmp_path: Path) -> None:
    write_vocabulary(tmp_path, ["snow snow dog"], [], 2)
    vocabulary = Vocabulary(tmp_path)
    assert vocabulary(["Dog, in the #snow dog", "nothing known", ""]) == [[2, 1, 2], [], []]
    assert (len(vocabulary), vocabulary.words, vocabulary.padding) == (3, ["snow", "dog"], 0)
    assert len(vocabulary.vectors()) == len(vocabulary)


def test_texts_without_any_word_make_a_table_of_padding_alone(tmp_path: Path) -> None:
    write_vocabulary(tmp_path, ["", " "], [], 3)
    assert Vocabulary(tmp_path).vectors().tolist() == [[0, 0, 0]]
    assert Vocabulary(tmp_path)(["snow"]) == [[]]


def test_a_missing_vocabulary_names_its_stage(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"words\.parquet: no vocabulary; .* `words`, or `sentences` for Pins"):
        Vocabulary(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"words\.parquet: no vocabulary"):
        read_counts(tmp_path)


def test_counts_are_those_of_the_words_and_may_be_written_to(tmp_path: Path) -> None:
    write_vocabulary(tmp_path, LEARNED, [], 2)
    counts = read_counts(tmp_path)
    said = [word for text in LEARNED for word in words_of(text)]
    assert counts.tolist() == [said.count(word) for word in Vocabulary(tmp_path).words]
    assert counts.dtype == np.int64
    assert counts.flags.writeable, "torch warns of tensors that share read-only memory"
