"""Flickr of Emotion: <emotion>*.csv (number, url, disagree, agree; no header), texts.csv, images/<photo>.jpg."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from datamodules.posts import Label, Media, Post
from datamodules.preparing import Converted, Options, Piece, Problem, Raw
from datamodules.preparing.language import language
from datamodules.preparing.pictures import names_digest, pictures_by_name
from datamodules.preparing.readers import is_utf8, read_csv, read_table, row_pieces
from datamodules.preparing.records import Card, Ranking
from datamodules.tweets import clean_tweet

EMOTIONS = ["amusement", "anger", "awe", "contentment", "disgust", "excitement", "fear", "sadness"]  # Table 2
MIN_WORDS = 6  # of title and description together: more than 5, Section 5.2
MIN_WORKERS = 5  # a picture: at least 5, Section 5.2
_TEXTS = "texts.csv"
_COLUMNS = ["photo", "title", "description"]
_LICENCE = "none stated; photographs and texts belong to their Flickr owners (You et al. 2016, Duong et al. 2017)"
_Workers = Annotated[int, msgspec.Meta(ge=0, le=10**9)]


class Vote(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """A row of You et al.: workers who said that the picture shows the file's emotion, and who denied it."""

    number: str
    url: str
    disagree: _Workers
    agree: _Workers


class Photo(msgspec.Struct):
    """What all files say of a photo."""

    own: str
    name: str  # base name of its first url, without the ending
    agree: dict[str, int] = msgspec.field(default_factory=dict)
    disagree: dict[str, int] = msgspec.field(default_factory=dict)
    texts: tuple[str, str] | None = None  # title, description
    picture: str | None = None


def open_layout(raw: Path, options: Options) -> "FlickrEmotion":
    """The eight emotions under `raw` or `raw/agg`; FileNotFoundError or ValueError names what is missing."""
    options.only("flickr_emotion", "language", "language_model", "keep_without_pictures")
    _records.cache_clear()  # files may have changed
    files = [raw / file for file in _records(raw)]
    card = Card(
        options.name or "flickr_emotion",
        _LICENCE,
        raw,
        raw,
        tuple(files),
        {"emotion": EMOTIONS},
        ranking=Ranking("emotion", "count"),
        pictures=names_digest(pictures_by_name(raw, "images")),
        options=options,
    )
    return FlickrEmotion(card)


@dataclass(frozen=True)
class FlickrEmotion:
    """Photos on whose emotion most of at least 5 workers agree, with English words (Section 5.2).

    The language is that of title and description joined, so a title may be empty or one word. Label `emotion` counts
    the workers who agree, label `emotion_disagree`, which is no task, those who do not.
    """

    card: Card

    def pieces(self) -> list[Piece]:
        return [piece for file, found in _records(self.card.root).items() for piece in row_pieces(file, len(found))]

    def read(self, piece: Piece) -> Iterator[Raw | Problem]:
        yield from _records(self.card.root)[piece.file][piece.begin : piece.end]

    def convert(self, raw: Raw) -> Converted | Problem:
        photo = raw.value
        cause = undecided(photo.agree, photo.disagree) or _too_few(photo) or self._untold(photo.texts)
        if cause:
            return Problem(raw.file, raw.line, photo.own, cause, "dropped")
        title, description = photo.texts
        post = Post(
            f"{self.card.name}/{photo.own}",
            text=clean_tweet(description) or None,
            title=clean_tweet(title) or None,
            media=[Media(photo.picture)] if photo.picture else None,
            labels=_labels("emotion", photo.agree) + _labels("emotion_disagree", photo.disagree),
        )
        return Converted(post)

    def refuse(self, post: Post) -> str | None:
        return None if post.media or self.card.options.keep_without_pictures else "no pictures"

    def _untold(self, texts: tuple[str, str] | None) -> str | None:
        """Why title and description are left out, or None; the language is asked for once, of both."""
        if texts is None:
            return f"no texts: not in {_TEXTS}"
        told = " ".join(texts)
        words = len(told.split())
        if words < MIN_WORDS:
            return f"too few words: {words} in title and description"
        wanted = self.card.options.language or "en"
        found = language(clean_tweet(told), self.card.options.language_model) if wanted != "any" else "any"
        return None if found == wanted else f"other language: {found}"


