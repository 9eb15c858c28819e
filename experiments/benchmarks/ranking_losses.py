"""DU2MCE's loss alone: beside its matrix products, and beside the definition, anchor by anchor."""

from typing import NamedTuple

import torch
from torch import Tensor

from experiments.benchmarks.material import Material
from experiments.benchmarks.model_a_step import Product, multiplied
from experiments.benchmarks.timelines_network import LACKING, TimelinesSizes
from experiments.benchmarks.timing import Comparison, Sides, Wanted, alternating, now
from lightning_modules.pairs import COLUMNS, PAPER, side_of
from lightning_modules.ranking_loss import RankingLoss, alike, loss_of_anchors, unit

REPEATS = 20
ALONE, EACH = Wanted(most=1.5), Wanted(least=60)
DISTINCT = (0.6, 0.9, 0.5)  # pictures, texts and users, of the number of posts
LOSS = RankingLoss()


class Bars(NamedTuple):
    """How far the loss may be from its definition."""

    sums: float
    gradients: float


TOLERANCES = {torch.float64: Bars(1e-10, 1e-10), torch.float32: Bars(1e-6, 1e-6)}


class Found(NamedTuple):
    """What a way to compute the loss gives."""

    terms: Tensor  # (pairs,) Eq. 4 summed over anchors
    gradients: list[Tensor]  # (n, D) of pictures', texts' and users' vectors


