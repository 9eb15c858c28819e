"""Where each picture goes: its number, and the one part that all its sentences are in."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from datamodules.sentences.corpus import PARTS
from datamodules.sentences.cutting import Range
from datamodules.sentences.database import ROWS, fill, one, tables
from encoders.atomic import replacing, write_array

_PLACED = """CREATE VIEW placed AS
    SELECT part, unit, path, codes.code FROM units LEFT JOIN splits USING (id) LEFT JOIN codes USING (name)"""
_PICTURES = """CREATE TABLE pictures AS
    SELECT path, min(part::BIGINT << 32 | unit) AS first, max(code) AS code, min(code) <> max(code) AS torn,
           min(part) <> max(part) AS apart
    FROM placed WHERE path IS NOT NULL AND code IS NOT NULL GROUP BY path"""
_NUMBERED = """CREATE TABLE numbered AS
    SELECT path, code, torn, apart, (row_number() OVER (ORDER BY first) - 1)::INTEGER AS number FROM pictures"""
_PLACES = """SELECT coalesce(numbered.number, -1)::INTEGER AS picture,
           coalesce(CASE WHEN placed.code IS NULL THEN -1 ELSE numbered.code END, placed.code)::INTEGER AS code
    FROM placed LEFT JOIN numbered USING (path) ORDER BY placed.part, placed.unit"""


@dataclass(frozen=True)
class Split:
    """How pictures are shared out.

    Args:
        protocol: file of a prepared split; None draws pictures.
        validation_images: pictures drawn for validation (Pins, Section 5.1: 10,000); without a protocol.
        seed: of the draw.
    """

    protocol: Path | None
    validation_images: int
    seed: int

    def draw(self) -> dict[str, int]:
        """What decides which pictures are drawn; nothing where none are."""
        return {"validation_images": self.validation_images, "seed": self.seed} if self.protocol is None else {}


def place(connection: duckdb.DuckDBPyConnection, parts: Sequence[Range], split: Split, folder: Path) -> dict[str, int]:
    """Write `pictures.parquet`, and beside each part where its pictures go; return counts.

    With a protocol a picture whose posts lie in several parts goes to test before validation before train, so that
    nothing is tested on what was learned; posts that the protocol leaves out have code -1.

    Raises:
        ValueError: there are fewer pictures than twice those to be drawn.
    """
    units = (pq.read_table(part.path("units.parquet")) for part in parts)
    fill(connection, "units", "part INTEGER, unit INTEGER, path VARCHAR, id VARCHAR", units)
    if split.protocol is None:
        connection.execute("CREATE VIEW placed AS SELECT part, unit, path, 0 AS code FROM units")
        connection.execute(_PICTURES)
        _draw(connection, split)
    else:
        fill(connection, "splits", "id VARCHAR, name VARCHAR", [pq.read_table(split.protocol)])
        codes = pa.table({"code": range(len(PARTS)), "name": PARTS})
        fill(connection, "codes", "code INTEGER, name VARCHAR", [codes])
        connection.execute(_PLACED)
        connection.execute(_PICTURES)
    connection.execute(_NUMBERED)
    names = ("pictures", "pictures_in_several_parts", "pictures_in_several_ranges")
    found = one(connection, "SELECT count(*), count(*) FILTER (torn), count(*) FILTER (apart) FROM numbered")
    _write_pictures(connection, folder / "pictures.parquet", found[0])
    sizes = [pq.read_metadata(part.path("units.parquet")).num_rows for part in parts]
    for part, table in zip(parts, tables(connection, _PLACES, sizes), strict=True):
        write_array(part.path("places.npy"), np.stack([table["picture"].to_numpy(), table["code"].to_numpy()]))
    return dict(zip(names, found, strict=True))


def _draw(connection: duckdb.DuckDBPyConnection, split: Split) -> None:
    """Put the pictures with the least SHA-256 of seed and path into validation, so that one more moves few others."""
    (there,) = one(connection, "SELECT count(*) FROM pictures")
    wanted = split.validation_images
    if there < 2 * wanted:
        raise ValueError(
            f"{there:,} pictures with sentences are too few to draw {wanted:,} for validation and have as many left; "
            f"take validation_images of at most {there // 2:,}, or a protocol of the prepared posts"
        )
    connection.execute(
        "UPDATE pictures SET code = 1 WHERE path IN "
        "(SELECT path FROM pictures ORDER BY sha256(? || ' ' || path), path LIMIT ?)",
        [str(split.seed), wanted],
    )


def _write_pictures(connection: duckdb.DuckDBPyConnection, path: Path, count: int) -> None:
    schema = pa.schema({"path": pa.string()})
    sizes = [min(ROWS, count - begin) for begin in range(0, count, ROWS)]
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for table in tables(connection, "SELECT path FROM numbered ORDER BY number", sizes):
            writer.write_table(table.cast(schema))
