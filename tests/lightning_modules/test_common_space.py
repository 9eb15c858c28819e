"""Mirrors lightning_modules/common_space.py."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from lightning_modules.common_space import CommonSpace
from lightning_modules.distances import cosine_distance, euclidean, squared_euclidean

POSTS, NEGATIVES, WIDTH = 8, 3, 4


def posts(names: tuple[str, ...] = ("image", "text")) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Projected vectors of posts that have any combination of the modalities, which these are, and their negatives."""
    generator = torch.Generator().manual_seed(0)
    vectors = {name: torch.randn(POSTS, WIDTH, generator=generator, dtype=torch.float64) for name in names}
    present = torch.tensor([[post >> column & 1 for column in range(len(names))] for post in range(POSTS)]).bool()
    return vectors, present, torch.randn(POSTS, NEGATIVES, WIDTH, generator=generator, dtype=torch.float64)


def squared_by_hand(one: list[float], other: list[float]) -> float:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def euclidean_by_hand(one: list[float], other: list[float]) -> float:
    return math.dist(one, other)


def cosine_by_hand(one: list[float], other: list[float]) -> float:
    product = sum(a * b for a, b in zip(one, other, strict=True))
    return 1 - product / (math.hypot(*one) * math.hypot(*other))


DISTANCES = [
    (squared_euclidean, squared_by_hand),
    (euclidean, euclidean_by_hand),
    (cosine_distance, cosine_by_hand),
]


@pytest.mark.parametrize(("distance", "by_hand"), DISTANCES)
@pytest.mark.parametrize("names", [("image", "text"), ("image", "text", "user")], ids=len)
def test_equation_13_as_it_is_printed(distance: Callable, by_hand: Callable, names: tuple[str, ...]) -> None:
    vectors, present, negatives = posts(names)
    loss = CommonSpace(distance)(vectors, present, "text", negatives)
    for post in range(POSTS):
        there = {name for column, name in enumerate(names) if present[post, column]}
        expected = 0.0
        for anchor in there - {"text"} if "text" in there else ():
            own = vectors[anchor][post].tolist()
            nearer = math.exp(-by_hand(own, vectors["text"][post].tolist()))
            for negative in negatives[post].tolist():
                expected -= math.log(nearer / (nearer + math.exp(-by_hand(own, negative))))
        assert loss[post].item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_without_anchor_or_positive_a_post_is_skipped_and_moves_no_gradient() -> None:
    vectors, _, negatives = posts()
    present = torch.tensor([[True, True], [True, False], [False, True], [False, False]]).repeat(2, 1)
    leaves = {name: vector.requires_grad_() for name, vector in vectors.items()}
    loss = CommonSpace()(leaves, present, "text", negatives.requires_grad_())
    loss.sum().backward()
    assert torch.equal(loss > 0, present.all(1))
    for leaf in (*leaves.values(), negatives):
        assert torch.equal(leaf.grad.flatten(1).any(1), present.all(1))


def test_the_anchor_of_negative_pictures_is_the_text() -> None:
    vectors, present, negatives = posts()
    turned = {"image": vectors["text"], "text": vectors["image"]}
    loss = CommonSpace()(vectors, present, "image", negatives)
    torch.testing.assert_close(loss, CommonSpace()(turned, present.flip(1), "text", negatives))


def test_a_negative_farther_than_the_positive_costs_less_than_a_nearer_one() -> None:
    image, text, near, far = (torch.tensor([[float(at), 0.0]]) for at in (0, 2, 1, 3))
    both, space = torch.ones(1, 2, dtype=torch.bool), CommonSpace()
    costs = [space({"image": image, "text": text}, both, "text", other[:, None]).item() for other in (near, text, far)]
    assert costs == pytest.approx([math.log1p(math.exp(3)), math.log(2), math.log1p(math.exp(-5))])


@pytest.mark.parametrize("distance", [squared_euclidean, euclidean, cosine_distance])
def test_huge_distances_stay_finite(distance: Callable) -> None:
    """exp(-d) of Eq. 13 is 0 / 0 from a distance of about 100 on."""
    vectors, _, negatives = posts()
    image, text = (vector.float().mul(1e5).requires_grad_() for vector in vectors.values())
    present = torch.ones(POSTS, 2, dtype=torch.bool)
    loss = CommonSpace(distance)({"image": image, "text": text}, present, "text", negatives.float() * 1e5)
    loss.sum().backward()
    assert loss.isfinite().all()
    assert image.grad.isfinite().all()
    assert text.grad.isfinite().all()
    if distance is not cosine_distance:
        gaps = distance(image, text)[:, None] - distance(image[:, None], negatives.float() * 1e5)
        torch.testing.assert_close(loss, gaps.clamp(min=0).sum(1))  # softplus is a ramp this far out


@pytest.mark.parametrize("distance", [squared_euclidean, euclidean, cosine_distance])
@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_a_distance_of_zero_has_a_finite_gradient(distance: Callable, scale: float) -> None:
    vector = (scale * torch.ones(POSTS, WIDTH)).requires_grad_()
    present = torch.ones(POSTS, 2, dtype=torch.bool)
    negatives = vector[:, None].expand(-1, NEGATIVES, -1)
    loss = CommonSpace(distance)({"image": vector, "text": vector}, present, "text", negatives)
    loss.sum().backward()
    torch.testing.assert_close(loss, torch.full((POSTS,), NEGATIVES * math.log(2)))
    assert vector.grad.isfinite().all()
