"""Exact ranks of true items among a whole gallery, a block of similarities at a time."""

import torch
from torch import Tensor

BLOCK = 2**24  # similarities held at once: 64 MB, three times that with their comparison
FEWEST = 32  # queries of a product: one of a few rows is summed in another order, from row to row of the gallery


@torch.no_grad()
def true_ranks(queries: Tensor, gallery: Tensor, true: Tensor, block: int = BLOCK) -> Tensor:
    """Rank each query's true items by inner product: 1 is the nearest, ties share the mean of their ranks.

    A query's similarities are computed once, so that an item ties with itself, and equal rows of the gallery tie. A
    true item costs one pass over them beside the matrix product.

    Args:
        queries: (Q, D) finite; for cosines of unit length.
        gallery: (G, D) finite.
        true: (Q, M) int64 places in the gallery, padded with -1.
        block: similarities held at once; at least those of 32 queries are.

    Returns:
        (Q, M) float64 on the same device, nan where padded.

    Raises:
        ValueError: a true item is not in the gallery, or a vector is not finite; names the row.
    """
    _check(queries, gallery, true)
    ranks = torch.full(true.shape, torch.nan, dtype=torch.float64, device=queries.device)
    wide = torch.promote_types(queries.dtype, torch.float32)  # float16 would make ties of near ones
    gallery, step = gallery.to(wide), max(FEWEST, block // max(1, len(gallery)))
    with torch.autocast(queries.device.type, enabled=False):
        for start in range(0, len(queries), step):
            rows = slice(start, start + step)
            some = queries[rows].to(wide)
            filled = torch.nn.functional.pad(some, (0, 0, 0, max(0, FEWEST - len(some))))
            ranks[rows] = _block_ranks((filled @ gallery.T)[: len(some)], true[rows])
    return ranks


def _block_ranks(similarity: Tensor, true: Tensor) -> Tensor:
    """Ranks (q, M) by similarities (q, G).

    An item's rank is 1 + those above it + half of those level with it beside itself, (1 + G + above - below) / 2, and
    above - below is the sum of signs of the differences.
    """
    size = similarity.shape[1]
    ranks = torch.full(true.shape, torch.nan, dtype=torch.float64, device=similarity.device)
    ones, buffer = similarity.new_ones(size), torch.empty_like(similarity)
    for column, places in enumerate(true.T):
        rows = (places >= 0).nonzero().squeeze(1)
        some = similarity if len(rows) == len(similarity) else similarity.index_select(0, rows)
        signs = torch.sub(some, some.gather(1, places[rows].unsqueeze(1)), out=buffer[: len(rows)]).sign_()
        ranks[rows, column] = (1 + size + (signs @ ones).double()) / 2  # a product sums faster; below 2^24 it is exact
    return ranks


def _check(queries: Tensor, gallery: Tensor, true: Tensor) -> None:
    if true.numel() and int(true.max()) >= len(gallery):
        query = int((true >= len(gallery)).any(1).nonzero()[0])
        raise ValueError(f"query {query}: true items {true[query].tolist()}, but the gallery has {len(gallery):,} rows")
    for name, vectors in (("query", queries), ("gallery row", gallery)):
        if not vectors.numel():
            continue
        finite = torch.stack(vectors.aminmax(dim=1)).isfinite().all(0)  # (n,); copies nothing, and nan is both
        if not finite.all():
            raise ValueError(f"{name} {int((~finite).nonzero()[0])}: its vector has numbers that are not finite")
