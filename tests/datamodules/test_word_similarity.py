"""Mirrors datamodules/word_similarity.py."""

from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from scipy.stats import bootstrap, spearmanr

from datamodules.word_similarity import FEWEST, KINDS, Pair, kind_of, read_sets, spearman, triplets_of
from encoders.embeddings import Embeddings

PAIRS = [("sun", "light", 9.0), ("sun", "moon", 7.0), ("sun", "cow", 1.0), ("moon", "cow", 0.5), ("sun", "sun", 10.0)]
SETS = {"set": [Pair(*pair) for pair in PAIRS]}


@pytest.fixture
def known() -> Embeddings:
    return Embeddings([f"w{number}" for number in range(40)], np.random.default_rng(0).normal(size=(40, 5)))


@pytest.fixture
def pairs(known: Embeddings) -> list[Pair]:
    """60 pairs whose scores follow the cosines, with noise."""
    random = np.random.default_rng(1)
    unit = known.vectors / known.norms[:, None]
    rows = random.integers(0, 40, (60, 2))
    noise = random.normal(0, 0.4, 60)
    return [Pair(f"w{a}", f"W{b}", float(unit[a] @ unit[b] + more)) for (a, b), more in zip(rows, noise, strict=True)]


# files
def test_sets_are_named_without_their_beginning_and_may_end_lines_either_way(tmp_path: Path) -> None:
    (tmp_path / "EN-B.txt").write_bytes(b"Sun\tmoon\t7\r\ncow\tmilk\t0.5\r\n")
    (tmp_path / "EN-A.txt").write_bytes(b"a\tb\t1")
    (tmp_path / "SOURCE.txt").write_text("from somewhere")
    assert read_sets(tmp_path) == {"A": [Pair("a", "b", 1)], "B": [Pair("Sun", "moon", 7), Pair("cow", "milk", 0.5)]}


def test_a_byte_order_mark_is_no_part_of_a_word(tmp_path: Path) -> None:
    (tmp_path / "EN-X.txt").write_bytes(b"\xef\xbb\xbfsun\tmoon\t7\n")
    assert read_sets(tmp_path) == {"X": [Pair("sun", "moon", 7)]}


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "EN-A.txt").write_bytes(b"sun\tmoon\t7\n")
    (tmp_path / "EN-B.txt").touch()
    with pytest.raises(ValueError, match=r"EN-B\.txt: empty; wanted: word, word, score"):
        read_sets(tmp_path)


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        (b"cow\tmilk", "not enough values"),
        (b"cow\tmilk\t1\t2", "too many values"),
        (b"cow\tmilk\tmuch", "could not convert string to float"),
        (b"cow\tmilk\tnan", "no finite number"),
        (b"cow\t \t1", "a word is empty"),
        (b"", "not enough values"),
        (b"c\xff\tmilk\t1", "utf-8"),
    ],
)
def test_a_malformed_line_is_named(line: bytes, cause: str, tmp_path: Path) -> None:
    (tmp_path / "EN-X.txt").write_bytes(b"sun\tmoon\t7\n" + line + b"\n")
    with pytest.raises(ValueError, match=rf"EN-X\.txt, line 2: .*{cause}.*; wanted: word, word, score"):
        read_sets(tmp_path)


def test_a_folder_without_sets_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=rf"{tmp_path}: no EN-\*\.txt"):
        read_sets(tmp_path)


def test_similar_and_related_pairs_are_told_apart_where_a_set_does() -> None:
    assert len(KINDS) == 13
    assert [kind_of(name) for name in ("WS-353-SIM", "WS-353-REL", "WS-353-ALL", "own")] == [
        "similar",
        "related",
        "mixed",
        "unknown",
    ]


# correlations
def test_rho_is_scipys_over_gensims_cosines(known: Embeddings, pairs: list[Pair]) -> None:
    theirs = KeyedVectors(5)
    theirs.add_vectors(known.words, known.vectors)
    wanted = spearmanr([theirs.similarity(a, b.lower()) for a, b, _ in pairs], [score for *_, score in pairs])
    found = spearman(known, pairs)
    assert found.rho == pytest.approx(wanted.statistic, abs=1e-9)
    assert (found.pairs, found.covered) == (60, 60)


