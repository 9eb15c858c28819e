"""Prepared posts as arrays: who posted which picture with which words (DU2MCE, section 4.1)."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from datamodules.posts import Posts
from datamodules.timelines.settings import Accounts
from datamodules.timelines.texts import TextPipeline, Words
from encoders.progress import Progress


class Entries(NamedTuple):
    """P posts; what is missing is -1."""

    row: NDArray[np.int64]  # (P,) which of the prepared posts; several entries are of one that has descriptions
    user: NDArray[np.int32]  # (P,) which of `users`
    picture: NDArray[np.int32]  # (P,) which of `paths`
    lengths: NDArray[np.int32]  # (P,) words of each post
    tokens: NDArray[np.int32]  # (T,) which of `words`, post after post
    users: list[str]
    paths: pa.Array  # distinct strings, in order of their first occurrence
    words: pa.Array  # distinct strings

    def keep(self, kept: NDArray[np.bool_]) -> "Entries":
        """Some of the posts (P,), with the same users, paths and words."""
        tokens = self.tokens[np.repeat(kept, self.lengths)]
        columns: dict[str, Any] = {name: getattr(self, name)[kept] for name in ("row", "user", "picture", "lengths")}
        return self._replace(tokens=tokens, **columns)

    def only(self, known: NDArray[np.bool_]) -> "Entries":
        """All posts with some of their words (T,)."""
        post = np.repeat(np.arange(len(self.lengths)), self.lengths)
        lengths = np.bincount(post[known], minlength=len(self.lengths)).astype(np.int32)
        return self._replace(lengths=lengths, tokens=self.tokens[known])


class Chunk(NamedTuple):
    """Some of the posts, with words by a numbering of their own."""

    row: NDArray[np.int64]
    user: NDArray[np.int32]
    path: pa.Array  # null where there is none
    words: Words


def read(
    posts: Posts, accounts: Accounts, pipeline: TextPipeline, progress: Progress
) -> tuple[Entries, dict[str, int], dict[str, int]]:
    """Read the posts of accounts that have enough of them; posts may lack picture and text.

    A post is its text with its first picture; each description of its media is a post of its own, with that picture.

    Returns:
        Entries, what was read (posts, users, users_taken), and posts dropped by cause (small_account, no_account).
    """
    numbers, read, dropped = _accounts(posts, accounts.min_posts)
    chunks, begin = list[Chunk](), 0
    for batch in posts.batches(["user", "text", "media"]):
        entries = list(_entries(batch, begin, numbers, accounts.min_posts == 0))
        row, user, path, text = zip(*entries, strict=True) if entries else ((), (), (), ())
        arrays = np.array(row, np.int64), np.array(user, np.int32), pa.array(path, pa.string())
        chunks.append(Chunk(*arrays, pipeline(text)))
        begin += len(batch["user"])
        progress(begin, len(posts))
    return _joined(chunks, list(numbers)), read, dropped


def _accounts(posts: Posts, min_posts: int) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Numbers of the users who are taken, by their first post; counts of what is read and of what is dropped."""
    times = Counter[str | None]()
    for batch in posts.batches(["user"], 100_000):
        times.update(batch["user"])
    nobody = times.pop(None, 0)
    taken = [user for user, count in times.items() if user is not None and count >= min_posts]
    lost = times.total() - sum(times[user] for user in taken)
    read = {"posts": len(posts), "users": len(times), "users_taken": len(taken)}
    dropped = {"small_account": lost, "no_account": nobody if min_posts else 0}
    return {user: number for number, user in enumerate(taken)}, read, dropped


def _entries(
    batch: dict[str, list[Any]], begin: int, numbers: dict[str, int], nobodys: bool
) -> Iterator[tuple[int, int, str | None, str]]:
    """Row, number of the user, path and text of each entry of some posts."""
    for row, (user, text, media) in enumerate(zip(batch["user"], batch["text"], batch["media"], strict=True), begin):
        number = numbers.get(user, -1)
        if number < 0 and not (user is None and nobodys):
            continue
        shown = [(medium["path"] if medium["kind"] == "image" else None, medium) for medium in media or []]
        said = [(path, text) for path, medium in shown for text in medium["descriptions"] or []]
        if (text and not text.isspace()) or not said:
            yield row, number, next((path for path, _ in shown if path is not None), None), text or ""
        for path, description in said:
            yield row, number, path, description


def _joined(chunks: list[Chunk], users: list[str]) -> Entries:
    """One set of arrays, with one numbering of all chunks' words and one of their paths."""
    picture, paths = _numbered(pa.chunked_array([chunk.path for chunk in chunks], pa.string()))
    coded = pa.chunked_array(
        [pa.DictionaryArray.from_arrays(pa.array(chunk.words.numbers), chunk.words.words) for chunk in chunks],
        pa.dictionary(pa.int32(), pa.string()),
    ).unify_dictionaries()
    return Entries(
        row=_one([chunk.row for chunk in chunks], np.int64),
        user=_one([chunk.user for chunk in chunks], np.int32),
        picture=picture,
        lengths=_one([chunk.words.lengths for chunk in chunks], np.int32),
        tokens=_one([chunk.indices.to_numpy() for chunk in coded.chunks], np.int32),
        users=users,
        paths=paths,
        words=coded.chunk(0).dictionary if coded.num_chunks else pa.array([], pa.string()),
    )


def _numbered(values: pa.ChunkedArray) -> tuple[NDArray[np.int32], pa.Array]:
    """Which of the distinct values each is, -1 for null, and these."""
    coded = values.cast(pa.large_string()).combine_chunks().dictionary_encode()  # all paths may be over 2 GB
    return coded.indices.fill_null(-1).to_numpy().astype(np.int32), coded.dictionary


def _one(parts: list[NDArray], dtype: type[np.generic]) -> NDArray:
    return np.concatenate(parts) if parts else np.zeros(0, dtype)
