"""Which of the posts that were read stay, with which words, text, picture and part (DU2MCE, section 4.1)."""

from collections import Counter
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from datamodules.sentences.overlap import joined
from datamodules.timelines.reading import Entries
from datamodules.timelines.repeats import repeats, text_groups
from datamodules.timelines.settings import Shares, Texts
from datamodules.timelines.splits import OUTSIDE, TRAIN, Content, content_keys, draw, heard_before, text_keys
from datamodules.timelines.vocabulary import Vocabulary, known_words


class Arranged(NamedTuple):
    """P posts by the corpus' own numbers; what is missing is -1."""

    row: NDArray[np.int64]  # (P,) which of the prepared posts
    user: NDArray[np.int64]  # (P,) -1 for those without a post in training too
    picture: NDArray[np.int64]
    text: NDArray[np.int64]
    part: NDArray[np.int8]
    lengths: NDArray[np.int32]  # (P,)
    tokens: NDArray[np.int32]  # (T,)
    users: list[str]
    paths: pa.Array
    vocabulary: Vocabulary
    dropped: dict[str, int]  # posts by cause
    counts: dict[str, int]


class _Posts(NamedTuple):
    entries: Entries
    text: NDArray[np.int64]  # (P,) the same for near-duplicates
    part: NDArray[np.int8]

    def keep(self, kept: NDArray[np.bool_]) -> "_Posts":
        return _Posts(self.entries.keep(kept), self.text[kept], self.part[kept])

    def only(self, known: NDArray[np.bool_]) -> "_Posts":
        """With some of their words (T,)."""
        entries = self.entries.only(known)
        return self._replace(entries=entries, text=np.where(entries.lengths > 0, self.text, -1))


def arrange(
    entries: Entries,
    same: NDArray[np.int64],
    texts: Texts,
    shares: Shares,
    seed: int = 0,
    prepared: NDArray[np.int8] | None = None,
) -> Arranged:
    """Drop repeated posts, draw the parts, leave out unknown words, and what training has of test and validation.

    Args:
        entries: posts that were read.
        same: for each path the first one with the same picture.
        texts: max_overlap and min_count.
        shares: which posts are drawn.
        seed: of the draw.
        prepared: part of each prepared post, -1 outside; it is taken as it is, with texts in several parts.

    Raises:
        ValueError: no word occurs often enough, no post is left to learn from, or too few for those drawn.
    """
    dropped, counts = Counter[str](), dict[str, int]()
    users = np.unique(entries.user[entries.user >= 0])
    posts = _without_repeats(entries, same, texts.max_overlap, dropped)
    if prepared is None:
        part, counts = draw(_content(posts, seed), shares)
    else:
        part = prepared[posts.entries.row]
        dropped["outside_split"] = int((part == OUTSIDE).sum())
    posts = posts._replace(part=part).keep(part != OUTSIDE)
    vocabulary = known_words(posts.entries, posts.part == TRAIN, texts.min_count)
    posts, counts["texts_of_unknown_words"] = _known(posts, vocabulary)
    posts = _with_content(posts, dropped, "unknown_words_only")
    posts = posts._replace(text=_identities(posts, texts.max_overlap))
    heard = heard_before(posts.text, posts.part)
    counts["texts_in_several_parts"] = int(heard.sum())
    if prepared is None:
        posts = _with_content(posts.only(~np.repeat(heard, posts.entries.lengths)), dropped, "text_in_training")
    else:
        counts["pictures_in_several_parts"] = int(heard_before(posts.entries.picture, posts.part).sum())
    if len(same):
        counts["files_of_one_picture_at_most"] = int(np.bincount(same).max())
    counts["users_without_posts"] = int((~np.isin(users, posts.entries.user)).sum())
    return _numbered(posts, vocabulary, dict(dropped), counts)


