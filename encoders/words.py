"""Texts as their words' vectors, pooled (Emotion, section 4.2)."""

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from encoders.batches import Tokens
from encoders.pooling import masked_max, masked_mean
from encoders.vocabulary import PADDING, Vocabulary


class WordPooling(nn.Module):
    """Look-up table, dropout, and the component-wise maximum or mean over a text's words (Eq. 7-9).

    Args:
        weights: folder that the stage `words` made: the vocabulary with its starting vectors.
        aggregation: "max" (Table 3) or "mean".
        dropout: of the looked-up numbers (Section 5.4: 0.25).
        trainable: go on training the vectors (Section 4.2: yes).

    Raises:
        FileNotFoundError: the folder holds no vocabulary.
    """

    def __init__(
        self,
        weights: str | Path,
        aggregation: Literal["max", "mean"] = "max",
        dropout: float = 0.25,
        trainable: bool = True,
    ) -> None:
        super().__init__()
        vectors = torch.from_numpy(Vocabulary(weights).vectors())
        # sparse: a step touches only the rows of its own words
        self.table = nn.Embedding.from_pretrained(vectors, freeze=not trainable, padding_idx=PADDING, sparse=trainable)
        self.dropout = nn.Dropout(dropout)
        self.aggregation = aggregation
        self.width = vectors.shape[1]

    def forward(self, texts: Tokens) -> Tensor:
        """Map S texts to (S, d); a text without words is zero."""
        vectors = self.dropout(self.table(texts.ids))  # (S, T, d)
        pooled = masked_max if self.aggregation == "max" else masked_mean
        return pooled(vectors, texts.mask)  # (S, d)
