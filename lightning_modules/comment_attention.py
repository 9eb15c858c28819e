"""Attention of a post over its comments: three scores and the weighted sum (CAST, section 3.3)."""

import torch
from torch import Tensor, nn


class FeedForwardScore(nn.Module):
    """sigma of Eq. 7, "a feed-forward network" on the pair: tanh(W2 (W1 [h; c] + b1) + b2), in (-1, 1).

    The paper gives no layers: these are the authors' for sarcasm (MSD), without an activation between the two.

    Args:
        hidden_size: H, width of queries and comments; the hidden layer is as wide as their mean, H.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(2 * hidden_size, hidden_size)
        self.out = nn.Linear(hidden_size, 1)

    def forward(self, query: Tensor, comments: Tensor) -> Tensor:
        """Map queries (B, H) and comments (B, N, H) to scores (B, N)."""
        # W2 (W1 [h; c]) = (W2 W1) [h; c]: one row for all pairs instead of H numbers for each
        row, bias = self.out.weight @ self.hidden.weight, self.out(self.hidden.bias)  # (1, 2H), (1,)
        of_query, of_comment = row.squeeze(0).chunk(2)  # (H,), (H,)
        return (comments @ of_comment + (query @ of_query + bias).unsqueeze(1)).tanh()  # (B, N)


class BilinearScore(nn.Module):
    """(W1 h + b1) . (W2 c + b2), unscaled and unbounded: the authors' score for image-text relations (ITR).

    Args:
        hidden_size: H, width of queries and comments.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.query = nn.Linear(hidden_size, hidden_size)
        self.comment = nn.Linear(hidden_size, hidden_size)

    def forward(self, query: Tensor, comments: Tensor) -> Tensor:
        """Map queries (B, H) and comments (B, N, H) to scores (B, N)."""
        return torch.einsum("bh,bnh->bn", self.query(query), self.comment(comments))


class AdditiveScore(nn.Module):
    """w . tanh(W1 h + W2 c): the authors' score for sentiment (MVSA).

    Args:
        hidden_size: H, width of queries and comments.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.query = nn.Linear(hidden_size, hidden_size, bias=False)
        self.comment = nn.Linear(hidden_size, hidden_size, bias=False)
        self.out = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, query: Tensor, comments: Tensor) -> Tensor:
        """Map queries (B, H) and comments (B, N, H) to scores (B, N)."""
        return self.out((self.query(query).unsqueeze(1) + self.comment(comments)).tanh()).squeeze(-1)  # (B, N)


class CommentAttention(nn.Module):
    """Sum of a post's comments, weighted by a softmax of their scores (Eq. 6-7).

    Args:
        score: maps queries (B, H) and comments (B, N, H) to scores (B, N).
    """

    def __init__(self, score: nn.Module) -> None:
        super().__init__()
        self.score = score

    def forward(self, query: Tensor, comments: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return u (B, H) of Eq. 6 and beta (B, N) of Eq. 7 for query (B, H) and comments (B, N, H).

        A comment of weight (B, N) w >= 0 counts like w copies of itself; at w = 0 it is absent. A post without
        comments gets zeros in both; else its row of beta sums to 1.
        """
        present = weight > 0
        score = self.score(query, comments)
        # exp(z + log w) = w exp(z); a finite minimum, since a row of -inf alone would turn into NaN
        score = score + torch.where(present, weight, 1).log().to(score.dtype)
        score = score.masked_fill(~present, torch.finfo(score.dtype).min)
        beta = score.softmax(-1) * present  # Eq. 7, (B, N)
        return torch.einsum("bn,bnh->bh", beta.to(comments.dtype), comments), beta  # Eq. 6
