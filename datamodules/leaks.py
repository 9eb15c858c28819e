"""Posts that occur twice: in two splits, or in a benchmark and in the corpus that is searched for it."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from itertools import permutations
from pathlib import Path
from typing import Any, NamedTuple

import imagehash
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from datamodules.posts import SPLIT, Posts
from datamodules.tweets import normalised
from encoders.atomic import replacing
from encoders.pictures import open_picture

DISTANCE = 2  # bits of 64: recompressed or resized copies are within, other pictures from 20 on
MIN_WORDS = 3  # shorter texts ("good morning") are alike without being copies
MIN_ID = 9  # characters; shorter own ids (1, 2, 3, ...) mean nothing outside their own data set
_BANDS = ((0, 22), (22, 21), (43, 21))  # shift, bits: hashes within 2 bits agree on one of three bands
_COLUMNS = ["id", "text", "media"]
RANK = {"train": 0, "validation": 1, "test": 2}


class Copy(NamedTuple):
    """A post of the corpus that is a post of the benchmark, and how it was recognised."""

    benchmark: str
    corpus: str
    by: str  # id, picture, text or group


class Marks(NamedTuple):
    """What some posts can be recognised by."""

    ids: list[str]
    own: list[str]
    texts: list[str]  # "" where too short to tell
    hashes: np.ndarray  # (P,) uint64, of all pictures of all posts
    owners: np.ndarray  # (P,) int64, whose they are


class Groups(NamedTuple):
    """Posts that a file puts into groups."""

    members: dict[str, list[str]]  # group -> ids of the set's posts
    named: int  # ids in the file
    known: int  # of these, posts of the set


def leaks(benchmark: Posts, corpus: Posts) -> dict[str, set[str]]:
    """For each benchmark post that occurs in the corpus, by id, picture or text: the ids it has there."""
    found: dict[str, set[str]] = {}
    for copy in copies(benchmark, corpus):
        found.setdefault(copy.benchmark, set()).add(copy.corpus)
    return found


def copies(benchmark: Posts, corpus: Posts) -> Iterator[Copy]:
    """The same, copy by copy; the corpus is walked through once and may be of any length."""
    known = _joined([_marks(benchmark, batch) for batch in benchmark.batches(_COLUMNS)])
    for batch in corpus.batches(_COLUMNS):
        yield from _matches(known, _marks(corpus, batch))


def split_copies(posts: Posts, protocol: str = "paper") -> Iterator[Copy]:
    """Each post that occurs in a later part too (train < validation < test), with its copy there."""
    part = {post: name for name, ids in posts.split(protocol).items() for post in ids}
    every = _joined([_marks(posts, batch) for batch in posts.batches(_COLUMNS)])
    for copy in _matches(every, every):
        first, second = part.get(copy.benchmark), part.get(copy.corpus)
        if first is not None and second is not None and RANK[first] < RANK[second]:
            yield copy


def read_groups(posts: Posts, path: Path) -> Groups:
    """Read which posts belong together: a header `id<tab>group`, then lines of own id, tab, group.

    Raises:
        ValueError: there is no header, a line is no such pair (names file and line), or no id is one of the set's.
    """
    header, *lines = path.read_text("utf-8").splitlines() or [""]
    if header.split("\t")[0] != "id":
        raise ValueError(f"{path}, line 1: {header!r} is no header id<tab>group; put one before the first post")
    own_name, there = posts.info["name"], set(posts.ids)
    members: dict[str, list[str]] = {}
    named: dict[str, None] = {}
    for number, line in enumerate(lines, start=2):
        own, tab, group = line.partition("\t")
        if not (own and tab and group):
            raise ValueError(f"{path}, line {number}: {line!r} is no id<tab>group")
        named[own] = None
        if f"{own_name}/{own}" in there:
            members.setdefault(group, []).append(f"{own_name}/{own}")
    if not members:
        ours = next((post.partition("/")[2] for post in posts.ids), "")
        examples = f"its ids are like {next(iter(named), '')!r}, the posts' like {ours!r}"
        raise ValueError(f"{path}: no id is of a post of {posts.folder}; {examples}")
    return Groups(members, len(named), sum(f"{own_name}/{own}" in there for own in named))


def grouped_copies(posts: Posts, groups: Groups, protocol: str = "paper") -> Iterator[Copy]:
    """The same as `split_copies`, of posts in one group."""
    part = {post: name for name, ids in posts.split(protocol).items() for post in ids}
    for ids in groups.members.values():
        known = [post for post in ids if post in part]
        for first, second in permutations(known, 2):
            if RANK[part[first]] < RANK[part[second]]:
                yield Copy(first, second, "group")


def write_apart(posts: Posts, found: Iterable[Copy], name: str, protocol: str = "paper") -> int:
    """Write split `name`: `protocol` without the later ones of the copies; return how many those are."""
    later = {copy.corpus for copy in found}
    rows = [(post, part) for part, ids in posts.split(protocol).items() for post in ids if post not in later]
    columns = [list(column) for column in zip(*rows, strict=True)]
    with replacing(posts.folder / "splits" / f"{name}.parquet") as path:
        pq.write_table(pa.table(columns, schema=SPLIT), path, compression="zstd")
    return len(later)


def picture_hash(path: Path) -> int | None:
    """64-bit perceptual hash of a picture (pHash); None where it can't be read."""
    try:
        picture = open_picture(path, draft=128)  # a JPEG at a fraction of its size: ten times as fast
    except ValueError:
        return None
    bits = imagehash.phash(picture).hash
    return int.from_bytes(np.packbits(bits.flatten()).tobytes(), "big")


