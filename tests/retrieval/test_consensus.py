"""Mirrors retrieval/consensus.py."""

import numpy as np
import pytest

from retrieval.consensus import clean_comments, consensus


def cosine(one: np.ndarray, two: np.ndarray) -> float:
    return float(one @ two / np.linalg.norm(one) / np.linalg.norm(two))


def test_consensus_is_equation_5_pair_by_pair() -> None:
    vectors = np.random.default_rng(0).normal(size=(17, 5)) + 0.2
    sizes = [6, 0, 1, 10]
    ranked = consensus(vectors, sizes, top_n=4)
    for (order, scores), start, size in zip(ranked, [0, 6, 6, 7], sizes, strict=True):
        pool = vectors[start : start + size]
        wanted = [sum(cosine(one, two) for two in pool) / size for one in pool]
        best = sorted(range(size), key=lambda at: -wanted[at])[:4]
        assert order.tolist() == best
        np.testing.assert_allclose(scores, [wanted[at] for at in best], atol=1e-6)


def test_equal_comments_keep_their_order_and_a_zero_vector_comes_last() -> None:
    vectors = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])
    order, scores = consensus(vectors, [3], top_n=3)[0]
    assert order.tolist() == [1, 2, 0]
    np.testing.assert_allclose(scores, [2 / 3, 2 / 3, 0], atol=1e-6)


def test_pools_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="pools of 3 comments for 4 vectors"):
        consensus(np.ones((4, 2)), [1, 2])


def test_short_and_repeated_comments_go_and_the_first_stays() -> None:
    comments = ["Thank you", "What a  lovely owl", "what a lovely OWL", "thank you !", "", "snow again today"]
    assert clean_comments(comments) == ["What a  lovely owl", "thank you !", "snow again today"]
    assert clean_comments(comments, min_words=1)[0] == "Thank you"


def test_comments_with_a_giveaway_word_go() -> None:
    comments = ["such Sarcasm, well done", "not sarcastic at all", "so much irony"]
    assert clean_comments(comments, giveaway_words={"sarcasm", "Irony"}) == ["not sarcastic at all"]
