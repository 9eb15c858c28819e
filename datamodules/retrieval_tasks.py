"""Which queries a part of the timelines asks, and what is true of them (DU2MCE, sections 4.1 and 4.2)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datamodules.timelines import Timelines
from encoders.tasks import TASKS

WITHOUT_PICTURE = "without_picture"  # what `text_queries` of a corpus says where posts with a picture ask no text


class RetrievalTask(NamedTuple):
    """Q queries over a gallery of G items, and the items that are true of each."""

    name: str  # modality of the queries, then that of the gallery
    queries: NDArray[np.int64]  # (Q,) post that stands for each query
    true: NDArray[np.int64]  # (N,) places in the gallery in [0, G), query after query
    offsets: NDArray[np.int64]  # (Q + 1,) those of query q are true[offsets[q] : offsets[q + 1]]
    gallery_size: int  # G
    unknown_users: int = 0  # pairs that are left out, since their user is not in the table


class Retrieval(NamedTuple):
    """All that is asked of a part."""

    texts: NDArray[np.int64]  # (G,) post that stands for each text of the gallery; empty where no task has one
    pictures: NDArray[np.int64]  # likewise for pictures
    tasks: list[RetrievalTask]


class Pairs(NamedTuple):
    """Distinct pairs of identities that occur in one post, by the first one's number."""

    query: NDArray[np.int64]  # (N,)
    item: NDArray[np.int64]  # (N,)


class HeldOut(NamedTuple):
    """The P posts of a part; -1 where something is missing."""

    posts: NDArray[np.int64]  # (P,) their places in the corpus
    picture: NDArray[np.int64]
    text: NDArray[np.int64]
    user: NDArray[np.int64]
    asks_text: NDArray[np.bool_]  # whose text is a query for users
    users: int  # K, size of the table


def retrieval_tasks(
    corpus: Timelines, part: str, names: Sequence[str], identities: Callable[[NDArray[np.integer]], NDArray[np.int64]]
) -> Retrieval:
    """The named tasks of a part.

    Queries are distinct texts or pictures, in the order of their numbers; several items may be true of one. Of the
    pairs of picture and text at most `pairs` of the corpus' settings are drawn, once for all runs (Section 4.1: 5,000);
    their texts and pictures are the galleries.

    Args:
        corpus: timelines.
        part: "validation" or "test".
        names: "text_user", "image_text", "image_user", "text_image".
        identities: a picture's number, or -1 where it has no features.

    Raises:
        ValueError: no such task; names the known ones.
    """
    unknown = [name for name in names if name not in (*TASKS, "text_image")]
    if unknown:
        raise ValueError(f"no task {unknown[0]!r}; there are {', '.join((*TASKS, 'text_image'))}")
    found = _held_out(corpus, part, identities)
    shares = corpus.info["settings"]["shares"]
    pairs = _drawn(_pairs(found.picture, found.text), shares["pairs"], corpus.info["settings"]["seed"])
    pictures, texts = np.unique(pairs.query), np.unique(pairs.item)
    tasks = {
        "text_user": lambda: _of_users("text_user", found, np.where(found.asks_text, found.text, -1)),
        "image_user": lambda: _of_users("image_user", found, found.picture),
        "image_text": lambda: _task("image_text", found, found.picture, pairs, texts),
        "text_image": lambda: _task("text_image", found, found.text, _turned(pairs), pictures),
    }
    no_posts = np.zeros(0, np.int64)
    return Retrieval(
        _stand_ins(found, found.text, texts) if "image_text" in names else no_posts,
        _stand_ins(found, found.picture, pictures) if "text_image" in names else no_posts,
        [tasks[name]() for name in names],
    )


def _held_out(corpus: Timelines, part: str, identities: Callable[[NDArray[np.integer]], NDArray[np.int64]]) -> HeldOut:
    posts = corpus.rows(part)
    picture, text, user = (column[posts].astype(np.int64) for column in (corpus.picture, corpus.text, corpus.user))
    asks = (picture < 0) | (corpus.info["text_queries"] != WITHOUT_PICTURE)
    return HeldOut(posts, identities(picture), text, user, asks, len(corpus.users))


def _pairs(query: NDArray[np.int64], item: NDArray[np.int64]) -> Pairs:
    """Distinct pairs of which both sides are there."""
    both = (query >= 0) & (item >= 0)
    width = int(item.max(initial=0)) + 1
    key = np.unique(query[both] * width + item[both])
    return Pairs(key // width, key % width)


def _drawn(pairs: Pairs, count: int, seed: int) -> Pairs:
    """`count` pairs drawn evenly, with every further pair of their two sides: it is true as well."""
    if len(pairs.query) <= count:
        return pairs
    chosen = np.random.default_rng([seed, count]).choice(len(pairs.query), count, replace=False)
    kept = np.isin(pairs.query, pairs.query[chosen]) & np.isin(pairs.item, pairs.item[chosen])
    return Pairs(pairs.query[kept], pairs.item[kept])


def _turned(pairs: Pairs) -> Pairs:
    order = np.lexsort((pairs.query, pairs.item))
    return Pairs(pairs.item[order], pairs.query[order])


def _of_users(name: str, part: HeldOut, query: NDArray[np.int64]) -> RetrievalTask:
    """A task whose gallery is the table of users."""
    task = _task(name, part, query, _pairs(query, part.user), np.arange(part.users))
    return task._replace(unknown_users=int(((query >= 0) & (part.user < 0)).sum()))


def _task(
    name: str, part: HeldOut, identity: NDArray[np.int64], pairs: Pairs, gallery: NDArray[np.int64]
) -> RetrievalTask:
    """Pairs in the order of their queries as a task; the gallery's identities are sorted."""
    queries, counts = np.unique(pairs.query, return_counts=True)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    true = np.searchsorted(gallery, pairs.item)
    return RetrievalTask(name, _stand_ins(part, identity, queries), true, offsets, len(gallery))


def _stand_ins(part: HeldOut, identity: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first post of the part that has each of the wanted identities, which are sorted."""
    there, first = np.unique(identity, return_index=True)
    return part.posts[first[np.searchsorted(there, wanted)]]
