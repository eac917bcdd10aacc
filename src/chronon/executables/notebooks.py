"""Definitions in notebooks of Jupyter and Databricks: they run under the name of the user."""

from __future__ import annotations

import getpass
import io
import logging
import re
from abc import ABC
from typing import Any

from chronon.api import structs
from chronon.executables.running import (
    GroupByExecutable,
    JoinExecutable,
    PlatformInterface,
    PySparkExecutable,
    StagingQueryExecutable,
    T,
)

LOGGERS = ("ai.chronon", "chronon", "pyspark", "py4j")
IMPORTED_FEATURES = "src"
"""The first part of the module names of definitions that a notebook imports."""


class JupyterLogCapture:
    """What the loggers of a job write, kept as text."""

    def __init__(self, job_name: str) -> None:
        self.job_name = job_name
        self._text = io.StringIO()
        self._handler = logging.StreamHandler(self._text)

    def start(self) -> JupyterLogCapture:
        """Begin."""
        for name in LOGGERS:
            logging.getLogger(name).addHandler(self._handler)
        return self

    def stop(self) -> str:
        """End, and give what was written."""
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(self._handler)
        return self._text.getvalue()


class JupyterPlatform(PlatformInterface):
    """Notebooks of Jupyter.

    Parameters
    ----------
    spark:
        The Spark session, or ``None``.
    log_file:
        Taken, and not needed: there is no log of a JVM.
    """

    def __init__(self, spark: Any = None, log_file: str | None = None) -> None:
        self.log_file = log_file
        super().__init__(spark)

    def get_executable_join_cls(self) -> type[JoinExecutable]:
        return JupyterJoin

    def start_log_capture(self, job_name: str) -> JupyterLogCapture:
        return JupyterLogCapture(job_name).start()

    def end_log_capture(self, capture_token: JupyterLogCapture) -> None:
        written = capture_token.stop()
        if written:
            print(f"--- log of {capture_token.job_name}\n{written}---")  # noqa: T201 - what it is for

    def get_jupyter_user(self) -> str:
        """The user of this process, as part of a name."""
        try:
            return _word(getpass.getuser())
        except (OSError, KeyError):
            return "jupyter_user"


class DatabricksPlatform(JupyterPlatform):
    """Notebooks of Databricks."""

    def get_executable_join_cls(self) -> type[JoinExecutable]:
        return DatabricksJoin

    def get_databricks_user(self) -> str:
        """The user that Spark knows, as part of a name."""
        if self.spark is None:
            return self.get_jupyter_user()
        return _word(self.spark.sql("SELECT current_user()").first()[0].partition("@")[0])


class _Jupyter(PySparkExecutable[T], ABC):
    """How a definition is named in Jupyter: ``name_prefix`` before its name, else the user's."""

    def __init__(
        self,
        obj: T,
        spark_session: Any = None,
        name_prefix: str | None = None,
        output_namespace: str | None = None,
        use_username_prefix: bool = True,
    ) -> None:
        super().__init__(obj, spark_session)
        platform = JupyterPlatform(spark_session)
        prefix = name_prefix or (platform.get_jupyter_user() if use_username_prefix else None)
        self.obj = self.platform.set_metadata(obj, IMPORTED_FEATURES, prefix, output_namespace)

    def get_platform(self) -> PlatformInterface:
        return JupyterPlatform(self.spark)


class JupyterGroupBy(_Jupyter[structs.GroupBy], GroupByExecutable):
    """A group-by in Jupyter."""

    def __init__(
        self,
        group_by: structs.GroupBy,
        spark_session: Any = None,
        name_prefix: str | None = None,
        output_namespace: str | None = None,
        use_username_prefix: bool = True,
    ) -> None:
        super().__init__(group_by, spark_session, name_prefix, output_namespace, use_username_prefix)


class JupyterJoin(_Jupyter[structs.Join], JoinExecutable):
    """A join in Jupyter."""

    def __init__(
        self,
        join: structs.Join,
        spark_session: Any = None,
        name_prefix: str | None = None,
        output_namespace: str | None = None,
        use_username_prefix: bool = True,
    ) -> None:
        super().__init__(join, spark_session, name_prefix, output_namespace, use_username_prefix)


class JupyterStagingQuery(_Jupyter[structs.StagingQuery], StagingQueryExecutable):
    """A staging query in Jupyter."""

    def __init__(
        self,
        staging_query: structs.StagingQuery,
        spark_session: Any = None,
        name_prefix: str | None = None,
        output_namespace: str | None = None,
        use_username_prefix: bool = True,
    ) -> None:
        super().__init__(staging_query, spark_session, name_prefix, output_namespace, use_username_prefix)


class _Databricks(PySparkExecutable[T], ABC):
    """How a definition is named in Databricks: the user before its name."""

    def __init__(self, obj: T, spark_session: Any = None) -> None:
        super().__init__(obj, spark_session)
        user = DatabricksPlatform(spark_session).get_databricks_user()
        self.obj = self.platform.set_metadata(obj, IMPORTED_FEATURES, user)

    def get_platform(self) -> PlatformInterface:
        return DatabricksPlatform(self.spark)


class DatabricksGroupBy(_Databricks[structs.GroupBy], GroupByExecutable):
    """A group-by in Databricks."""

    def __init__(self, group_by: structs.GroupBy, spark_session: Any = None) -> None:
        super().__init__(group_by, spark_session)


class DatabricksJoin(_Databricks[structs.Join], JoinExecutable):
    """A join in Databricks."""

    def __init__(self, join: structs.Join, spark_session: Any = None) -> None:
        super().__init__(join, spark_session)


class DatabricksStagingQuery(_Databricks[structs.StagingQuery], StagingQueryExecutable):
    """A staging query in Databricks."""

    def __init__(self, staging_query: structs.StagingQuery, spark_session: Any = None) -> None:
        super().__init__(staging_query, spark_session)


def _word(text: str) -> str:
    """A text as part of a name.

    >>> _word("Ada.Lovelace")
    'ada_lovelace'
    """
    return re.sub(r"\W", "_", text.lower())
