"""Flickr8k: `captions.tsv` (image, caption_no, split, caption), `images/`; caption 0 is the post, others comments."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath

from datamodules.posts import Comment, Media, Post
from datamodules.preparing import Converted, Options, Piece, Problem, Raw
from datamodules.preparing.readers import row_pieces
from datamodules.preparing.records import Card

_FILE = "captions.tsv"
_COLUMNS = ["image", "caption_no", "split", "caption"]
_PARTS = {"train": "train", "dev": "validation", "test": "test"}  # "extra" pictures are in no official split


def open_layout(raw: Path, options: Options) -> "Flickr8k":
    """Flickr8k under `raw`; FileNotFoundError names what is missing."""
    options.only("flickr8k", "as_descriptions")
    if not (raw / _FILE).is_file():
        raise FileNotFoundError(f"{raw / _FILE}: not there; columns {', '.join(_COLUMNS)}, separated by tabs")
    licence = "non-commercial research; pictures belong to their Flickr owners (Hodosh et al. 2013)"
    card = Card(options.name or "flickr8k", licence, raw, raw, (raw / _FILE,), {}, options=options)
    return Flickr8k(card)


@dataclass(frozen=True)
class Flickr8k:
    """Photographs with five captions each."""

    card: Card

    def pieces(self) -> list[Piece]:
        return row_pieces(_FILE, len(self._pictures()))

    def read(self, piece: Piece) -> Iterator[Raw | Problem]:
        pictures = self._pictures()
        begins: dict[str, list[int]] = {}
        for line, rows in pictures:
            begins.setdefault(rows[0][0], []).append(line)
        for line, rows in pictures[piece.begin : piece.end]:
            lines = begins[rows[0][0]]
            apart = f"rows apart: this picture's begin in lines {', '.join(map(str, lines))}; put them together"
            yield Raw(_FILE, line, rows) if len(lines) == 1 else Problem(_FILE, line, rows[0][0], apart)

    def convert(self, raw: Raw) -> Converted | Problem:
        rows = raw.value
        image = rows[0][0]
        if any(len(row) != len(_COLUMNS) for row in rows):
            return Problem(_FILE, raw.line, image, f"columns: not {len(_COLUMNS)} in every row of this picture")
        splits = {row[2] for row in rows}
        numbers = [row[1] for row in rows]
        if not all(map(str.isdecimal, numbers)):
            return Problem(_FILE, raw.line, image, f"caption numbers: {numbers}, not all of them are whole numbers")
        captions = {int(row[1]): row[3] for row in rows}
        if len(splits) > 1 or not splits <= {*_PARTS, "extra"} or len(captions) < len(rows):
            return Problem(_FILE, raw.line, image, f"splits or numbers: {sorted(splits)}, captions {numbers}")
        post = self._post(image, [(number, captions[number]) for number in sorted(captions) if captions[number]])
        doubts = ("not UTF-8: some bytes of a caption",) if any("\ufffd" in row[3] for row in rows) else ()
        return Converted(post, {"paper": _PARTS[part]} if (part := splits.pop()) in _PARTS else {}, doubts)

    def refuse(self, post: Post) -> str | None:
        return None

    def _post(self, image: str, captions: list[tuple[int, str]]) -> Post:
        own = f"{self.card.name}/{PurePosixPath(image).stem}"
        if self.card.options.as_descriptions:
            return Post(own, media=[Media(f"images/{image}", descriptions=[text for _, text in captions] or None)])
        said = next((text for number, text in captions if number == 0), None)
        comments = [Comment(text=text) for number, text in captions if number != 0]
        return Post(own, text=said, media=[Media(f"images/{image}")], comments=comments or None)

    def _pictures(self) -> list[tuple[int, list[list[str]]]]:
        """Rows of each picture and the line of the first."""
        path = self.card.root / _FILE
        # nothing is quoted, so a line is a row
        lines = path.read_bytes().decode("utf-8-sig", errors="replace").split("\n")
        rows = [line.removesuffix("\r").split("\t") for line in lines]
        if rows[0] != _COLUMNS:
            raise ValueError(f"{path}, line 1: the header must be {', '.join(_COLUMNS)}")
        numbered = [(line, row) for line, row in enumerate(rows, 1) if line > 1 and row != [""]]
        groups = groupby(numbered, key=lambda item: item[1][0])
        return [(group[0][0], [row for _, row in group]) for _, found in groups if (group := list(found))]
