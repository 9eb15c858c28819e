"""Mirrors lightning_modules/fusion.py."""

import pytest
import torch
from torch import Tensor

from lightning_modules.fusion import Concatenation, Pooling

WIDTHS = [{"text": 3}, {"image": 5, "text": 3}, {"image": 5, "text": 3, "user": 4}]
POSTS = 8  # every combination of three modalities


@pytest.fixture(params=WIDTHS, ids=len)
def widths(request: pytest.FixtureRequest) -> dict[str, int]:
    return request.param


def posts(widths: dict[str, int]) -> tuple[dict[str, Tensor], Tensor]:
    """A vector of each modality of each post (absent ones hold other numbers than zero), and which are there."""
    torch.manual_seed(0)
    present = torch.tensor([[post >> column & 1 for column in range(len(widths))] for post in range(POSTS)]).bool()
    return {name: torch.randn(POSTS, width) for name, width in widths.items()}, present


def fused(fusion: Concatenation | Pooling, vectors: dict[str, Tensor], present: Tensor) -> Tensor:
    return fusion({name: fusion.project(name, vector) for name, vector in vectors.items()}, present)


def test_concatenation_is_equation_3_post_by_post(widths: dict[str, int]) -> None:
    vectors, present = posts(widths)
    fusion = Concatenation(widths)
    together = fused(fusion, vectors, present)
    assert together.shape == (POSTS, fusion.width)
    for post in range(POSTS):
        numbers: list[float] = []
        for column, vector in enumerate(vectors.values()):
            numbers += vector[post].tolist() if present[post, column] else [0.0] * vector.shape[1]
        assert together[post].tolist() == numbers
    assert fusion.space is None


@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_pooling_is_equation_10_post_by_post(widths: dict[str, int], pooling: str) -> None:
    vectors, present = posts(widths)
    fusion = Pooling(widths, pooling)
    pooled = fused(fusion, vectors, present)
    for post in range(POSTS):
        there = [name for column, name in enumerate(widths) if present[post, column]]
        own = [fusion.project(name, vectors[name][post]).tolist() for name in there]
        columns = list(zip(*own, strict=True)) or [(0.0,)] * fusion.width
        expected = [max(column) if pooling == "max" else sum(column) / len(column) for column in columns]
        torch.testing.assert_close(pooled[post], torch.tensor(expected))


def test_projection_is_equation_11_number_by_number() -> None:
    fusion, vector = Pooling({"image": 5, "text": 3}), torch.randn(5)
    weight, bias = fusion.projections["image"].weight, fusion.projections["image"].bias  # W~ (m, n), b~ (m,)
    expected = [sum(weight[row, at] * vector[at] for at in range(5)) + bias[row] for row in range(3)]
    torch.testing.assert_close(fusion.project("image", vector), torch.stack(expected))
    text = torch.randn(3)
    assert fusion.project("text", text) is text


def test_all_are_projected_to_the_narrowest_the_last_of_several() -> None:
    assert Pooling({"image": 5, "text": 3}).space == "text"
    assert Pooling({"image": 3, "text": 5}).space == "image"  # "if m > n, the text is projected"
    assert Pooling({"image": 3, "text": 3, "user": 4}).space == "text"
    chosen = Pooling({"image": 5, "text": 3, "user": 4}, space="user")
    assert (chosen.width, sorted(chosen.projections)) == (4, ["image", "text"])
    assert len(Pooling({"text": 3}).projections) == 0


def test_a_space_that_is_no_modality_is_refused() -> None:
    with pytest.raises(ValueError, match="space 'sound' is no modality; there are image, text"):
        Pooling({"image": 5, "text": 3}, space="sound")


@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_an_absent_modality_gets_no_gradient(pooling: str) -> None:
    widths = {"image": 5, "text": 3, "user": 4}
    vectors, present = posts(widths)
    present[:, 0] = False
    leaves = {name: vector.requires_grad_() for name, vector in vectors.items()}
    fusion = Pooling(widths, pooling)
    fused(fusion, leaves, present).sum().backward()
    assert not fusion.projections["image"].weight.grad.any()
    assert not fusion.projections["image"].bias.grad.any()
    for column, vector in enumerate(leaves.values()):
        assert torch.equal(vector.grad.any(1) & ~present[:, column], torch.zeros(POSTS, dtype=torch.bool))
    assert fusion.projections["user"].weight.grad.any()
    assert leaves["text"].grad.any()


@pytest.mark.parametrize("make", [Concatenation, Pooling, lambda widths: Pooling(widths, "mean")])
def test_what_an_absent_modality_holds_moves_nothing(make: type) -> None:
    widths = {"image": 5, "text": 3, "user": 4}
    vectors, present = posts(widths)
    fusion = make(widths)
    other = {
        name: torch.where(present[:, column, None], vector, 1e6)
        for column, (name, vector) in enumerate(vectors.items())
    }
    torch.testing.assert_close(fused(fusion, other, present), fused(fusion, vectors, present), rtol=0, atol=0)