def _marks(posts: Posts, batch: dict[str, list[Any]]) -> Marks:
    hashes, owners = [], []
    for owner, media in enumerate(batch["media"]):
        for medium in media or []:
            if medium["kind"] == "image" and medium["path"] is not None:
                found = picture_hash(Path(posts.info["media_root"], medium["path"]))
                if found is not None:
                    hashes.append(found)
                    owners.append(owner)
    texts = [normalised(text or "") for text in batch["text"]]
    return Marks(
        batch["id"],
        [post.partition("/")[2] for post in batch["id"]],
        [text if len(text.split()) >= MIN_WORDS else "" for text in texts],
        np.array(hashes, np.uint64),
        np.array(owners, np.int64),
    )


def _joined(marks: list[Marks]) -> Marks:
    starts = np.cumsum([0, *(len(mark.ids) for mark in marks)])
    return Marks(
        [post for mark in marks for post in mark.ids],
        [own for mark in marks for own in mark.own],
        [text for mark in marks for text in mark.texts],
        np.concatenate([np.zeros(0, np.uint64), *(mark.hashes for mark in marks)]),
        np.concatenate(
            [np.zeros(0, np.int64), *(mark.owners + start for mark, start in zip(marks, starts, strict=False))]
        ),
    )


def _matches(left: Marks, right: Marks) -> Iterator[Copy]:
    for by, ours, theirs in (
        ("id", left.ids, right.ids),
        ("id", left.own, right.own),
        ("text", left.texts, right.texts),
    ):
        places: dict[str, list[int]] = {}
        for position, value in enumerate(ours):
            if value and (by == "text" or len(value) >= MIN_ID or ours is left.ids):
                places.setdefault(value, []).append(position)
        for position, value in enumerate(theirs):
            for found in places.get(value, ()):
                yield Copy(left.ids[found], right.ids[position], by)
    for first, second in near(left.hashes, right.hashes):
        yield Copy(left.ids[left.owners[first]], right.ids[right.owners[second]], "picture")


def near(left: np.ndarray, right: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs of positions in two arrays of 64-bit hashes, at most `DISTANCE` bits apart; a pair may come thrice."""
    for shift, bits in _BANDS:
        mask = np.uint64(2**bits - 1)
        keys = (right >> np.uint64(shift)) & mask
        order = np.argsort(keys, kind="stable")
        wanted = (left >> np.uint64(shift)) & mask
        begin, end = np.searchsorted(keys[order], wanted, "left"), np.searchsorted(keys[order], wanted, "right")
        for position in np.flatnonzero(end > begin):
            there = order[begin[position] : end[position]]
            close = there[np.bitwise_count(right[there] ^ left[position]) <= DISTANCE]
            yield from ((int(position), int(other)) for other in close)


def report(found: Iterable[Copy]) -> str:
    """Counts by way of recognition, and some examples."""
    unique = sorted(set(found))
    lines = [f"{len({copy.benchmark for copy in unique}):,} posts occur twice"]
    for by in ("id", "picture", "text", "group"):
        pairs = [copy for copy in unique if copy.by == by]
        if by == "group" and not pairs:
            continue
        shown = ", ".join(f"{copy.benchmark} = {copy.corpus}" for copy in pairs[:3])
        lines.append(f"  by {by}: {len(pairs):,} pairs" + (f", such as {shown}" if pairs else ""))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Command line: one folder, its splits; two folders, benchmark and corpus. 1 after an error."""
    parser = argparse.ArgumentParser(prog="python -m datamodules.leaks", description=__doc__, allow_abbrev=False)
    parser.add_argument("benchmark", metavar="A", type=Path, help="prepared data set")
    parser.add_argument(
        "corpus", metavar="B", type=Path, nargs="?", help="prepared corpus; else A's splits are compared"
    )
    parser.add_argument("--groups", type=Path, help="take A's copies from this file: header id<tab>group, own ids")
    parser.add_argument("--apart", metavar="NAME", help="write A's split `paper` without later copies as split NAME")
    given = parser.parse_args(arguments)
    try:
        posts = Posts(given.benchmark)
        if given.corpus:
            print(report(copies(posts, Posts(given.corpus))))
        groups = read_groups(posts, given.groups) if given.groups else None
        if groups:
            print(f"{given.groups}: {groups.known:,} of {groups.named:,} ids are posts of {posts.folder}")
        for protocol in ["paper"] if given.apart or groups else [] if given.corpus else posts.protocols:
            found = list(grouped_copies(posts, groups) if groups else split_copies(posts, protocol))
            print(f"split {protocol}: {report(found)}")
            if given.apart:
                print(f"split {given.apart}: without {write_apart(posts, found, given.apart):,} posts")
    except (OSError, ValueError) as error:
        print(f"leaks: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
