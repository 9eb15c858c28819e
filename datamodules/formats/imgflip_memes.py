"""imgflip: `memes.tsv` (id, image, template, user, title, text, views, votes), `templates/`; memes are posts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from datamodules.posts import Count, Media, Post
from datamodules.preparing import Converted, Options, Piece, Problem, Raw
from datamodules.preparing.readers import line_pieces, read_lines
from datamodules.preparing.records import Card

_FILE = "memes.tsv"
_COLUMNS = ["id", "image", "template", "user", "title", "text", "views", "votes"]
_LICENCE = "none stated; memes are user content of imgflip.com, template pictures belong to their owners"


class Meme(msgspec.Struct):
    """A row; counts are as they were when it was fetched."""

    id: str
    image: str
    user: str
    title: str
    text: str
    views: Count
    votes: Count


def open_layout(raw: Path, options: Options) -> "ImgflipMemes":
    """imgflip under `raw`; FileNotFoundError or ValueError names the file or line that is missing or wrong."""
    options.only("imgflip_memes")
    path = raw / _FILE
    if not path.is_file():
        raise FileNotFoundError(f"{path}: not there; columns {', '.join(_COLUMNS)}, separated by tabs")
    with path.open(encoding="utf-8-sig", errors="replace") as handle:
        header = handle.readline().strip().split("\t")
    if header != _COLUMNS:
        raise ValueError(f"{path}, line 1: the header must be {', '.join(_COLUMNS)}")
    return ImgflipMemes(Card(options.name or "imgflip_memes", _LICENCE, raw, raw, (path,), {}, options=options))


@dataclass(frozen=True)
class ImgflipMemes:
    """Memes: the words in the boxes are the post's text; its picture is the blank template, which many memes share."""

    card: Card

    def pieces(self) -> list[Piece]:
        return line_pieces(self.card.root, self.card.root / _FILE)

    def read(self, piece: Piece) -> Iterator[Raw | Problem]:
        for found in read_lines(self.card.root, piece):  # nothing is quoted, so a line is a row
            if isinstance(found, Problem):
                yield found
            elif found[0] > 1:
                yield Raw(_FILE, *found)

    def convert(self, raw: Raw) -> Converted | Problem:
        cells = raw.value.split("\t")
        if len(cells) != len(_COLUMNS):
            return Problem(_FILE, raw.line, cells[0], f"columns: {len(cells)}, not {len(_COLUMNS)}")
        try:
            meme = msgspec.convert(dict(zip(_COLUMNS, cells, strict=True)), Meme, strict=False)
        except ValueError as error:  # msgspec's errors are ValueErrors
            return Problem(_FILE, raw.line, cells[0], f"not as expected: {error}")
        post = Post(
            f"{self.card.name}/{meme.id}",
            user=meme.user or None,
            text=meme.text.strip() or None,
            title=meme.title.strip() or None,
            media=[Media(meme.image)] if meme.image else None,
            ups=meme.votes,
            views=meme.views,
        )
        return Converted(post)

    def refuse(self, post: Post) -> str | None:
        return None
