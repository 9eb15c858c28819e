"""Max-margin ranking loss between two modalities of posts (DU2MCE, section 3.1, Eq. 4)."""

from dataclasses import dataclass
from math import inf
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class Side(NamedTuple):
    """One modality of the B posts of all devices."""

    vectors: Tensor  # (n, D) of the posts that have it
    identity: Tensor  # (B,) int64; equal where two posts have the same picture, text or user; -1 without
    place: Tensor  # (B,) int64; row of `vectors`, -1 without


class Sums(NamedTuple):
    """What Eq. 1 divides, of the anchors of this device."""

    loss: Tensor  # scalar, Eq. 4 summed over anchors
    anchors: Tensor  # scalar, their number


def unit(vectors: Tensor) -> Tensor:
    """Vectors (n, D) at unit length, in float32 at least; zero ones stay, and their gradient is no division by zero."""
    found: Tensor = _Unit.apply(vectors.to(torch.promote_types(vectors.dtype, torch.float32)))
    return found


class _Unit(torch.autograd.Function):
    """x / |x| with few passes over the vectors, backwards as well: (g - u (g u)) / |x| for u = x / |x|."""

    @staticmethod
    def forward(ctx: Any, vectors: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
        scale = torch.where(length > 0, length, 1).reciprocal()
        found = vectors * scale
        ctx.save_for_backward(found, scale)
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        found, scale = ctx.saved_tensors
        along = torch.linalg.vecdot(gradients[0], found).unsqueeze(1)  # (n, 1)
        return torch.addcmul(gradients[0], found, along, value=-1).mul_(scale)


def alike(identities: Tensor, own: Tensor) -> Tensor:
    """Find the posts that are no negatives for each other, since they share user, picture or text.

    Args:
        identities: (B, 3) int64 of the posts of all devices, -1 where absent.
        own: (b,) int64, the posts of this device.

    Returns:
        (2, k) int64: place in `own` and post; every post with anything at all is there with itself.
    """
    shared = torch.zeros(len(own), len(identities), dtype=torch.bool, device=own.device)
    for identity in identities.T:
        mine = torch.where(identity[own] >= 0, identity[own], -2)  # what two posts lack is not shared
        shared |= mine.unsqueeze(1) == identity
    return shared.nonzero().T


@dataclass(frozen=True)
class RankingLoss:
    """Eq. 4: for an anchor a_j, the sum over negatives b_n of max(0, m - S(a_j, b_j) + S(a_j, b_n)).

    Anchors are the posts that have both modalities. Negatives are the others' items of b, wherever in the batch of all
    devices they are; n is left out where a post that carries it shares user, picture or text with post j.

    Args:
        margin: m (Section 4.3: 0.2).
        negatives: `distinct` takes each item once, as the set of Eq. 4 does (by its first post where its vectors
            differ); `posts` once for every post that carries it.
        hardest: take the largest term alone.
        both_directions: add the loss of b's anchors among items of a; the number of anchors stays.
    """

    margin: float = 0.2
    negatives: Literal["distinct", "posts"] = "distinct"
    hardest: bool = False
    both_directions: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.margin < inf:
            raise ValueError(f"margin {self.margin:g}: a number above 0, or nothing is learned")

    def __call__(self, anchor: Side, other: Side, own: Tensor, shared: Tensor) -> Sums:
        """Sum over the anchors of this device.

        Args:
            anchor: a, at unit length.
            other: b, likewise.
            own: (b,) int64, the posts of this device.
            shared: (2, k), what `alike` finds.
        """
        found = self._one_way(anchor, other, own, shared)
        if not self.both_directions:
            return found
        return Sums(found.loss + self._one_way(other, anchor, own, shared).loss, found.anchors)

    def _one_way(self, anchor: Side, other: Side, own: Tensor, shared: Tensor) -> Sums:
        valid = (anchor.place[own] >= 0) & (other.place[own] >= 0)  # (b,)
        posts = own[valid]
        places = anchor.place[posts], other.place[posts]
        out = self._left_out(valid, other, shared)
        loss = _Hinges.apply(anchor.vectors, other.vectors, *places, out, self.margin, self.hardest)
        return Sums(loss, valid.sum())

    def _left_out(self, valid: Tensor, other: Side, shared: Tensor) -> Tensor:
        """Which rows of b's vectors are no negatives of which anchor, (A, n) bool."""
        there = other.place >= 0
        identities, kind = torch.unique(other.identity[there], return_inverse=True)
        kinds = torch.full_like(other.place, -1).masked_scatter(there, kind)  # (B,) of the item that a post carries
        row = valid.cumsum(0) - 1  # (b,) of an anchor among the A
        cells = valid[shared[0]] & (kinds[shared[1]] >= 0)
        anchors, near = row[shared[0][cells]], kinds[shared[1][cells]]
        size, places = int(valid.sum()), other.place[there]  # (n,) in the order of posts
        if self.negatives == "posts":
            by_kind = torch.zeros(len(identities), size, dtype=torch.bool, device=valid.device)
            by_kind[near, anchors] = True
            return by_kind[torch.empty_like(kind).scatter_(0, places, kind)].T  # rows are taken faster than columns
        order = torch.arange(len(kind), device=kind.device)
        first = places[torch.zeros_like(identities).scatter_reduce(0, kind, order, "amin", include_self=False)]
        out = torch.ones(size, len(kind), dtype=torch.bool, device=valid.device)
        out[:, first] = False
        out[anchors, first[near]] = True
        return out


class _Hinges(torch.autograd.Function):
    """Eq. 4 summed over A anchors; the (A, n) similarities are held once, as what becomes of them.

    Few passes over them: beside the matrix products they are what takes time.
    """

    @staticmethod
    def forward(
        ctx: Any, vectors: Tensor, others: Tensor, rows: Tensor, own: Tensor, out: Tensor, margin: float, hardest: bool
    ) -> Tensor:
        anchors, own = vectors.index_select(0, rows), own.unsqueeze(1)
        terms = anchors @ others.T  # (A, n) S of Eq. 3
        needed = margin - terms.gather(1, own)  # (A, 1)
        terms.masked_fill_(out, -torch.inf).add_(needed).relu_()
        if hardest and len(others):  # of nothing there is no largest
            terms.mul_(terms == terms.amax(1, keepdim=True))
        ctx.save_for_backward(anchors, others, rows, own, terms)
        ctx.size, ctx.hardest = len(vectors), hardest
        return terms.sum() if not hardest else terms.sum(1).div_(terms.count_nonzero(1).clamp_(min=1)).sum()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        anchors, others, rows, own, terms = ctx.saved_tensors
        slope = terms.sign()  # (A, n)
        count = slope.sum(1, keepdim=True)  # (A, 1)
        if ctx.hardest:  # equally large ones share it
            slope /= count.clamp(min=1)
            count.clamp_(max=1)
        slope.scatter_(1, own, -count).mul_(gradients[0])  # an anchor's own item is no negative: its place is free
        of_vectors = anchors.new_zeros(ctx.size, anchors.shape[1]).index_copy_(0, rows, slope @ others)
        return of_vectors, slope.T @ anchors, None, None, None, None, None


def loss_of_anchors(
    loss: RankingLoss, anchor: Tensor, other: Tensor, identities: Tensor, columns: tuple[int, int]
) -> Sums:
    """The definition of `RankingLoss` in one direction, anchor by anchor: slow, for tests and benchmarks.

    Args:
        loss: its settings.
        anchor: (n, D) of any length, of the posts that have the modality.
        other: likewise.
        identities: (B, 3) int64, -1 where absent.
        columns: the two modalities in it.
    """
    of_anchor, of_other = (identities[:, column] for column in columns)
    carriers = (of_other >= 0).nonzero().squeeze(1).tolist()
    places = {post: place for place, post in enumerate(carriers)}
    first = [post for post in carriers if post == int((of_other == of_other[post]).nonzero()[0])]
    offered = torch.tensor(first if loss.negatives == "distinct" else carriers, dtype=torch.int64)
    total, anchors = anchor.sum() * 0, 0
    for post, vector in zip((of_anchor >= 0).nonzero().squeeze(1).tolist(), anchor.unbind(), strict=True):
        if of_other[post] < 0:
            continue
        shares = ((identities == identities[post]) & (identities >= 0)).any(1)
        negatives = offered[~torch.isin(of_other[offered], of_other[shares])].tolist()
        similarity = F.cosine_similarity(vector, other)  # Eq. 3
        wrong = similarity[[places[negative] for negative in negatives]]
        terms = (loss.margin - similarity[places[post]] + wrong).clamp(min=0)
        total = total + (terms.max() if loss.hardest and negatives else terms.sum())  # Eq. 4
        anchors += 1
    return Sums(total, torch.tensor(anchors))
