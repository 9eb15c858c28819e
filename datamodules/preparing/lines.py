"""Formats of JSON lines: a file, or a folder of *.jsonl; beside it, if you like, dataset.yaml or dataset.json."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from datamodules.posts import Count
from datamodules.preparing.readers import line_pieces, read_lines
from datamodules.preparing.records import Card, Options, Piece, Problem, Raw

PARTS = {"train": "train", "validation": "validation", "valid": "validation", "val": "validation"}
PARTS |= {"dev": "validation", "test": "test"}
Own = Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | Count  # an id as a record has it


class Sheet(msgspec.Struct, forbid_unknown_fields=True):
    """dataset.yaml: what the records don't say."""

    name: str | None = None
    licence: str = "none stated"
    media_root: str | None = None  # relative to this file; its own folder by default
    tasks: dict[str, list[str]] | None = None


@dataclass(frozen=True)
class JsonLines:
    """What formats of one record a line share: pieces are bytes of a file, blank lines are none.

    Args:
        card: see `open_lines`.
        files: under the card's root.
    """

    card: Card
    files: tuple[Path, ...]

    def pieces(self) -> list[Piece]:
        return [piece for file in self.files for piece in line_pieces(self.card.root, file)]

    def read(self, piece: Piece) -> Iterator[Raw | Problem]:
        for found in read_lines(self.card.root, piece):
            yield found if isinstance(found, Problem) else Raw(piece.file, *found)


def open_lines(raw: Path, options: Options) -> tuple[Card, tuple[Path, ...]]:
    """The files under `raw` and their card; FileNotFoundError without any, ValueError names a faulty dataset.yaml."""
    files = tuple(sorted(raw.rglob("*.jsonl"))) if raw.is_dir() else (raw,)
    root = raw if raw.is_dir() else raw.parent
    if not files or not files[0].is_file():
        raise FileNotFoundError(f"{raw}: no *.jsonl there")
    sheets = tuple(path for path in (root / "dataset.yaml", root / "dataset.json") if path.is_file())[:1]
    sheet = _sheet(sheets[0]) if sheets else Sheet()
    name = options.name or sheet.name or raw.stem
    media = (root / sheet.media_root).resolve() if sheet.media_root else root
    return Card(name, sheet.licence, root, media, files + sheets, sheet.tasks, options=options), files


def paper_part(split: str | None) -> dict[str, str]:
    """A record's part in the published split; ValueError for a name that no part has."""
    if not split:
        return {}
    if split not in PARTS:
        raise ValueError(f"{split!r} is none of {', '.join(PARTS)} - at `$.split`")
    return {"paper": PARTS[split]}


def _sheet(path: Path) -> Sheet:
    decode: Any = msgspec.yaml.decode if path.suffix == ".yaml" else msgspec.json.decode
    try:
        return decode(path.read_bytes(), type=Sheet)
    except (ValueError, RecursionError) as error:
        hint = "it may hold name, licence, media_root, tasks: {task: [classes]}"
        raise ValueError(f"{path}: {error}; {hint}") from None
