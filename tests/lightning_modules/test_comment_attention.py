"""Mirrors lightning_modules/comment_attention.py."""

import pytest
import torch
from torch import Tensor, nn

from lightning_modules import AdditiveScore, BilinearScore, CommentAttention, FeedForwardScore

SCORES = [FeedForwardScore, BilinearScore, AdditiveScore]
WEIGHT = torch.tensor([[1.0, 3.0, 0.0, 2.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def pair_score(score: nn.Module, query: Tensor, comment: Tensor) -> Tensor:
    """One pair by the formula, from the layers' weights."""
    if isinstance(score, FeedForwardScore):
        hidden = score.hidden.weight @ torch.cat([query, comment]) + score.hidden.bias
        return torch.tanh(score.out.weight[0] @ hidden + score.out.bias[0])
    if isinstance(score, BilinearScore):
        first = score.query.weight @ query + score.query.bias
        return first @ (score.comment.weight @ comment + score.comment.bias)
    return score.out.weight[0] @ torch.tanh(score.query.weight @ query + score.comment.weight @ comment)


@pytest.mark.parametrize("kind", SCORES)
def test_each_score_is_its_formula_pair_by_pair(kind: type[nn.Module]) -> None:
    score, query, comments = kind(5), torch.randn(3, 5), torch.randn(3, 4, 5)
    scores = score(query, comments)
    assert scores.shape == (3, 4)
    for post in range(3):
        for n in range(4):
            torch.testing.assert_close(scores[post, n], pair_score(score, query[post], comments[post, n]))


@pytest.mark.parametrize("kind", SCORES)
def test_attention_is_equations_6_and_7_over_a_list_with_repeats(kind: type[nn.Module]) -> None:
    attention, query, comments = CommentAttention(kind(5)), torch.randn(3, 5), torch.randn(3, 4, 5)
    attended, beta = attention(query, comments, WEIGHT)
    for post in range(3):
        repeats = [n for n in range(4) for _ in range(int(WEIGHT[post, n]))]
        expected, shares = torch.zeros(5), torch.zeros(4)
        z = [pair_score(attention.score, query[post], comments[post, n]).exp() for n in repeats]
        for n, value in zip(repeats, z, strict=True):
            expected = expected + value / sum(z) * comments[post, n]
            shares[n] += value / sum(z)
        torch.testing.assert_close(attended[post], expected)
        torch.testing.assert_close(beta[post], shares)


def test_a_weight_equals_that_many_copies() -> None:
    attention, query, comments = CommentAttention(FeedForwardScore(5)), torch.randn(1, 5), torch.randn(1, 2, 5)
    weighted, _ = attention(query, comments, torch.tensor([[3.0, 1.0]]))
    copied, _ = attention(query, comments[:, [0, 0, 0, 1]], torch.ones(1, 4))
    torch.testing.assert_close(weighted, copied)


def test_order_of_comments_changes_nothing_but_the_order_of_attention() -> None:
    attention, query, comments = CommentAttention(BilinearScore(5)), torch.randn(3, 5), torch.randn(3, 4, 5)
    order = torch.tensor([2, 0, 3, 1])
    attended, beta = attention(query, comments, WEIGHT)
    shuffled, shuffled_beta = attention(query, comments[:, order], WEIGHT[:, order])
    torch.testing.assert_close(shuffled, attended)
    torch.testing.assert_close(shuffled_beta, beta[:, order])


@pytest.mark.parametrize("kind", SCORES)
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_a_post_without_comments_gets_zeros_and_no_gradient(kind: type[nn.Module], scale: float) -> None:
    attention = CommentAttention(kind(5))
    query = (torch.randn(3, 5) * scale).requires_grad_()
    comments = (torch.randn(3, 4, 5) * scale).requires_grad_()
    attended, beta = attention(query, comments, WEIGHT)
    assert not attended[2].any()
    assert not beta[2].any()
    torch.testing.assert_close(beta[:2].sum(-1), torch.ones(2))
    attended.square().sum().backward()
    assert not query.grad[2].any()
    assert not comments.grad[WEIGHT == 0].any()
    assert comments.grad[1, 1].any()
    assert all(p.grad.isfinite().all() for p in [query, comments, *attention.parameters()])


def test_what_stands_in_an_absent_place_is_not_read() -> None:
    attention, query, comments = CommentAttention(AdditiveScore(5)), torch.randn(3, 5), torch.randn(3, 4, 5)
    changed = comments.masked_fill((WEIGHT == 0).unsqueeze(-1), 7.0)
    expected, got = attention(query, comments, WEIGHT)[0], attention(query, changed, WEIGHT)[0]
    torch.testing.assert_close(got, expected, rtol=0, atol=0)


def test_attention_works_in_half_precision() -> None:
    attention = CommentAttention(BilinearScore(5)).to(torch.bfloat16)
    query, comments = torch.randn(3, 5, dtype=torch.bfloat16), torch.randn(3, 4, 5, dtype=torch.bfloat16)
    attended, beta = attention(query, comments, WEIGHT)
    assert attended.dtype == torch.bfloat16
    assert attended.isfinite().all()
    assert not beta[2].any()
