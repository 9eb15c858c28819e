"""Which part each post is in: pictures first, then the texts of posts without one (DU2MCE, section 4.1).

What is drawn are units, so that copies are never torn apart: a picture with all its posts, a text with all posts that
say nearly the same. Their order is by a hash of seed and content, so that one post more moves few others.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datamodules.timelines.settings import Shares

PARTS = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = range(3)
OUTSIDE = -1  # of a prepared split


class Content(NamedTuple):
    """P posts of N pictures and M texts; what is missing is -1."""

    user: NDArray[np.int32]  # (P,)
    picture: NDArray[np.int64]  # (P,) in [0, N)
    text: NDArray[np.int64]  # (P,) in [0, M)
    picture_keys: NDArray[np.uint64]  # (N,) random numbers
    text_keys: NDArray[np.uint64]  # (M,)


def draw(posts: Content, shares: Shares) -> tuple[NDArray[np.int8], dict[str, int]]:
    """Part of each post, (P,), and how many posts went to training since their users had none there.

    By pictures: of all distinct pictures the shares are drawn, and then so many texts of posts without a picture that
    these posts are the shares of *all* posts, as Table 1 has it, or all there are, in the shares' proportion. A text
    that posts with pictures say as well is not drawn: it goes where they are, of several parts to the earliest.
    With `validation_posts` pictures and texts are drawn alike until they make up so many posts.

    By texts: of each picture's texts, and of those without one, the shares are drawn; a text belongs to the picture it
    came with first. Posts without text are in training.

    Whoever has no post in training gets the smallest unit of theirs there.

    Raises:
        ValueError: `validation_posts` is more than half of the posts.
    """
    if shares.by == "texts":
        unit, parts = _by_texts(posts, shares)
    elif shares.validation_posts is not None:
        unit, parts = _by_count(posts, shares.validation_posts)
    else:
        unit, parts = _by_pictures(posts, shares)
    moved_users, moved_posts = _give_back(posts.user, unit, parts)
    return parts[unit], {"users_moved": moved_users, "posts_moved": moved_posts}


def heard_before(text: NDArray[np.integer], part: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Which posts (P,) have a text that is in a part of more weight: training, then test, then validation."""
    has = np.zeros((int(text.max(initial=-1)) + 2, len(PARTS)), bool)  # the last row is that of no text
    has[text, part] = True
    has[-1] = False
    return ((part != TRAIN) & has[text, TRAIN]) | ((part == VALIDATION) & has[text, TEST])


def content_keys(names: Sequence[str], seed: int) -> NDArray[np.uint64]:
    """A random number for each name, (N,), the same for the same seed and name."""
    digests = b"".join(hashlib.sha256(f"{seed} {name}".encode()).digest()[:8] for name in names)
    return np.frombuffer(digests, "<u8")


