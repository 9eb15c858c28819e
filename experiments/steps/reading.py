"""Posts, row by row, for stages that go over a whole data set once."""

from collections.abc import Iterator
from typing import Any

from datamodules.posts import Posts

CHUNK = 10_000  # posts read at a time


def rows_of(posts: Posts) -> Iterator[dict[str, Any]]:
    """Every post as a dict of the schema's columns, in order."""
    for start in range(0, len(posts), CHUNK):
        yield from posts.rows(posts.ids[start : start + CHUNK])


def comments_of(row: dict[str, Any]) -> list[str]:
    """Texts of a post's comments, in order."""
    return [comment["text"] for comment in row["comments"] or [] if comment["text"]]
