"""Sentences by convolutions over their words' vectors (Kim 2014; DU2MCE, section 4.3)."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from encoders.embeddings import Embeddings
from encoders.vocabulary import PADDING

GROUP = 256  # sentences read together; fewer are nearer in length, but their products are small


class SentenceCNN(nn.Module):
    """Parallel convolutions over a sentence, ReLU, and each filter's maximum over the sentence.

    Padding is read like a word, as in Kim's own: a window of nothing else gives a filter's bias.

    Args:
        weights: folder with `words.parquet` and `vectors.npy`; row 0 pads and is zero.
        widths: words that a filter sees (Section 4.3 calls them strides: 2, 3, 4).
        filters: how many there are of each width (Section 4.3: 512, 256, 256).
        trainable: go on training the words' vectors; the paper does not say.
        dropout: of the result; the paper does not say.

    Raises:
        FileNotFoundError: the folder holds no words and vectors.
        ValueError: row 0 is a word's, or widths and filters are not equally many.
    """

    def __init__(
        self,
        weights: str | Path,
        widths: Sequence[int] = (2, 3, 4),
        filters: Sequence[int] = (512, 256, 256),
        trainable: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if len(widths) != len(filters) or not widths:
            raise ValueError(f"widths {list(widths)} and filters {list(filters)}: give one number of filters a width")
        embeddings = Embeddings.load(Path(weights))
        if not len(embeddings) or embeddings.vectors[PADDING].any():
            raise ValueError(f"{weights}: row {PADDING} of vectors.npy is not zero, so it is no padding; put one there")
        self.table = nn.Embedding.from_pretrained(
            torch.from_numpy(embeddings.vectors), freeze=not trainable, padding_idx=PADDING
        )
        self.blocks = nn.ModuleList(
            nn.Conv1d(embeddings.size, count, width) for width, count in zip(widths, filters, strict=True)
        )
        self.dropout = nn.Dropout(dropout)
        self.widest, self.width = max(widths), sum(filters)

    def forward(self, words: Tensor) -> Tensor:
        """Map S sentences of word numbers (S, L), padded with 0, to (S, width).

        Sentences of like length are read together, and one window of padding in place of many, for speed alone.
        """
        words = F.pad(words, (0, max(0, self.widest - words.shape[1])), value=PADDING)
        ends = torch.where(words == PADDING, 0, torch.arange(1, words.shape[1] + 1, device=words.device)).amax(1)
        lengths, order = ends.sort()
        ascending = lengths.tolist()  # all at once: a question to a GPU waits for it
        longest = [max(ascending[start : start + GROUP]) for start in range(0, len(ascending), GROUP)] or [0]
        groups = zip(words[order].split(GROUP), longest, strict=True)
        found = torch.cat([self._maxima(some[:, : length + self.widest]) for some, length in groups])
        return self.dropout(found.index_select(0, order.argsort()))

    def _maxima(self, words: Tensor) -> Tensor:
        """Each filter's largest value or zero, (s, width), in sentences (s, l)."""
        vectors = self.table(words).transpose(1, 2)  # (s, d, l)
        # ReLU after the maximum is the same as before it, on fewer numbers
        return torch.cat([block(vectors).amax(2) for block in self.blocks], dim=1).relu()
