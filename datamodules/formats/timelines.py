"""JSON lines of users' posts (user, text, image, time): a file or folder of *.jsonl; brands.jsonl, reactions.jsonl."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from datamodules.posts import Count, Media, Post
from datamodules.preparing import Converted, Options, Problem, Raw
from datamodules.preparing.dates import iso_date
from datamodules.preparing.interests import BRANDS, REACTIONS, Interests
from datamodules.preparing.lines import JsonLines, Own, open_lines, paper_part


class RawPost(msgspec.Struct):
    """A post of a timeline as it was fetched; other fields are left alone."""

    user: str | Count | None = None
    text: str | None = None
    image: str | None = None
    time: msgspec.Raw = msgspec.Raw(b"null")  # whatever it is, the post is kept
    id: Own | None = None
    split: str | None = None


def open_layout(raw: Path, options: Options) -> "Timelines":
    """The files under `raw`; FileNotFoundError or ValueError names what is missing or faulty beside them."""
    options.only("timelines")
    card, files = open_lines(raw, options)
    beside = tuple(card.root / name for name in (BRANDS, REACTIONS))
    found = [path for path in beside if path.is_file()]
    if len(found) == 1:
        (lost,) = set(beside) - set(found)
        raise FileNotFoundError(f"{lost}: not there, but {found[0].name} is; labels of users need both")
    files = tuple(file for file in files if file not in beside)
    if not files:
        raise FileNotFoundError(f"{raw}: no timelines there, only brands or reactions")
    if found:
        interests = Interests(card.root)
        interests.check()
        sources = tuple(dict.fromkeys((*card.sources, *found)))
        card = replace(card, sources=sources, user_labels=interests)
    return Timelines(card, files)


class Timelines(JsonLines):
    """What users post: text, picture or both, at some moment (DU2MCE, Section 3.1).

    A line without an id is called by its file and number, as `anna.jsonl:17`. Names of users and texts stay as they
    are written. Duplicate posts of one user stay, too, since a record is read without a look at any other: who makes a
    corpus of timelines drops them.
    """

    def convert(self, raw: Raw) -> Converted | Problem:
        own = f"{raw.file}:{raw.line}"
        try:
            record = msgspec.json.decode(raw.value, type=RawPost)
            own = own if record.id is None else str(record.id)
            text = record.text if record.text and record.text.strip() else None
            if text is None and not record.image:
                return Problem(raw.file, raw.line, own, "neither text nor image")
            doubts: list[str] = []
            post = Post(f"{self.card.name}/{own}", _name(record.user), iso_date(_value(record.time), doubts), text)
            post.media = [Media(record.image)] if record.image else None  # an image whatever its ending
            return Converted(post, paper_part(record.split), tuple(doubts))
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors with the path in the record
            return Problem(raw.file, raw.line, own, f"not as expected: {error}")

    def refuse(self, post: Post) -> str | None:
        return None


def _value(raw: msgspec.Raw) -> Any:
    """What JSON says, or its text where that is beyond any number's range."""
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return bytes(raw).decode()


def _name(user: str | int | None) -> str | None:
    """A user's name; who has none is nobody."""
    return str(user) if user is not None and str(user).replace("\0", "").strip() else None
