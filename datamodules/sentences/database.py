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
    settings = {"memory_limit": memory_limit, "threads": str(threads), "temp_directory": str(folder)}
    # preserve_insertion_order stays on: without it results in Arrow come in no order, also after ORDER BY (duckdb 2.0)
    connection = duckdb.connect(str(folder / "corpus.duckdb"), config=settings)  # type: ignore[arg-type]
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
        connection.register("given", rows)
        connection.execute(f"INSERT INTO {table} SELECT * FROM given")  # noqa: S608  # names are of this package
        connection.unregister("given")


def tables(connection: duckdb.DuckDBPyConnection, query: str, sizes: Iterable[int]) -> Iterator[pa.Table]:
    """Result of a query in tables of these lengths, which add up to its rows; a few batches are held in memory."""
    reader: pa.RecordBatchReader = connection.sql(query).to_arrow_reader(ROWS)
    rest = pa.Table.from_batches([], reader.schema)
    for size in sizes:
        while len(rest) < size:
            rest = pa.concat_tables([rest, pa.Table.from_batches([reader.read_next_batch()])])
        yield rest.slice(0, size).combine_chunks()
        rest = rest.slice(size)


def one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple:
    """The only row of a query's result."""
    return connection.execute(query).fetchall()[0]  # fetchone would leave the connection busy
