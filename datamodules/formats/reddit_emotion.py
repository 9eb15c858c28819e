"""Reddit of Emotion: happy, creepy, rage, gore.csv (title, url, ups; id if there is one), images/<id>.jpg or <id>/."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from datamodules.posts import Count, Label, Media, Post
from datamodules.preparing import Converted, Options, Piece, Problem, Raw
from datamodules.preparing.pictures import names_digest, pictures_by_name
from datamodules.preparing.readers import read_table, row_pieces
from datamodules.preparing.records import Card, Ranking
from datamodules.tweets import clean_tweet

SUBREDDITS = {"happy": "joy", "creepy": "fear", "rage": "anger", "gore": "disgust"}  # Section 5.2; order of Table 2
TOP = 1000  # submissions of each subreddit, Section 5.2
MIN_UPS = 100  # of those added to the two smallest classes, Section 5.2; --min_ups
_COLUMNS = ["title", "url", "ups"]
_LICENCE = "none stated; titles and pictures belong to their authors (Duong et al. 2017)"


class Row(msgspec.Struct):
    """What is read of a row."""

    title: str
    url: str
    ups: Count
    id: str | None = None


class Submission(NamedTuple):
    """A row with its own id and its pictures."""

    own: str
    title: str
    ups: int
    pictures: list[str]


def open_layout(raw: Path, options: Options) -> "RedditEmotion":
    """The four subreddits under `raw`; FileNotFoundError or ValueError names the file or column that is missing."""
    options.only("reddit_emotion", "keep_without_pictures", "min_ups")
    _records.cache_clear()  # files may have changed
    files = [raw / file for file in _records(raw, options)]
    card = Card(
        options.name or "reddit_emotion",
        _LICENCE,
        raw,
        raw,
        tuple(files),
        {"emotion": list(SUBREDDITS.values())},
        ranking=Ranking("emotion", "ups"),
        pictures=names_digest(_pictures(raw)),
        options=options,
    )
    return RedditEmotion(card)


@dataclass(frozen=True)
class RedditEmotion:
    """The submissions that the paper's rule takes; the subreddit is the label."""

    card: Card

    def pieces(self) -> list[Piece]:
        return [piece for file, found in self._found().items() for piece in row_pieces(file, len(found))]

    def read(self, piece: Piece) -> Iterator[Raw | Problem]:
        yield from self._found()[piece.file][piece.begin : piece.end]

    def convert(self, raw: Raw) -> Converted | Problem:
        subreddit, submission = Path(raw.file).stem, raw.value
        post = Post(
            f"{self.card.name}/{subreddit}-{submission.own}",
            text=clean_tweet(submission.title) or None,
            media=[Media(path) for path in submission.pictures] or None,
            ups=submission.ups,
            labels=[Label("emotion", SUBREDDITS[subreddit])],
        )
        return Converted(post)

    def refuse(self, post: Post) -> str | None:
        return None if post.media or (self.card.options.keep_without_pictures and post.text) else "no pictures"

    def _found(self) -> dict[str, list[Raw | Problem]]:
        return _records(self.card.root, self.card.options)


def chosen(
    ups: Mapping[str, Mapping[str, int]],
    pictured: Mapping[str, Collection[str]],
    top: int = TOP,
    min_ups: int = MIN_UPS,
) -> dict[str, set[str]]:
    """Ids of each subreddit that count if they have a picture (Section 5.2).

    The `top` with most up-votes, equal ones by id; for the two subreddits with fewest pictured posts among these
    all with at least `min_ups`, too.

    Args:
        ups: subreddit -> id -> up-votes.
        pictured: subreddit -> ids with a picture.
        top: submissions a subreddit.
        min_ups: up-votes of the others.
    """
    best = {name: set(sorted(votes, key=lambda own: (-votes[own], own))[:top]) for name, votes in ups.items()}
    smallest = sorted(best, key=lambda name: len(best[name].intersection(pictured[name])))[:2]
    more = {name: {own for own, count in ups[name].items() if count >= min_ups} for name in smallest}
    return {name: ids | more.get(name, set()) for name, ids in best.items()}


@lru_cache(maxsize=1)
def _records(root: Path, options: Options) -> dict[str, list[Raw | Problem]]:
    """Rows of each file, those that the rule leaves out as problems."""
    pictures = _pictures(root)
    found = {name: _submissions(root, name, pictures[name]) for name in SUBREDDITS}
    votes = {name: {raw.value.own: raw.value.ups for raw in found[name] if isinstance(raw, Raw)} for name in found}
    ids = chosen(votes, pictures, min_ups=MIN_UPS if options.min_ups is None else options.min_ups)
    keep = options.keep_without_pictures
    return {f"{name}.csv": [_judged(raw, ids[name], keep) for raw in found[name]] for name in found}


def _judged(raw: Raw | Problem, ids: Collection[str], keep_without_pictures: bool) -> Raw | Problem:
    if isinstance(raw, Problem):
        return raw
    own, name = raw.value.own, Path(raw.file).stem
    if own not in ids:
        return Problem(raw.file, raw.line, f"{name}-{own}", f"below the top {TOP}: {raw.value.ups} up-votes", "dropped")
    if not raw.value.pictures and not keep_without_pictures:
        return Problem(raw.file, raw.line, f"{name}-{own}", "no pictures", "dropped")
    return raw


def _submissions(root: Path, subreddit: str, pictures: Mapping[str, list[str]]) -> list[Raw | Problem]:
    """All rows of a file; a second one of the same id would take a place among the top."""
    file, found, seen = f"{subreddit}.csv", list[Raw | Problem](), set[str]()
    for row in read_table(root, file, _COLUMNS):
        record = row if isinstance(row, Problem) else _submission(file, *row, pictures)
        if isinstance(record, Raw) and record.value.own in seen:
            own = f"{subreddit}-{record.value.own}"
            record = Problem(file, record.line, own, "duplicate id: the first stays", "dropped")
        elif isinstance(record, Raw):
            seen.add(record.value.own)
        found.append(record)
    return found


def _submission(file: str, line: int, cells: dict[str, str], pictures: Mapping[str, list[str]]) -> Raw | Problem:
    try:
        row = msgspec.convert(cells, Row, strict=False)
        own = _own(row)
    except ValueError as error:  # msgspec's errors are ValueErrors
        return Problem(file, line, cells.get("id"), f"not as expected: {error}")
    return Raw(file, line, Submission(own, row.title, row.ups, pictures.get(own, [])))


def _own(row: Row) -> str:
    """The id, or else the last part of the url's path without its ending; ValueError where that is empty."""
    own = PurePosixPath(urlsplit(row.url).path).stem if row.id is None else row.id
    if not own or own != own.strip():
        raise ValueError(f"id {own!r} is empty or has blanks around it, url {row.url!r}")
    return own


def _pictures(root: Path) -> dict[str, dict[str, list[str]]]:
    """Pictures of each id of each subreddit; those in the subreddit's own folder go first, since ids may clash."""
    shared = pictures_by_name(root, "images", without=SUBREDDITS)
    return {name: shared | pictures_by_name(root, f"images/{name}") for name in SUBREDDITS}