def text_keys(
    tokens: NDArray[np.int32], lengths: NDArray[np.int32], chosen: NDArray[np.int64], word_keys: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """A random number for each chosen text by its words alone, (M,)."""
    running = np.concatenate([np.zeros(1, np.uint64), np.cumsum(word_keys[tokens], dtype=np.uint64)])
    ends = np.cumsum(lengths, dtype=np.int64)
    return running[ends[chosen]] - running[ends[chosen] - lengths[chosen]]


def _by_pictures(posts: Content, shares: Shares) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Unit of each post (P,) and part of each unit (N + M,): pictures, then texts."""
    count = len(posts.picture_keys)
    unit, tied = _units(posts)
    parts = np.zeros(count + len(tied), np.int8)
    pictures = posts.picture_keys.argsort(kind="stable")
    test, both = round(shares.test * count), round((shares.test + shares.validation) * count)
    parts[pictures[:test]], parts[pictures[test:both]] = TEST, VALIDATION
    _follow(posts, parts, tied)
    sizes = np.bincount(unit, minlength=len(parts))[count:]  # posts without a picture by their texts
    there = np.array([sizes[tied & (parts[count:] == part)].sum() for part in (TEST, VALIDATION)])
    wanted = np.maximum(np.array([shares.test, shares.validation]) * len(unit) - there, 0)
    wanted *= min(1, sizes[~tied].sum() / max(wanted.sum(), 1))
    texts = _ordered(posts.text_keys, ~tied)
    reached = np.cumsum(sizes[texts])
    # half a post: shares of whole numbers may come out a little below
    parts[count + texts[reached <= wanted.sum() + 0.5]] = VALIDATION
    parts[count + texts[reached <= wanted[0] + 0.5]] = TEST
    return unit, parts


def _by_count(posts: Content, wanted: int) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """The same, with so many posts for validation."""
    if 2 * wanted > len(posts.user):
        raise ValueError(
            f"{len(posts.user):,} posts are too few to draw {wanted:,} for validation and have as many left; take "
            f"validation_posts of at most {len(posts.user) // 2:,}"
        )
    unit, tied = _units(posts)
    free = np.concatenate([np.ones(len(posts.picture_keys), bool), ~tied])
    parts = np.zeros(len(free), np.int8)
    order = _ordered(np.concatenate([posts.picture_keys, posts.text_keys]), free)
    parts[order[np.cumsum(np.bincount(unit, minlength=len(parts))[order]) <= wanted]] = VALIDATION
    _follow(posts, parts, tied)
    return unit, parts


def _units(posts: Content) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Unit of each post (P,), pictures and then texts of posts without one; which texts (M,) have pictures as well."""
    shown = posts.picture >= 0
    tied = np.zeros(len(posts.text_keys), bool)
    tied[posts.text[shown & (posts.text >= 0)]] = True
    return np.where(shown, posts.picture, len(posts.picture_keys) + posts.text), tied


def _follow(posts: Content, parts: NDArray[np.int8], tied: NDArray[np.bool_]) -> None:
    """Put texts that posts with pictures have where these are: training, then validation, then test."""
    shown = (posts.picture >= 0) & (posts.text >= 0)
    earliest = np.full(len(tied), TEST, np.int8)
    np.minimum.at(earliest, posts.text[shown], parts[posts.picture[shown]])
    parts[len(posts.picture_keys) :][tied] = earliest[tied]


def _by_texts(posts: Content, shares: Shares) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Unit of each post (P,), the last for posts without text, and part of each unit (M + 1,)."""
    count = len(posts.text_keys)
    parts = np.zeros(count + 1, np.int8)
    texts, first = np.unique(posts.text, return_index=True)
    owner = np.full(count, -1)
    owner[texts[texts >= 0]] = posts.picture[first[texts >= 0]]
    order = np.lexsort((posts.text_keys, owner))
    _, begin, size = np.unique(owner[order], return_index=True, return_counts=True)
    rank = np.arange(count) - np.repeat(begin, size)
    # rounded up or down by chance, so that the shares hold for pictures of few texts too
    keys = np.append(posts.picture_keys, np.uint64(2**63))  # the last for those without a picture
    chance = keys[owner[order]] / 2**64
    size = np.repeat(size, size)
    parts[order[rank < np.floor((shares.test + shares.validation) * size + chance)]] = VALIDATION
    parts[order[rank < np.floor(shares.test * size + chance)]] = TEST
    return np.where(posts.text >= 0, posts.text, count), parts


def _give_back(user: NDArray[np.int32], unit: NDArray[np.int64], parts: NDArray[np.int8]) -> tuple[int, int]:
    """Move a unit to training for every user who has none there; count such users, and posts that moved."""
    sizes = np.bincount(unit, minlength=len(parts))
    known = np.flatnonzero(user >= 0)
    order = known[user[known].argsort(kind="stable")]
    counts = np.bincount(user[known])
    ends = np.cumsum(counts)
    there = np.zeros(len(counts), bool)
    there[user[known[parts[unit[known]] == TRAIN]]] = True
    users = posts = 0
    for one in np.flatnonzero((counts > 0) & ~there).tolist():
        mine = unit[order[ends[one] - counts[one] : ends[one]]]
        if (parts[mine] == TRAIN).any():  # moved for somebody else
            continue
        least = mine[sizes[mine].argmin()]
        parts[least] = TRAIN
        users, posts = users + 1, posts + int(sizes[least])
    return users, posts


def _ordered(keys: NDArray[np.uint64], chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The chosen ones by their keys."""
    rows = np.flatnonzero(chosen)
    return rows[keys[rows].argsort(kind="stable")]
