"""Databases of applications as Arrow: one query, streamed in batches, its types as ours. Credentials stay in here."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from chronon.base.errors import MissingDataError, SettingsError
from chronon.engine.tables.libraries import library

if TYPE_CHECKING:
    import pyarrow as pa

DRIVERS = {"postgresql": "adbc_driver_postgresql.dbapi", "postgres": "adbc_driver_postgresql.dbapi"}
"""The ADBC drivers by the scheme of a URL."""


@dataclass(frozen=True)
class Database:
    """What is read from a database.

    Parameters
    ----------
    name:
        What the settings call it.
    url:
        Where it is; ``${NAME}`` stands for a variable of the environment. It is shown nowhere.
    query:
        What is read, in the database's own SQL.
    """

    name: str
    url: str = field(repr=False)
    query: str

    @contextmanager
    def reading(self) -> Generator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
        """The columns of the query and its rows, as of one moment.

        Numbers of any precision become doubles; what has no type of ours (UUIDs, JSON, enumerations, intervals) becomes
        its text. Times with a zone become UTC.

        Raises
        ------
        SettingsError
            If the URL cannot be used.
        MissingDataError
            If the database does not answer, or refuses the query.
        """
        url = self._expanded()
        scheme = url.partition("://")[0]
        if scheme not in DRIVERS:
            raise SettingsError(
                f"the URL of the source {self.name} is not one of a database that is known",
                expected=" or ".join(f"{known}://" for known in DRIVERS),
            )
        driver = library(DRIVERS[scheme], "postgres")
        problem = ""
        try:
            with driver.connect(url) as connection, connection.cursor() as cursor:
                schema, text = self._typed(cursor)
                cursor.execute(text)
                yield schema, self._batches(cursor.fetch_record_batch(), schema, url)
        except driver.Error as error:
            problem = _without(str(error), url)
        if problem:  # raised here, so that no traceback shows the driver's own error
            raise self._unread(problem)

    def _expanded(self) -> str:
        missing = [name for name in re.findall(r"\$\{(\w+)\}", self.url) if name not in os.environ]
        if missing:
            raise SettingsError(
                f"the source {self.name} needs the variable {', '.join(missing)} of the environment", mend="set it"
            )
        return re.sub(r"\$\{(\w+)\}", lambda found: os.environ[found[1]], self.url)

    def _typed(self, cursor: Any) -> tuple[pa.Schema, str]:
        """The columns in our types, and the query that gives them so."""
        import pyarrow as pa

        from chronon.base.arrow import from_arrow, to_arrow
        from chronon.base.errors import SchemaError

        inner = f"({self.query.strip().rstrip(';')}) AS q"
        cursor.execute(f"SELECT * FROM {inner} WHERE false")  # noqa: S608 - the user's own query
        fields: list[pa.Field] = []
        columns: list[str] = []
        for column in cursor.fetch_record_batch().schema:
            name = '"' + column.name.replace('"', '""') + '"'
            try:
                fields.append(pa.field(column.name, to_arrow(from_arrow(column.type))))
            except SchemaError:
                kind, cast = _cast(column)
                fields.append(pa.field(column.name, kind))
                name = f"{name}::{cast} AS {name}"
            columns.append(name)
        return pa.schema(fields), f"SELECT {', '.join(columns)} FROM {inner}"  # noqa: S608 - see above

    def _batches(self, reader: Any, schema: pa.Schema, url: str) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        while True:
            problem = ""
            try:
                batch = next(reader, None)
            except (OSError, pa.ArrowException) as error:  # of the driver, through Arrow's stream
                batch, problem = None, _without(str(error), url)
            if problem:
                raise self._unread(problem)
            if batch is None:
                return
            columns = [column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def _unread(self, problem: str) -> MissingDataError:
        return MissingDataError(f"the source {self.name} cannot be read: {problem}", mend=_mend(problem))


def _cast(column: pa.Field) -> tuple[pa.DataType, str]:
    """The type of a column that has none of ours, and the type of the database that gives it."""
    import pyarrow as pa

    name = (column.metadata or {}).get(b"POSTGRESQL:type", b"").decode()
    if name == "numeric":
        return pa.float64(), "float8"
    if name == "_numeric":
        return pa.list_(pa.float64()), "float8[]"
    if name.startswith("_"):
        return pa.list_(pa.string()), "text[]"
    return pa.string(), "text"


def _without(message: str, url: str) -> str:
    """A driver's message without the URL and the password in it, in any spelling."""
    try:
        password = urlsplit(url).password or ""
    except ValueError:
        password = ""
    secrets = {url, password, unquote(password)} - {""}
    for secret in sorted(secrets, key=len, reverse=True):
        message = message.replace(secret, "***")
    shown = re.sub(r"\w+://\S+", "***", message)
    return " ".join(shown.split())


def _mend(problem: str) -> str:
    if "connect" in problem:
        return "is the server running, and are the host, the user and the password in the URL right?"
    return "check the table or the query of the source in chronon.toml"
