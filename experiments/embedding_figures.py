"""Words in the plane: t-SNE of their vectors, and labels pushed apart where they overlap (Pins, Figure 5)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath
from numpy.typing import NDArray

from encoders.embeddings import Embeddings
from experiments.figures import plain

Floats = NDArray[np.float64]

POINTS = 8.5  # of the labels
SIDE = 14.0  # inches, of a page for 500 words, were it square
WIDEST = 1.7  # a page's width by its height
PERPLEXITY = 30.0  # scikit-learn's default; less for few words
ROUNDS = 300  # of pushing labels apart
PADDING = 0.02  # inches round a label
TITLE = 0.5  # inches


def frequent(embeddings: Embeddings, count: int, leave_out: Sequence[str] = ()) -> Embeddings:
    """The first `count` words that are not left out; a corpus' words stand by falling count."""
    gone = set(leave_out)
    rows = [row for row, word in enumerate(embeddings.words) if word not in gone][:count]
    return Embeddings([embeddings.words[row] for row in rows], embeddings.vectors[rows])


def plane(embeddings: Embeddings, seed: int = 0) -> Floats:
    """(V, 2) by t-SNE on cosine distances, the paper's measure; it starts from the first two principal components.

    Turned so that the words spread most from left to right, which no distance sees.

    Raises:
        ValueError: fewer than 4 words.
    """
    from sklearn.manifold import TSNE

    if len(embeddings) < 4:
        raise ValueError(f"{len(embeddings)} words; t-SNE wants 4 at least")
    perplexity = min(PERPLEXITY, (len(embeddings) - 1) / 3)
    lengths = np.where(embeddings.norms > 0, embeddings.norms, 1)
    units = embeddings.vectors / lengths[:, None]  # so that the components are of directions too
    made = TSNE(perplexity=perplexity, init="pca", metric="cosine", random_state=seed).fit_transform(units)
    centred = np.asarray(made - made.mean(0), np.float64)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    return centred @ axes.T


def words_figure(words: Sequence[str], points: Floats, title: str) -> Figure:
    """Draw each word where its point is, or beside it where others are in the way, with a line to the point."""
    low, high = points.min(0), points.max(0)
    spread = np.maximum(high - low, 1e-9)
    shape = np.sqrt(np.clip(spread[0] / spread[1], 1, WIDEST))
    page = SIDE * max(0.5, np.sqrt(len(words) / 500)) * np.array([shape, 1 / shape])  # (2,) inches
    figure = Figure(figsize=(page[0], page[1] + TITLE))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, page[0]), ylim=(0, page[1] + TITLE))
    axes.set_axis_off()
    texts = [plain(word) for word in words]
    sizes = np.array([_inches(text) for text in texts])  # (V, 2)
    margin = sizes.max(0) / 2 + 0.1
    given = margin + (points - low) / spread * (page - 2 * margin)  # (V, 2) inches
    placed = apart(given, sizes + 2 * PADDING, page)
    for (x, y), (left, top), text in zip(given, placed, texts, strict=True):
        if np.hypot(x - left, y - top) > 0.12:
            axes.plot([x, left], [y, top], color="#b9c2cb", linewidth=0.5, zorder=1)
            axes.plot([x], [y], ".", color="#8a96a3", markersize=2, zorder=1)
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.75}
        style: dict[str, Any] = {"fontsize": POINTS, "ha": "center", "va": "center", "parse_math": False, "zorder": 2}
        axes.text(left, top, text, color="#12304d", bbox=box, **style)
    axes.text(0.15, page[1] + TITLE / 2, plain(title), fontsize=12, va="center", color="#5f6b76", parse_math=False)
    return figure


def apart(centres: Floats, sizes: Floats, page: Floats, rounds: int = ROUNDS) -> Floats:
    """Push boxes apart that overlap, along the side on which they overlap less.

    Args:
        centres: (N, 2) where the boxes are wanted.
        sizes: (N, 2) widths and heights.
        page: (2,) its width and height; no box leaves it.
        rounds: at most; ends when nothing overlaps.

    Returns:
        (N, 2) centres.
    """
    placed, half = centres.copy(), sizes / 2
    for _ in range(rounds):
        gap = placed[:, None] - placed[None]  # (N, N, 2)
        overlap = half[:, None] + half[None] - np.abs(gap)
        touching: NDArray[np.bool_] = np.all(overlap > 1e-9, axis=-1)
        np.fill_diagonal(touching, False)
        if not touching.any():
            break
        upward = overlap[..., 1] <= overlap[..., 0]
        # boxes of one centre part by their order
        order = np.sign(np.arange(len(placed))[:, None] - np.arange(len(placed)))[..., None]
        direction = np.where(gap == 0, order, np.sign(gap))
        push = direction * overlap * np.stack([~upward, upward], -1) * touching[..., None]
        placed += 0.5 * push.sum(1) / np.maximum(1, np.sqrt(touching.sum(1)))[:, None]
        placed = np.clip(placed, half, page - half)
    return placed


def _inches(text: str) -> tuple[float, float]:
    width, height, _ = TextToPath().get_text_width_height_descent(text, FontProperties(size=POINTS), ismath=False)
    return width / 72, max(height, POINTS) / 72
