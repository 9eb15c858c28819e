"""Mirrors encoders/embeddings.py: what is written is read back, what is broken is named."""

import gzip
import struct
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.numpy import load_file, save_file

from encoders.embeddings import (
    WRITERS,
    Embeddings,
    read_embeddings,
    read_published,
    write_glove,
    write_tensors,
    write_word2vec,
)

LINES = "cat 1 0 0.5\nDog 0 1 0.25\nparis 0 0 -2\n"
HEADED = f"3 3\n{LINES}"


@pytest.fixture
def made() -> Embeddings:
    vectors = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    return Embeddings(["cat", "dog", "çay", "New_York", "<unk>"], vectors)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(content: str | bytes, name: str = "vectors.txt") -> Path:
        raw = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        return tmp_path / name

    return write


def same(found: Embeddings, wanted: Embeddings) -> None:
    assert found.words == wanted.words
    assert found.vectors.dtype == np.float32
    np.testing.assert_array_equal(found.vectors, wanted.vectors)


def binary(words: list[str], vectors: np.ndarray, end: bytes = b"\n") -> bytes:
    """word2vec's binary file, by its C program's description."""
    records = [
        word.encode() + b" " + struct.pack(f"<{len(row)}f", *row) + end
        for word, row in zip(words, vectors, strict=True)
    ]
    return f"{len(words)} {vectors.shape[1]}\n".encode() + b"".join(records)


# our folder
def test_a_saved_folder_is_read_back(made: Embeddings, tmp_path: Path) -> None:
    made.save(tmp_path / "new")
    same(Embeddings.load(tmp_path / "new"), made)
    same(read_embeddings(tmp_path / "new"), made)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["vectors.npy", "words.parquet"]


def test_a_folder_without_embeddings_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"words\.parquet: no embeddings here; give the folder"):
        Embeddings.load(tmp_path)


def test_words_and_vectors_that_do_not_belong_together_are_refused(made: Embeddings, tmp_path: Path) -> None:
    made.save(tmp_path)
    np.save(tmp_path / "vectors.npy", made.vectors[:-1])
    with pytest.raises(ValueError, match=rf"{tmp_path}: 5 words, but vectors of shape \(4, 3\); set the folder aside"):
        Embeddings.load(tmp_path)


@pytest.mark.parametrize("name", ["words.parquet", "vectors.npy"])
def test_a_cut_file_is_refused_by_the_name_of_its_folder(name: str, made: Embeddings, tmp_path: Path) -> None:
    made.save(tmp_path)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:40])
    with pytest.raises(ValueError, match=str(tmp_path)):
        Embeddings.load(tmp_path)


def test_pickled_vectors_are_not_read(made: Embeddings, tmp_path: Path) -> None:
    made.save(tmp_path)
    np.save(tmp_path / "vectors.npy", np.array([{}] * 5), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        Embeddings.load(tmp_path)


def test_a_word_twice_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="word 'b' occurs twice"):
        Embeddings(["a", "b", "c", "b"], np.zeros((4, 2)))


def test_infinite_numbers_are_refused_by_their_word() -> None:
    with pytest.raises(ValueError, match="'b' has infinite numbers"):
        Embeddings(["a", "b"], np.array([[0, 1], [np.nan, 0]]))


def test_vectors_are_kept_not_copied(made: Embeddings) -> None:
    assert np.shares_memory(Embeddings(made.words, made.vectors).vectors, made.vectors)


# rows
def test_words_are_looked_up_as_written_then_lower_cased_then_capitalised() -> None:
    known = Embeddings(["paris", "Paris", "dog", "Berlin", "NASA"], np.eye(5))
    asked = ["Paris", "paris", "PARIS", "DOG", "berlin", "NASA", "nasa", "none", ""]
    np.testing.assert_array_equal(known.rows(asked), [1, 0, 0, 2, 3, 4, -1, -1, -1])
    assert known.rows([]).dtype == np.int64


# nearest
def test_nearest_words_are_those_of_gensim(made: Embeddings) -> None:
    theirs = KeyedVectors(3)
    theirs.add_vectors(made.words, made.vectors)
    ours = made.nearest("dog", 3)
    wanted = theirs.most_similar("dog", topn=3)
    assert [word for word, _ in ours] == [word for word, _ in wanted]
    np.testing.assert_allclose([cosine for _, cosine in ours], [cosine for _, cosine in wanted], rtol=1e-5)