def test_rho_without_ties_is_one_minus_the_squared_differences_of_ranks(known: Embeddings, pairs: list[Pair]) -> None:
    """1 - 6 sum D^2 / (n (n^2 - 1))."""
    once = list({frozenset((a, b.lower())): Pair(a, b, score) for a, b, score in pairs if a != b.lower()}.values())
    a, b = (known.vectors[known.rows(words)] for words in list(zip(*once, strict=True))[:2])
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    ranks = [np.argsort(np.argsort(each)) for each in (cosine, [pair.score for pair in once])]
    by_hand = 1 - 6 * ((ranks[0] - ranks[1]) ** 2).sum() / (len(once) * (len(once) ** 2 - 1))
    assert spearman(known, once).rho == pytest.approx(by_hand)


def test_the_interval_is_fishers_and_near_the_bootstraps(known: Embeddings, pairs: list[Pair]) -> None:
    found = spearman(known, pairs)
    assert found.rho is not None
    half = 1.959964 * ((1 + found.rho**2 / 2) / 57) ** 0.5
    assert found.low == pytest.approx(np.tanh(np.arctanh(found.rho) - half), abs=1e-6)
    assert found.high == pytest.approx(np.tanh(np.arctanh(found.rho) + half), abs=1e-6)
    unit = known.vectors / known.norms[:, None]
    cosine = [float(unit[known.rows([a])[0]] @ unit[known.rows([b])[0]]) for a, b, _ in pairs]
    drawn = bootstrap(
        (cosine, [pair.score for pair in pairs]),
        lambda x, y: spearmanr(x, y).statistic,
        paired=True, vectorized=False, n_resamples=500, method="percentile", rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    assert (found.low, found.high) == pytest.approx((drawn.low, drawn.high), abs=0.08)


def test_pairs_with_unknown_words_or_zero_vectors_are_not_covered(known: Embeddings, pairs: list[Pair]) -> None:
    zero = Embeddings([*known.words, "zero"], np.concatenate([known.vectors, np.zeros((1, 5))]))
    more = [*pairs, Pair("w1", "none", 5), Pair("none", "other", 5), Pair("w1", "zero", 5)]
    assert spearman(zero, more) == spearman(known, pairs)._replace(pairs=63)


def test_under_50_covered_pairs_are_too_few(known: Embeddings, pairs: list[Pair]) -> None:
    assert spearman(known, pairs[:FEWEST]).rho is not None
    assert spearman(known, [*pairs[: FEWEST - 1], Pair("none", "w1", 1)]) == (None, None, None, 50, 49)


def test_equal_cosines_have_no_rank_and_equal_orders_no_interval() -> None:
    same = Embeddings([f"w{number}" for number in range(60)], np.ones((60, 2)))
    scored = [Pair(f"w{number}", "w0", number) for number in range(60)]
    assert spearman(same, scored).rho is None
    turned = Embeddings(same.words, np.array([[np.cos(turn), np.sin(turn)] for turn in np.linspace(0, 1, 60)]))
    found = spearman(turned, scored)
    assert (found.rho, found.low, found.high) == pytest.approx((-1, -1, -1))


# triplets
def test_triplets_share_their_base_and_keep_the_margin() -> None:
    """Range 9.5, a fifth of it 1.9; no word is beside itself."""
    found = set(triplets_of(SETS).rows())
    always = {("sun", "moon", "cow"), ("moon", "sun", "cow")}
    assert found in (always | {("sun", "light", "moon")}, always | {("sun", "light", "cow")})


def test_a_larger_margin_leaves_only_pairs_far_apart() -> None:
    assert set(triplets_of(SETS, margin=0.8).rows()) == {("sun", "light", "cow")}


def test_the_seed_draws_the_less_similar_word() -> None:
    drawn = {tuple(triplets_of(SETS, seed).rows()) for seed in range(20)}
    assert len(drawn) == 2
    assert tuple(triplets_of(SETS, 3).rows()) == tuple(triplets_of(SETS, 3).rows())


def test_a_triplet_of_two_sets_is_there_once() -> None:
    assert triplets_of({"a": SETS["set"], "b": SETS["set"][:4]}, margin=0.8).size == 1


def test_equal_scores_make_no_triplets() -> None:
    assert triplets_of({"a": [Pair("a", "b", 1), Pair("a", "c", 1)]}).size == 0
