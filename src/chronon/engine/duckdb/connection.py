"""The one place where DuckDB connections are made, and where its errors become ours."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from chronon.base.errors import ChrononError, DataError, StorageError

if TYPE_CHECKING:
    import duckdb

PREFIX = "chronon_"
"""With which the names of our functions begin."""

BATCH_ROWS = 131_072
"""Rows in a batch that leaves DuckDB."""


def connect(*, memory: str | None, threads: int, temp: str) -> duckdb.DuckDBPyConnection:
    """A new database in memory that never depends on the machine it runs on.

    Times are UTC, extensions are neither installed nor loaded behind our back, rows keep their order.

    Parameters
    ----------
    memory:
        Its limit, such as ``"4GB"``; DuckDB's own choice if ``None``.
    threads:
        How many threads it may use.
    temp:
        A folder for what does not fit into memory.
    """
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": True,
        "threads": threads,
        "temp_directory": temp,
    }
    if memory is not None:
        config["memory_limit"] = memory
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET TimeZone = 'UTC'")
    # in a notebook without widgets it is off already, and DuckDB refuses to be told so
    if connection.execute("SELECT current_setting('enable_progress_bar')").fetchall() == [(True,)]:
        connection.execute("SET enable_progress_bar = false")
    return connection


class Macros:
    """The functions that our expressions need in a database; made when the first of them is used, as that takes 70 ms.

    Parameters
    ----------
    database:
        Whose connections share them.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self._database = database
        self._made = False
        self._functions: set[str] = set()
        self._lock = Lock()

    def ready_for(self, sql: str) -> str:
        """The same SQL, with the functions that it uses at hand."""
        if PREFIX not in sql:
            return sql
        from chronon.sql import duckdb_setup
        from chronon.sql.batches import functions_of, install

        with self._lock:
            if not self._made:
                for statement in duckdb_setup():
                    self._database.execute(statement)
                self._made = True
            for function in functions_of(sql):
                if function.name not in self._functions:
                    install(self._database, function)
                    self._functions.add(function.name)
        return sql


INTERRUPTED = "Query interrupted"
"""What DuckDB's Python client says when a signal came while it waited."""


@contextmanager
def readable_errors(what: str) -> Generator[None]:
    """DuckDB's errors as ours: unreadable files, not enough memory or space, values that a cast refuses.

    An interrupt of the user's is one, wherever it came.
    """
    import duckdb

    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except RuntimeError as error:
        if str(error) == INTERRUPTED:
            raise KeyboardInterrupt from error
        raise
    except duckdb.OutOfMemoryException as error:
        raise StorageError(
            f"{what}: not enough memory ({_first_line(error)})", mend="raise the memory limit, or take fewer days"
        ) from error
    except duckdb.IOException as error:
        raise _io(what, error) from error
    except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException) as error:
        raise DataError(f"{what}: {_first_line(error)}", mend=_mend(str(error))) from error
    except duckdb.Error as error:
        candidates = [line for line in str(error).split("\n") if line.startswith("Candidate bindings")]
        raise DataError(f"{what}: {_first_line(error)}", mend=candidates[0] if candidates else None) from error


def _io(what: str, error: Exception) -> ChrononError:
    text = str(error)
    if "No space left" in text or "temp" in text.lower():
        return StorageError(f"{what}: {_first_line(error)}", mend="free some space, or set another temp folder")
    if "No files found" in text or "No such file" in text:
        return DataError(
            f"{what}: a file was removed while it was read ({_first_line(error)})",
            mend="run again once its writer has ended; partitions that were published stay",
        )
    return DataError(f"{what}: {_first_line(error)}", mend=_mend(text))


def _mend(text: str) -> str | None:
    if "parquet" in text.lower():
        return "the file is damaged or is not Parquet: write that partition again"
    if "csv" in text.lower():
        return "mend that line of the file, or write the table as Parquet"
    return None


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]


def identifier(name: str) -> str:
    """A name as SQL takes it, whatever its characters.

    >>> identifier("user id")
    '"user id"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL takes it.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"
