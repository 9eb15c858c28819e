"""Tables that no memory holds, in a folder that is there only while they are."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

ROWS = 100_000  # of a batch that is read


@contextmanager
def database(folder: Path, memory_limit: str, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of its own in `folder`, which is deleted before and after.

    Args:
        folder: for tables and for what does not fit into memory.
        memory_limit: as "2GB"; the vocabulary itself is held beside it.
        threads: of a query.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    settings: dict[str, str | bool | int | float | list[str]] = {"memory_limit": memory_limit, "threads": threads}
    settings["temp_directory"] = str(folder)
    # preserve_insertion_order stays on: without it results in Arrow come in no order, also after ORDER BY (duckdb 2.0)
    connection = duckdb.connect(str(folder / "corpus.duckdb"), config=settings)
    connection.execute("SET enable_progress_bar = false")  # it would go to stdout
    try:
        yield connection
    finally:
        connection.close()
        shutil.rmtree(folder, ignore_errors=True)


def fill(connection: duckdb.DuckDBPyConnection, table: str, columns: str, tables: Iterable[pa.Table]) -> None:
    """Make a table of these columns with the rows of some Arrow tables; one of them is held in memory at a time."""
    connection.execute(f"CREATE TABLE {table} ({columns})")
    for rows in tables:
        connection.from_arrow(rows).insert_into(table)


def tables(connection: duckdb.DuckDBPyConnection, query: str, sizes: Iterable[int]) -> Iterator[pa.Table]:
    """Result of a query in tables of these lengths, which add up to its rows; a few batches are held in memory."""
    reader: pa.RecordBatchReader = connection.sql(query).to_arrow_reader(ROWS)
    rest = pa.Table.from_batches([], reader.schema)
    for size in sizes:
        while len(rest) < size:
            rest = pa.concat_tables([rest, pa.Table.from_batches([reader.read_next_batch()])])
        yield rest.slice(0, size).combine_chunks()
        rest = rest.slice(size)


def one(connection: duckdb.DuckDBPyConnection, query: str, *values: object) -> tuple:
    """The only row of the result of a query with these values in the place of its question marks."""
    return connection.execute(query, values).fetchall()[0]  # fetchone would leave the connection busy
