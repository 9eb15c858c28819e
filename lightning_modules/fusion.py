"""Fusions of any number of modalities into one vector of a post (Emotion, sections 3.2 and 4.3)."""

from collections.abc import Mapping
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from encoders.pooling import masked_max, masked_mean


class Fusion(Protocol):
    """What `EmotionClassifier` asks of a fusion; any nn.Module with these will do."""

    width: int  # K of the fused vector
    space: str | None  # modality whose space all are projected into; None where each keeps its own

    def project(self, name: str, vectors: Tensor) -> Tensor:
        """Map a modality's vectors (..., W) to those that are fused."""

    def forward(self, vectors: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """Fuse projected vectors (B, ...) of each modality, present (B, M), to (B, K)."""


class Concatenation(nn.Module):
    """Early fusion: the vectors side by side (Eq. 3); of one modality its vector alone.

    The paper's early fusion needs all modalities; an absent one is a zero vector here (not in the paper).

    Args:
        widths: modality -> W.
    """

    space = None

    def __init__(self, widths: Mapping[str, int]) -> None:
        super().__init__()
        self.width = sum(widths.values())

    def project(self, name: str, vectors: Tensor) -> Tensor:
        """Return the vectors as they are."""
        return vectors

    def forward(self, vectors: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """Map each modality's (B, W), present (B, M), to (B, sum of W)."""
        parts = [vector * present[:, column, None] for column, vector in enumerate(vectors.values())]
        return torch.cat(parts, dim=1)


class Pooling(nn.Module):
    """Joint fusion: maximum or mean over the modalities a post has, in the space of one of them (Eq. 10-11).

    Args:
        widths: modality -> W.
        pooling: component-wise "max" (Table 3) or "mean".
        space: modality that the others are projected to; None: the narrowest, the last of several (Section 4.3: the
            wider picture is projected to the text).

    Raises:
        ValueError: `space` is none of the modalities.
    """

    def __init__(
        self, widths: Mapping[str, int], pooling: Literal["max", "mean"] = "max", space: str | None = None
    ) -> None:
        super().__init__()
        if space is not None and space not in widths:
            raise ValueError(f"space {space!r} is no modality; there are {', '.join(widths)}")
        self.space = space or min(reversed(list(widths)), key=widths.__getitem__)
        self.width = widths[self.space]
        self.pooling = pooling
        others = {name: nn.Linear(width, self.width) for name, width in widths.items() if name != self.space}
        self.projections = nn.ModuleDict(others)  # W~ and b~ of Eq. 11

    def project(self, name: str, vectors: Tensor) -> Tensor:
        """Map a modality's vectors (..., W) into the common space, (..., K): Eq. 11."""
        return vectors if name == self.space else self.projections[name](vectors)

    def forward(self, vectors: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """Pool projected vectors (B, K) over the present (B, M) modalities to (B, K); zero where there is none."""
        stacked = torch.stack(list(vectors.values()), dim=1)  # (B, M, K)
        return (masked_max if self.pooling == "max" else masked_mean)(stacked, present)