def test_there_are_no_more_neighbours_than_other_words(made: Embeddings) -> None:
    assert len(made.nearest("dog", 100)) == 4


def test_an_unknown_word_has_no_neighbours(made: Embeddings) -> None:
    with pytest.raises(ValueError, match="'horse' is not among the 5 words"):
        made.nearest("horse")


def test_a_word_without_length_is_near_to_none() -> None:
    known = Embeddings(["a", "b", "zero"], np.array([[1, 0], [2, 0], [0, 0]]))
    assert known.nearest("a") == [("b", 1.0), ("zero", 0.0)]


# written and read
@pytest.mark.parametrize(
    ("kind", "name"),
    [*product(["word2vec", "glove"], ["v.txt", "v.txt.gz"]), ("safetensors", "v.safetensors"), ("safetensors", "v")],
)
def test_what_is_written_is_read_back_to_the_last_bit(kind: str, name: str, made: Embeddings, tmp_path: Path) -> None:
    WRITERS[kind](made, tmp_path / name)
    same(read_published(tmp_path / name), made)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=arrays(np.float32, (3, 2), elements=st.floats(allow_nan=False, allow_infinity=False, width=32)))
def test_every_float32_survives_text(values: np.ndarray, tmp_path: Path) -> None:
    known = Embeddings(["a", "b", "c"], values)
    write_word2vec(known, tmp_path / "v.txt")
    same(read_published(tmp_path / "v.txt"), known)


def test_gensim_reads_our_texts(made: Embeddings, tmp_path: Path) -> None:
    write_word2vec(made, tmp_path / "word2vec.txt")
    write_glove(made, tmp_path / "glove.txt")
    for name, no_header in (("word2vec.txt", False), ("glove.txt", True)):
        theirs = KeyedVectors.load_word2vec_format(str(tmp_path / name), no_header=no_header)
        assert theirs.index_to_key == made.words
        np.testing.assert_array_equal(theirs.vectors, made.vectors)


def test_safetensors_reads_our_tensors(made: Embeddings, tmp_path: Path) -> None:
    write_tensors(made, tmp_path / "v.safetensors")
    np.testing.assert_array_equal(load_file(tmp_path / "v.safetensors")["vectors"], made.vectors)


@pytest.mark.parametrize("word", ["ice cream", "a\nb", ""])
def test_a_word_that_no_line_can_hold_is_refused_and_nothing_is_left(word: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="can't stand in a text file; write safetensors"):
        write_glove(Embeddings([word], np.ones((1, 2))), tmp_path / "v.txt")
    assert list(tmp_path.iterdir()) == []
    write_tensors(Embeddings([word], np.ones((1, 2))), tmp_path / "v.safetensors")
    assert read_published(tmp_path / "v.safetensors").words == [word]


# published files
@pytest.mark.parametrize("content", [HEADED, LINES], ids=["word2vec", "glove"])
@pytest.mark.parametrize("name", ["a.txt", "b.txt.gz", "c.bin"])
def test_texts_with_and_without_header_are_told_apart_by_content(
    content: str, name: str, written: Callable[..., Path]
) -> None:
    found = read_published(written(content, name))
    same(found, Embeddings(["cat", "Dog", "paris"], np.array([[1, 0, 0.5], [0, 1, 0.25], [0, 0, -2]])))
    assert found.repeated == 0


@pytest.mark.parametrize("end", [b"\n", b""], ids=["line ends", "none"])
@pytest.mark.parametrize("name", ["v.bin", "v.bin.gz", "v.txt"])
def test_binary_files_are_read_with_and_without_line_ends(
    name: str, end: bytes, made: Embeddings, written: Callable[..., Path]
) -> None:
    same(read_published(written(binary(made.words, made.vectors, end), name)), made)


def test_gensims_own_binary_file_is_read(made: Embeddings, tmp_path: Path) -> None:
    theirs = KeyedVectors(3)
    theirs.add_vectors(made.words, made.vectors)
    theirs.save_word2vec_format(str(tmp_path / "v.bin"), binary=True)
    same(read_published(tmp_path / "v.bin"), made)


def test_a_long_binary_file_is_read_across_its_pieces(written: Callable[..., Path]) -> None:
    vectors = np.random.default_rng(1).normal(size=(3000, 150)).astype(np.float32)  # 1.8 MB
    known = Embeddings([f"word{number}" for number in range(3000)], vectors)
    same(read_published(written(binary(known.words, known.vectors))), known)


