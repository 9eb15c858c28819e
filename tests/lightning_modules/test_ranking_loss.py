"""Mirrors lightning_modules/ranking_loss.py."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import pytest
import torch
from torch import Tensor

from lightning_modules.pairs import side_of
from lightning_modules.ranking_loss import RankingLoss, Sums, alike, loss_of_anchors, unit

COLUMNS = {"image": 0, "text": 1, "user": 2}
PAIRS = [("text", "user"), ("image", "text"), ("image", "user"), ("user", "image")]
SETTINGS = [
    RankingLoss(negatives=negatives, hardest=hardest)
    for negatives, hardest in product(("distinct", "posts"), (False, True))
]
Vectors = dict[str, Tensor]


def posts(
    count: int, seed: int = 0, lacking: float = 0.25, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Vectors]:
    """Identities (B, 3), many of them shared, and vectors of any length; those of one identity differ."""
    generator = torch.Generator().manual_seed(seed)
    identities = torch.stack([torch.randint(0, size, (count,), generator=generator) for size in (12, 25, 9)], 1)
    identities[torch.rand(count, 3, generator=generator) < lacking] = -1
    sizes = {name: int((identities[:, column] >= 0).sum()) for name, column in COLUMNS.items()}
    vectors = {name: torch.randn(size, 8, generator=generator, dtype=dtype) for name, size in sizes.items()}
    return identities, {name: value.requires_grad_() for name, value in vectors.items()}


def fast(loss: RankingLoss, pair: Sequence[str], identities: Tensor, vectors: Vectors) -> Sums:
    own = torch.arange(len(identities))
    anchor, other = (side_of(name, unit(vectors[name]), identities, own) for name in pair)
    return loss(anchor, other, own, alike(identities, own))


def slow(loss: RankingLoss, pair: Sequence[str], identities: Tensor, vectors: Vectors) -> Sums:
    one, other = pair
    return loss_of_anchors(loss, vectors[one], vectors[other], identities, (COLUMNS[one], COLUMNS[other]))


def gradients(loss: Tensor, vectors: Vectors) -> list[Tensor | None]:
    return list(torch.autograd.grad(loss, list(vectors.values()), allow_unused=True))


# the definition, by hand
def test_equation_4_by_hand() -> None:
    """Post 2's user is also post 0's, so neither is told from the other's user; user 5 counts once."""
    identities = torch.tensor([[-1, 0, 3], [-1, 1, 4], [-1, 2, 3], [-1, -1, 5], [-1, -1, 5]])
    texts = torch.tensor([[2.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    users = torch.tensor([[0.8, 0.6], [3.0, 0.0], [0.8, 0.6], [0.6, -0.8], [0.6, -0.8]])
    first = max(0, 0.2 - 0.8 + 1.0) + max(0, 0.2 - 0.8 + 0.6)  # users 4 and 5
    second = max(0, 0.2 - 0.0 + 0.6) + max(0, 0.2 - 0.0 - 0.8)  # users 3 and 5
    third = max(0, 0.2 - 0.96 + 0.6) + max(0, 0.2 - 0.96 - 0.28)
    for found in (fast, slow):
        sums = found(RankingLoss(), ("text", "user"), identities, {"text": texts, "user": users})
        assert sums.loss.item() == pytest.approx(first + second + third, abs=1e-6)
        assert sums.anchors == 3
        hardest = found(RankingLoss(hardest=True), ("text", "user"), identities, {"text": texts, "user": users})
        assert hardest.loss.item() == pytest.approx(0.4 + 0.8, abs=1e-6)


def test_a_frequent_user_counts_once_or_for_every_post() -> None:
    identities = torch.tensor([[-1, 0, 0], [-1, -1, 1], [-1, -1, 1], [-1, -1, 1]])
    vectors = {"text": torch.tensor([[1.0, 0.0]]), "user": torch.tensor([[0.0, 1.0], *[[1.0, 0.0]] * 3])}
    for found in (fast, slow):
        sums = [
            found(RankingLoss(negatives=name), ("text", "user"), identities, vectors) for name in ("distinct", "posts")
        ]
        assert [each.loss.item() for each in sums] == pytest.approx([1.2, 3.6])
        assert [each.anchors for each in sums] == [1, 1]


@pytest.mark.parametrize("column", range(3), ids=COLUMNS)
def test_what_shares_anything_with_a_carrier_is_no_negative(column: int) -> None:
    """Post 1's text is also post 2's, which shares something with post 0: it is no negative for post 0."""
    identities = torch.tensor([[0, 0, 0], [1, 1, 1], [2, 1, 2], [3, 3, 3]])
    vectors = {"image": torch.ones(4, 2), "text": torch.ones(4, 2)}
    apart = [found(RankingLoss(), ("image", "text"), identities, vectors).loss.item() for found in (fast, slow)]
    identities[2, column] = 0
    near = [found(RankingLoss(), ("image", "text"), identities, vectors).loss.item() for found in (fast, slow)]
    assert apart == pytest.approx([0.2 * (2 + 2 + 2 + 2)] * 2)
    if column == 1:  # then post 2's text is post 0's own, and nothing ties post 1 to it
        assert near == pytest.approx([0.2 * (2 + 2 + 2 + 2)] * 2)
    else:  # and post 0's text is none for post 2
        assert near == pytest.approx([0.2 * (1 + 2 + 1 + 2)] * 2)


# against the definition
@pytest.mark.parametrize("loss", SETTINGS, ids=str)
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_the_loss_is_that_of_each_anchor_alone(loss: RankingLoss, pair: Sequence[str]) -> None:
    identities, vectors = posts(60)
    found, expected = fast(loss, pair, identities, vectors), slow(loss, pair, identities, vectors)
    assert found.anchors == expected.anchors > 0
    torch.testing.assert_close(found.loss, expected.loss, rtol=0, atol=1e-10)
    assert found.loss > 0
    for one, other in zip(gradients(found.loss, vectors), gradients(expected.loss, vectors), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-10)


@pytest.mark.parametrize("loss", SETTINGS, ids=str)
def test_in_float32_too(loss: RankingLoss) -> None:
    """Of these vectors no term is so near to zero that rounding would turn its gradient off or on."""
    identities, vectors = posts(60, dtype=torch.float32)
    found, expected = (each(loss, ("image", "text"), identities, vectors).loss for each in (fast, slow))
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)
    for one, other in zip(gradients(found, vectors), gradients(expected, vectors), strict=True):
        assert one is other is None or (one - other).norm() <= 1e-6 * other.norm()


@pytest.mark.parametrize("loss", SETTINGS, ids=str)
def test_both_directions_are_the_sum_of_two(loss: RankingLoss) -> None:
    identities, vectors = posts(40)
    both = fast(replace(loss, both_directions=True), ("text", "user"), identities, vectors)
    ways = [slow(loss, pair, identities, vectors) for pair in (("text", "user"), ("user", "text"))]
    torch.testing.assert_close(both.loss, ways[0].loss + ways[1].loss, rtol=0, atol=1e-10)
    assert both.anchors == ways[0].anchors == ways[1].anchors


@pytest.mark.parametrize("loss", SETTINGS, ids=str)
def test_of_equally_large_terms_each_gets_its_share(loss: RankingLoss) -> None:
    identities, vectors = posts(12, lacking=0)
    alone = {name: torch.ones_like(value).requires_grad_() for name, value in vectors.items()}
    found, expected = (each(loss, ("image", "text"), identities, alone).loss for each in (fast, slow))
    torch.testing.assert_close(found, expected)
    for one, other in zip(gradients(found, alone), gradients(expected, alone), strict=True):
        assert one is other is None or torch.allclose(one, other, atol=1e-12)


# what is absent
@pytest.mark.parametrize("loss", SETTINGS, ids=str)
@pytest.mark.parametrize("lacking", [(), ("image",), ("text",), ("image", "text")], ids=str)
@pytest.mark.parametrize("count", [0, 1, 7])
def test_without_anchors_or_negatives_the_loss_is_zero_with_a_graph(
    loss: RankingLoss, lacking: Sequence[str], count: int
) -> None:
    """All posts are one user's, so that there is no negative."""
    identities = torch.arange(3 * count).reshape(count, 3)
    identities[:, 2] = 5
    identities[:, [COLUMNS[name] for name in lacking]] = -1
    vectors = {name: torch.randn(0 if name in lacking else count, 4, requires_grad=True) for name in ("image", "text")}
    found = fast(loss, ("image", "text"), identities, vectors)
    assert (found.loss, found.anchors) == (0, 0 if lacking else count)
    assert not any(each.any() for each in gradients(found.loss, vectors))


def test_posts_that_lack_the_same_are_negatives_for_each_other() -> None:
    identities = torch.tensor([[-1, 0, -1], [-1, 1, -1], [-1, -1, -1]])
    assert alike(identities, torch.arange(3)).tolist() == [[0, 1], [0, 1]]
    assert alike(identities, torch.tensor([1])).tolist() == [[0], [1]]


# unit length
def test_vectors_come_to_unit_length_and_zero_ones_stay_with_finite_gradients() -> None:
    vectors = torch.tensor([[3.0, 4.0], [0.0, 0.0]], requires_grad=True)
    found = unit(vectors)
    found.sum().backward()
    assert found.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0]]
    assert vectors.grad.abs().max() <= 1
    assert unit(vectors.bfloat16()).dtype == torch.float32
    assert torch.autograd.gradcheck(unit, torch.randn(3, 4, dtype=torch.float64, requires_grad=True))