def undecided(agree: Mapping[str, int], disagree: Mapping[str, int]) -> str | None:
    """Why no emotion has both a majority and more agreements than any other (Section 5.2), or None.

    Args:
        agree: workers who saw the emotion.
        disagree: workers who were asked for it and did not.
    """
    most = max(agree.values())
    first = [emotion for emotion, count in agree.items() if count == most]
    if all(most <= disagree[emotion] for emotion in first):
        return f"no majority: {', '.join(f'{name} {most} to {disagree[name]}' for name in first)}"
    return f"tie: {', '.join(first)} {most} each" if len(first) > 1 else None


def _too_few(photo: Photo) -> str | None:
    """Why the verdict of a photo's workers on its emotion does not count (Section 5.2), or None."""
    emotion = max(photo.agree, key=photo.agree.__getitem__)
    workers = photo.agree[emotion] + photo.disagree[emotion]
    return f"fewer than {MIN_WORKERS} workers: {workers}" if workers < MIN_WORKERS else None


def _labels(task: str, counts: Mapping[str, int]) -> list[Label]:
    return [Label(task, emotion, counts[emotion]) for emotion in EMOTIONS if counts.get(emotion)]


def _files(root: Path) -> dict[str, str]:
    """Emotion of each file, by its path below the root."""
    found: dict[str, str] = {}
    for emotion in EMOTIONS:
        paths = [path for folder in (root, root / "agg") for path in sorted(folder.glob(f"{emotion}*.csv"))]
        if not paths:
            raise FileNotFoundError(f"{root / emotion}*.csv: not there, nor in {root / 'agg'}")
        found |= {str(path.relative_to(root)): emotion for path in paths}
    return found


@lru_cache(maxsize=1)
def _records(root: Path) -> dict[str, list[Raw | Problem]]:
    """Photos of each file, each where it occurs first, and the faulty rows of all files."""
    photos: dict[str, Photo] = {}
    records = {file: list(_photos(root, file, emotion, photos)) for file, emotion in _files(root).items()}
    records[_TEXTS] = _add_texts(root, photos)
    pictures = pictures_by_name(root, "images")
    for photo in photos.values():
        photo.picture = next(iter(pictures.get(photo.own) or pictures.get(photo.name) or []), None)
    return records


def _photos(root: Path, file: str, emotion: str, photos: dict[str, Photo]) -> Iterator[Raw | Problem]:
    """Add a file's counts to `photos`; those that were not there yet are new records."""
    for line, row in read_csv(root / file):
        try:
            vote, name, own = _vote(row)
        except ValueError as error:  # msgspec's errors are ValueErrors
            yield Problem(file, line, None, f"not as expected: {error}; columns number, url, disagree, agree")
            continue
        if own not in photos:
            photos[own] = Photo(own, name)
            yield Raw(file, line, photos[own])
        photo = photos[own]
        photo.agree[emotion] = photo.agree.get(emotion, 0) + vote.agree
        photo.disagree[emotion] = photo.disagree.get(emotion, 0) + vote.disagree


def _vote(row: list[str]) -> tuple[Vote, str, str]:
    """A row, its picture's name without the ending, and the photo's id; ValueError where one is missing."""
    if not all(map(is_utf8, row)):
        raise ValueError("not UTF-8")
    vote = msgspec.convert(row, Vote, strict=False)
    name = PurePosixPath(urlsplit(vote.url).path).stem
    own = name.partition("_")[0].partition(".")[0]
    if not own:
        raise ValueError(f"no photo in {vote.url!r}")
    return vote, name, own


def _add_texts(root: Path, photos: dict[str, Photo]) -> list[Raw | Problem]:
    """Give the photos their texts; rows that are faulty or come a second time are problems."""
    problems: list[Raw | Problem] = []
    for row in read_table(root, _TEXTS, _COLUMNS):
        if isinstance(row, Problem):
            problems.append(row)
            continue
        line, cells = row
        photo = photos.get(cells["photo"].strip())
        if photo is not None and photo.texts is not None:
            problems.append(Problem(_TEXTS, line, photo.own, "duplicate texts: the first stay", "dropped"))
        elif photo is not None:
            photo.texts = cells["title"], cells["description"]
    return problems