def test_of_repeated_words_the_first_stays_and_the_others_are_counted(written: Callable[..., Path]) -> None:
    text = read_published(written("4 2\na 1 2\nb 3 4\na 5 6\na 7 8\n"))
    raw = binary(["a", "b", "a", "a"], np.array([[1, 2], [3, 4], [5, 6], [7, 8]]))
    for found in (text, read_published(written(raw, "v.bin"))):
        same(found, Embeddings(["a", "b"], np.array([[1, 2], [3, 4]])))
        assert found.repeated == 2


BROKEN = {
    "empty": ("", "empty"),
    "fewer lines than the header says": (f"4 3\n{LINES}", "header says 4 words of 3 numbers, there are 3"),
    "more lines than the header says": (f"2 3\n{LINES}", "header says 2 words of 3 numbers, there are 3"),
    "another width than the header says": (f"3 4\n{LINES}", "line 2 has 3 numbers, not 4"),
    "a line of another width": (f"{LINES}cow 1 2\n", "line 4 has 2 numbers, not 3"),
    "a line of one number": (f"{LINES}cow 1\n", "line 4 has 1 numbers, not 3"),
    "a word that is no number": ("cat 1 2\ndog 3 x\n", "line 2: 'x' in the vector of 'dog' is no number"),
    "a word that is no number, below a header": ("2 2\ncat 1 2\ndog x.2 3\n", "line 3: 'x.2' in the vector of 'dog'"),
    "a byte order mark": (f"\ufeff{HEADED}", "a text with a byte order mark; take its first 3 bytes"),
    "an infinite number": ("cat 1 2\ndog 3 nan\n", "'dog' has infinite numbers"),
    "no words": ("0 100\n", "its header says 0 words of 100 numbers"),
    "prose": ("It was the best of times\n", "no word2vec header and no word with numbers"),
    "a word alone": ("cat\n", "no word2vec header and no word with numbers"),
    "a pickle": (b"\x80\x04\x95", "no pickle is read; write it again"),
    "a zip archive": (b"PK\x03\x04rest", "unpack it first"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_named_with_its_fault_and_what_is_known(what: str, written: Callable[..., Path]) -> None:
    content, cause = BROKEN[what]
    path = written(content)
    with pytest.raises(ValueError, match="; known are word2vec") as error:
        read_published(path)
    assert str(path) in str(error.value)
    assert cause in str(error.value)


def test_a_wrong_number_is_found_far_down_a_packed_file(written: Callable[..., Path]) -> None:
    lines = [f"w{number} {number} 0.5\n" for number in range(6000)]
    lines[5000] = "bad 1 x.2\n"
    with pytest.raises(ValueError, match=r"v\.txt\.gz: line 5,001: 'x\.2' in the vector of 'bad' is no number"):
        read_published(written("".join(lines), "v.txt.gz"))


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        (b"6 3", "header says 6 words of 3 numbers, there are 5"),
        (b"4 3", "header says 4 words of 3 numbers, there are 5"),
        (b"5 4", "ends within its word number|header says"),
        (b"999999999999 3", "header says 999,999,999,999 words"),
    ],
)
def test_a_binary_files_header_must_be_true(
    header: bytes, cause: str, made: Embeddings, written: Callable[..., Path]
) -> None:
    content = binary(made.words, made.vectors).replace(b"5 3", header, 1)
    with pytest.raises(ValueError, match=cause):
        read_published(written(content, "v.bin"))


def test_a_cut_binary_file_is_refused(made: Embeddings, written: Callable[..., Path]) -> None:
    with pytest.raises(ValueError, match="ends within its word number 5"):
        read_published(written(binary(made.words, made.vectors)[:-3], "v.bin"))


def test_a_cut_archive_and_a_false_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(LINES.encode())[:-10])
    (tmp_path / "false.gz").write_text(LINES)
    for name in ("cut.gz", "false.gz"):
        with pytest.raises(ValueError, match=name):
            read_published(tmp_path / name)


def test_other_tensors_are_refused_by_name(tmp_path: Path) -> None:
    save_file({"weight": np.zeros((2, 2), np.float32)}, tmp_path / "v.safetensors")
    with pytest.raises(ValueError, match="no tensors `vectors` and `words`, but weight"):
        read_published(tmp_path / "v.safetensors")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.bin: no such file"):
        read_published(tmp_path / "none.bin")