class LossPosts:
    """B posts by random vectors of any length, of which a third has no picture; many share user, picture or text.

    Args:
        sizes: how much.
        device: where the vectors are.
        dtype: of the vectors.
    """

    def __init__(self, sizes: TimelinesSizes, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        draws, count = torch.Generator().manual_seed(0), sizes.batch
        columns = [torch.randint(0, max(1, int(share * count)), (count,), generator=draws) for share in DISTINCT]
        columns[0][torch.rand(count, generator=draws) < LACKING] = -1
        self.identities = torch.stack(columns, dim=1).to(device)  # (B, 3)
        shapes = ((int((column >= 0).sum()), sizes.size) for column in columns)
        numbers = (torch.randn(shape, generator=draws).to(device, dtype) for shape in shapes)
        self.vectors = {name: values.requires_grad_() for name, values in zip(COLUMNS, numbers, strict=True)}
        self.own = torch.arange(count, device=device)
        whole = (self.identities >= 0).all(1).nonzero().squeeze(1)
        self.some = whole[:: max(1, len(whole) // sizes.anchors)][: sizes.anchors]  # posts with all three

    def loss(self, own: Tensor) -> Found:
        """Forward and backward with these posts as anchors, and all of them as items."""
        shared = alike(self.identities, own)
        sides = {
            name: side_of(name, unit(vectors), self.identities, self.own) for name, vectors in self.vectors.items()
        }
        return self._found([LOSS(sides[pair.anchor], sides[pair.other], own, shared).loss for pair in PAPER])

    def loss_by_anchor(self) -> Found:
        """The same with `some` posts as anchors, one after the other."""
        return self._found([self._one_by_one(pair.anchor, pair.other) for pair in PAPER])

    def _one_by_one(self, anchor: str, other: str) -> Tensor:
        """The definition takes all posts that have a fourth identity for anchors; it is the anchor's, of some posts."""
        own = self.identities[:, COLUMNS[anchor]]
        chosen = torch.full_like(own, -1).index_copy_(0, self.some, own[self.some])
        place = (own >= 0).cumsum(0)[self.some] - 1
        identities = torch.cat([self.identities, chosen.unsqueeze(1)], dim=1)  # (B, 4)
        columns = (len(COLUMNS), COLUMNS[other])
        return loss_of_anchors(LOSS, self.vectors[anchor][place], self.vectors[other], identities, columns).loss

    def _found(self, terms: list[Tensor]) -> Found:
        joint = torch.stack(terms)
        weights = joint.new_tensor([pair.weight for pair in PAPER])
        return Found(joint.detach(), list(torch.autograd.grad(joint @ weights, list(self.vectors.values()))))

    def anchors(self, own: Tensor) -> int:
        """How many anchors the pairs have among these posts."""
        there = self.identities[own] >= 0
        return sum(int((there[:, COLUMNS[pair.anchor]] & there[:, COLUMNS[pair.other]]).sum()) for pair in PAPER)

    def products(self) -> list[Product]:
        """What the pairs must multiply: anchors times items, and what becomes of it for the gradients of both."""
        found, there = [], self.identities >= 0
        for pair in PAPER:
            both = there[:, COLUMNS[pair.anchor]] & there[:, COLUMNS[pair.other]]
            items, width = self.vectors[pair.other].shape
            anchors = int(both.sum())
            found += [Product(anchors, width, items), Product(anchors, items, width), Product(items, anchors, width)]
        return found


def sides(sizes: TimelinesSizes, device: torch.device) -> Sides[object]:
    """The loss with its gradients, and its products alone; returns what was found, and nothing."""
    posts = LossPosts(sizes, device)
    return Sides(lambda: posts.loss(posts.own), multiplied(posts.products(), device))


def differences(sizes: TimelinesSizes, device: torch.device, dtype: torch.dtype) -> Bars:
    """Largest differences of sums and of gradients from the definition's, of some anchors.

    In single precision they are relative: to the largest sum, and to the largest number of a gradient.
    """
    posts = LossPosts(sizes, device, dtype)
    ours, definition = posts.loss(posts.some), posts.loss_by_anchor()
    gradients = zip(ours.gradients, definition.gradients, strict=True)
    return Bars(_apart(ours.terms, definition.terms), max(_apart(one, other) for one, other in gradients))


def _apart(ours: Tensor, definition: Tensor) -> float:
    largest = (ours - definition).abs().max()
    return float(largest / definition.abs().max() if ours.dtype == torch.float32 else largest)


def measure(material: Material) -> list[Comparison]:
    """Two rows."""
    sizes, device = material.sizes.timelines, material.device
    posts = LossPosts(sizes, device)
    own, alone = alternating(sides(sizes, device), REPEATS, device)
    begun = now(device)
    posts.loss_by_anchor()
    some, every = posts.anchors(posts.some), posts.anchors(posts.own)
    each = (now(device) - begun) * every / some
    there = ", ".join(f"{len(vectors):,} {name}s" for name, vectors in posts.vectors.items())
    shown = (
        f"{sizes.batch:,} posts, many of the same picture, text or user; vectors of {there}, {sizes.size:,} wide; "
        f"three pairs, {every:,} anchors; with gradients"
    )
    listed, name = posts.products(), "ranking loss of DU2MCE"
    note = f"{len(listed)} products of {sum(one.operations for one in listed) / 1e9:.1f} thousand million operations."
    best = f"{shown}; best of {REPEATS}"
    some_of_them = f"{shown}; anchor by anchor once, for {some} anchors, and scaled to all"
    ways = "anchor by anchor", "at once"
    return [
        Comparison(name, "whole", "its matrix products alone", best, own, alone, ALONE, note),
        Comparison(f"{name} by its definition", *ways, some_of_them, each, own, EACH, _equal(sizes, device)),
    ]


def _equal(sizes: TimelinesSizes, device: torch.device) -> str:
    """How far the loss is from its definition, in a sentence for each precision."""
    said = []
    for dtype, bars in TOLERANCES.items():
        found, kind = differences(sizes, device, dtype), "relative" if dtype == torch.float32 else "absolute"
        verdicts = (_verdict(*pair) for pair in zip(found, bars, strict=True))
        said.append(f"{str(dtype).removeprefix('torch.')}, {kind}, {' and '.join(verdicts)}")
    return f"Largest differences of these anchors' sums and of gradients: {'; '.join(said)}."


def _verdict(found: float, most: float) -> str:
    return f"{found:.1e} (at most {most:g}: {'reached' if found <= most else 'missed'})"
