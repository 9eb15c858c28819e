"""Consensus of comments (CAST, Eq. 5): one matrix product a pool, or a loop over pairs."""

import numpy as np
from numpy.typing import NDArray

from experiments.benchmarks.material import Material
from experiments.benchmarks.timing import Comparison, Sides, alternating
from retrieval import consensus

Ranked = list[tuple[NDArray[np.int64], NDArray[np.float32]]]
TOP = 5  # N (CAST, section 4.2)


def pairwise(vectors: NDArray[np.float32], pools: int, top_n: int = TOP) -> Ranked:
    """Eq. 5 as it is written, for pools of equal size: the mean cosine of each comment with each of its pool."""
    ranked = []
    for pool in np.split(vectors, pools):
        norms = [float(np.linalg.norm(vector)) for vector in pool]
        scores = np.array([
            sum(float(one @ other) / (length * norm) for other, norm in zip(pool, norms, strict=True)) / len(pool)
            for one, length in zip(pool, norms, strict=True)
        ])  # fmt: skip
        order = np.argsort(-scores, kind="stable")[:top_n]
        ranked.append((order, scores[order].astype(np.float32)))
    return ranked


def sides(material: Material) -> Sides[Ranked]:
    """Both ways on the same random vectors; returns positions and scores of each pool."""
    sizes = material.sizes
    shape = sizes.pools * sizes.pool_size, sizes.width
    vectors = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    return Sides(
        lambda: pairwise(vectors, sizes.pools),
        lambda: consensus(vectors, [sizes.pool_size] * sizes.pools, TOP),
    )


def measure(material: Material) -> list[Comparison]:
    """One row; both sides run on the CPU."""
    sizes = material.sizes
    first, second = alternating(sides(material), sizes.repeats, material.device)
    shown = f"{sizes.pools} pools of {sizes.pool_size} comments, vectors {sizes.width} wide; NumPy on the CPU"
    return [Comparison("consensus of comments", "loop over pairs", "matrix product", shown, first, second)]