def _without_repeats(entries: Entries, same: NDArray[np.int64], most: float, dropped: Counter[str]) -> _Posts:
    """Posts with content that do not repeat their user's; equal ones count apart from those that nearly are."""
    told = (entries.lengths > 0) | (entries.picture >= 0)
    dropped["empty"] = int((~told).sum())
    entries, text = entries.keep(told), np.zeros(0, np.int64)
    for cause, share, first in (("duplicate", 1.0, np.arange(len(same))), ("near_duplicate", most, same)):
        entries = entries._replace(picture=np.append(first, -1)[entries.picture])
        text = text_groups(entries.tokens, entries.lengths, share)
        again = repeats(entries.user, text, entries.picture)
        entries, text = entries.keep(~again), text[~again]
        dropped[cause] = int(again.sum())
    return _Posts(entries, text, np.full(len(text), OUTSIDE, np.int8))


def _with_content(posts: _Posts, dropped: Counter[str], cause: str) -> _Posts:
    kept = (posts.text >= 0) | (posts.entries.picture >= 0)
    dropped[cause] = int((~kept).sum())
    return posts.keep(kept)


def _content(posts: _Posts, seed: int) -> Content:
    entries = posts.entries
    picture, _, paths = _compact(entries.picture)
    text, first, _ = _compact(posts.text)
    word_keys = content_keys(entries.words.to_pylist(), seed)
    return Content(
        entries.user,
        picture,
        text,
        content_keys(entries.paths.take(pa.array(paths)).to_pylist(), seed),
        text_keys(entries.tokens, entries.lengths, first, word_keys),
    )


def _known(posts: _Posts, vocabulary: Vocabulary) -> tuple[_Posts, int]:
    """Posts with known words by their final numbers, and how many texts had none."""
    told = int((posts.text >= 0).sum())
    tokens = vocabulary.number[posts.entries.tokens]
    posts = posts._replace(entries=posts.entries._replace(tokens=tokens)).only(tokens >= 0)
    return posts, told - int((posts.text >= 0).sum())


def _identities(posts: _Posts, most: float) -> NDArray[np.int64]:
    """Groups of texts that are near-duplicates with unknown words or without them: these are equal to a model."""
    told = np.flatnonzero(posts.text >= 0)
    after = text_groups(posts.entries.tokens, posts.entries.lengths, most)[told]
    before, first, _ = _compact(posts.text)
    pairs = [np.stack([told, other], axis=1) for other in (after, first[before[told]])]
    return np.where(posts.text >= 0, joined(np.concatenate(pairs), len(posts.text)), -1)


def _numbered(posts: _Posts, vocabulary: Vocabulary, dropped: dict[str, int], counts: dict[str, int]) -> Arranged:
    entries, train = posts.entries, posts.part == TRAIN
    if not train.any():
        raise ValueError(f"no post is left to learn from, dropped: {dropped}; take fewer for testing or more posts")
    known = np.unique(entries.user[train & (entries.user >= 0)])
    number = np.full(len(entries.users) + 1, -1, np.int64)  # the last row is that of nobody
    number[known] = np.arange(len(known))
    counts["users_without_training"] = np.setdiff1d(entries.user[entries.user >= 0], known).size
    picture, _, paths = _compact(entries.picture)
    return Arranged(
        row=entries.row,
        user=number[entries.user],
        picture=picture,
        text=_compact(posts.text)[0],
        part=posts.part,
        lengths=entries.lengths,
        tokens=entries.tokens,
        users=[entries.users[user] for user in known.tolist()],
        paths=entries.paths.take(pa.array(paths)),
        vocabulary=vocabulary,
        dropped=dropped,
        counts=counts,
    )


def _compact(values: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.integer]]:
    """Numbers from 0 on in their place (P,), where each is first (N,), and what it was (N,); -1 stays."""
    labels, first, numbers = np.unique(values, return_index=True, return_inverse=True)
    missing = int((labels < 0).sum())
    return numbers - missing, first[missing:], labels[missing:]
