"""One atomic part for each piece of the input, by any number of workers, after any kill."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from datamodules.posts import SCHEMA, Post
from datamodules.preparing.checking import check, file_digest, media_paths
from datamodules.preparing.pool import each
from datamodules.preparing.records import Format, Piece, Problem
from encoders.atomic import replacing, write_json
from encoders.progress import progress_lines

_PARTS = pa.list_(pa.struct({"protocol": pa.string(), "part": pa.string()}))
PART_SCHEMA = pa.schema(
    [*SCHEMA, pa.field("file", pa.string()), pa.field("line", pa.int64()), pa.field("parts", _PARTS)]
)


def part_path(folder: Path, index: int, ending: str) -> Path:
    """`ending` is "parquet" (posts), "jsonl" (problems) or "json" (counts, the marker)."""
    return folder / f"{index:06d}.{ending}"


def write_parts(layout: Format, pieces: list[Piece], folder: Path, workers: int) -> None:
    """Write the parts that are not there yet; a part counts when its marker does."""
    for stale in folder.glob("*.tmp"):
        stale.unlink()
    todo = [index for index in range(len(pieces)) if not part_path(folder, index, "json").exists()]
    show = progress_lines(f"{layout.card.root}: pieces prepared")
    for done, _ in enumerate(each(partial(_write, layout, pieces, folder), todo, workers), 1):
        show(done, len(todo))


def _write(layout: Format, pieces: list[Piece], folder: Path, index: int) -> None:
    write_part(layout, pieces[index], folder, index)


def write_part(layout: Format, piece: Piece, folder: Path, index: int) -> None:
    """Read, convert and check one piece; write its posts and problems, then its marker."""
    counts: Counter[str] = Counter(read=0, media=0)
    rows: list[dict] = []
    problems: list[Problem] = []
    media = hashlib.sha256()
    for post, extra, found in _posts(layout, piece, counts):
        problems += found
        if post is not None:
            rows.append(msgspec.to_builtins(post) | extra)
            for path in media_paths(post):
                media.update(f"{path} {file_digest(layout.card.media_root / path)}\n".encode())
    write_table(part_path(folder, index, "parquet"), pa.Table.from_pylist(rows, PART_SCHEMA))
    write_problems(part_path(folder, index, "jsonl"), problems)
    write_json(part_path(folder, index, "json"), {"counts": counts, "media": media.hexdigest()})


def write_table(path: Path, table: pa.Table, group: int | None = None) -> None:
    """Write Parquet, whole or not at all; `group` is the most rows of a row group, None leaves it to pyarrow."""
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", row_group_size=group)


def write_problems(path: Path, problems: list[Problem]) -> None:
    """One a line, as they are stored between the stages."""
    with replacing(path) as temporary:
        temporary.write_bytes(b"".join(msgspec.json.encode(problem) + b"\n" for problem in problems))


def read_problems(path: Path) -> list[Problem]:
    """The inverse of `write_problems`."""
    return [msgspec.json.decode(line, type=Problem) for line in path.read_bytes().splitlines()]


def _posts(
    layout: Format, piece: Piece, counts: Counter[str]
) -> Iterator[tuple[Post | None, dict[str, object], list[Problem]]]:
    root = layout.card.media_root
    for raw in layout.read(piece):
        counts["read"] += 1
        if isinstance(raw, Problem):
            yield None, {}, [raw]
            continue
        converted = layout.convert(raw)
        if isinstance(converted, Problem):
            yield None, {}, [converted]
            continue
        post, problems = check(root, raw, converted)
        counts["media"] += sum(bool(media.path) for media in (post.media if post else None) or [])
        if post is not None and (cause := layout.refuse(post)):
            lost = next((problem for problem in problems if problem.lost), None)
            cause = f"{lost.cause}, and {cause}" if lost else cause
            path = lost.lost if lost else None
            post, problems = None, [Problem(raw.file, raw.line, converted.post.id, cause, "dropped", path)]
        parts = [{"protocol": protocol, "part": part} for protocol, part in sorted(converted.parts.items())]
        yield post, {"file": raw.file, "line": raw.line, "parts": parts}, problems
