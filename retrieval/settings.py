"""Settings of retrieval."""

from dataclasses import dataclass
from typing import Literal

from retrieval.consensus import MIN_WORDS
from retrieval.search import DEFAULT_R


@dataclass(frozen=True)
class RetrievalSettings:
    """What is retrieved for a post.

    Args:
        alpha_rank: neighbours a query in Eq. 3 and 4 (official code: 10).
        alpha_queries: posts that alpha is estimated on: `all` splits (paper; no labels are used) or `train`.
        comment_posts: nearest posts whose comments make the pool (official code: 10).
        comments_per_post: at most so many of a post, the first ones (official code: 5; paper: all).
        posts: similar posts kept (official code: 20); self-training takes the first K of them.
        num_comments: N, consensus comments (Section 4.2: 5).
        r: R, nearest posts a modality (footnote 3: 100,000).
        distance: the corpus' own; `cosine`, or `l2_squared` (official code).
        modalities: `both`, or one alone (Figure 4).
        min_words: shorter comments are dropped (official code: 3).
        giveaway_words: comments that hold one are dropped; none in the paper.
        comment_control: `shuffled` gives each post the comments of another one of its split.
        unlabelled_control: `random` replaces the similar posts, not the comments, by posts drawn uniformly.
        seed: of the two controls.
    """

    alpha_rank: int = 10
    alpha_queries: Literal["all", "train"] = "all"
    comment_posts: int = 10
    comments_per_post: int | None = None
    posts: int = 20
    num_comments: int = 5
    r: int = DEFAULT_R
    distance: Literal["cosine", "l2_squared"] = "cosine"
    modalities: Literal["both", "image", "text"] = "both"
    min_words: int = MIN_WORDS
    giveaway_words: tuple[str, ...] = ()
    comment_control: Literal["none", "shuffled"] = "none"
    unlabelled_control: Literal["none", "random"] = "none"
    seed: int = 0
