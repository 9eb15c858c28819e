"""The auxiliary task that makes a common space of all modalities (Emotion, section 4.3, Eq. 13)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lightning_modules.distances import Distance, squared_euclidean


class CommonSpace(nn.Module):
    """A post's own text lies nearer to its picture than texts of other classes do (Eq. 13).

    Each of g negatives makes a two-way choice of its own: sum over j of -log[e^-d+ / (e^-d+ + e^-d_j-)], which is
    softplus(d+ - d_j-). The paper's anchor is the (projected) picture; of more modalities each but the negatives' own.

    Args:
        distance: d of Eq. 13; not stated in the paper.
        main_weight: lambda of Eq. 14, which weighs the classification (Table 3: 3).
    """

    def __init__(self, distance: Distance = squared_euclidean, main_weight: float = 3.0) -> None:
        super().__init__()
        self.distance, self.main_weight = distance, main_weight

    def forward(self, vectors: Mapping[str, Tensor], present: Tensor, of: str, negatives: Tensor) -> Tensor:
        """Return Eq. 13 for each post, (B,); zero where the anchor or the positive is absent.

        Takes projected vectors (B, K) of each modality, present (B, M), and g negatives (B, g, K) of modality `of`.
        """
        names = list(vectors)
        positive, has_positive = vectors[of], present[:, names.index(of)]
        total = torch.zeros(len(positive), dtype=positive.dtype, device=positive.device)
        for column, name in enumerate(names):
            if name != of:
                anchor = vectors[name]
                nearer = self.distance(anchor, positive).unsqueeze(1)  # (B, 1) d+
                terms = F.softplus(nearer - self.distance(anchor.unsqueeze(1), negatives))  # (B, g)
                total = total + terms.sum(1) * (present[:, column] & has_positive)
        return total
