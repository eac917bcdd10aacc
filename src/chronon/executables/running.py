"""What runs a group-by, a join or a staging query where it is written, and what a platform adds to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from chronon import session as verbs
from chronon.api import structs
from chronon.api.metadata import set_name
from chronon.base.errors import ConfigError
from chronon.base.handover import to_spark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chronon.offline.result import Backfill

PARTITION_COLUMN_FORMAT = "%Y%m%d"
"""How the default dates are written; ``run`` takes days in this form, as ``yyyy-MM-dd`` and as dates."""

STEP_DAYS = 30
T = TypeVar("T", structs.GroupBy, structs.Join, structs.StagingQuery)
Day = str | date | None


class PlatformInterface(ABC):
    """What differs from one kind of notebook to the next.

    Parameters
    ----------
    spark:
        The Spark session, or ``None``.
    """

    def __init__(self, spark: Any = None) -> None:
        self.spark = spark
        self.register_udfs()

    @abstractmethod
    def get_executable_join_cls(self) -> type[JoinExecutable]:
        """The class that runs joins."""

    @abstractmethod
    def start_log_capture(self, job_name: str) -> Any:
        """Begin to keep the log of a job; what is returned is given back at its end."""

    @abstractmethod
    def end_log_capture(self, capture_token: Any) -> None:
        """Show the log of a job."""

    def register_udfs(self) -> None:  # noqa: B027 - a platform may do something here, and need not
        """Make functions known; for platforms that have some."""

    def get_table_utils(self) -> Any:
        """Nothing here: tables are those of the repo's warehouse."""
        raise _no_jvm("table utilities")

    def log_operation(self, message: str) -> None:
        """Print a line with the time."""
        print(f"[{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC] {message}")  # noqa: T201 - what it is for

    def drop_table_if_exists(self, table_name: str) -> None:
        """Drop a table of the Spark session."""
        if self.spark is not None:
            self.spark.sql(f"DROP TABLE IF EXISTS {table_name}")

    def set_metadata(
        self, obj: T, mod_prefix: str, name_prefix: str | None = None, output_namespace: str | None = None
    ) -> T:
        """A copy of a definition under a user's name.

        Parameters
        ----------
        obj:
            A definition, with a name or in a variable of a module.
        mod_prefix:
            The first part of that module's name.
        name_prefix:
            What stands before the name, once.
        output_namespace:
            The namespace of its tables, instead of its own.

        Raises
        ------
        ConfigError
            If it has no name and no module holds it.
        """
        if not (obj.metaData or structs.MetaData()).name:
            set_name(obj, type(obj), mod_prefix)
        made = copy(obj)
        known = made.metaData = copy(obj.metaData or structs.MetaData())
        if name_prefix:
            known.name = f"{name_prefix}_{(known.name or '').removeprefix(f'{name_prefix}_')}"
        known.outputNamespace = output_namespace or known.outputNamespace
        return made


class PySparkExecutable(ABC, Generic[T]):
    """A definition that runs where it is written.

    Parameters
    ----------
    obj:
        The definition.
    spark_session:
        What results belong to, or ``None``.
    """

    def __init__(self, obj: T, spark_session: Any = None) -> None:
        self.obj: T = obj
        self.spark = spark_session
        self.platform = self.get_platform()
        today = verbs.session_of(obj).clock.now()
        now = datetime.fromtimestamp(today / 1000, UTC)
        self.default_start_date = (now - timedelta(days=8)).strftime(PARTITION_COLUMN_FORMAT)
        self.default_end_date = (now - timedelta(days=1)).strftime(PARTITION_COLUMN_FORMAT)

    @abstractmethod
    def get_platform(self) -> PlatformInterface:
        """The kind of notebook."""

    def group_by_to_java(self, group_by: structs.GroupBy) -> Any:
        """Nothing here: definitions run in Python."""
        raise _no_jvm(f"a Java form of {(group_by.metaData or structs.MetaData()).name}")

    def join_to_java(self, join: structs.Join) -> Any:
        """Nothing here: definitions run in Python."""
        raise _no_jvm(f"a Java form of {(join.metaData or structs.MetaData()).name}")

    def staging_query_to_java(self, staging_query: structs.StagingQuery) -> Any:
        """Nothing here: definitions run in Python."""
        raise _no_jvm(f"a Java form of {(staging_query.metaData or structs.MetaData()).name}")

    def _day(self, given: Day, default: str) -> str:
        """A day as the partitions of the session are named."""
        spec = verbs.session_of(self.obj).settings.partitions
        text = given or default
        try:
            day = text if isinstance(text, date) else date.fromisoformat(text)
        except ValueError:
            raise ConfigError(f"{text!r} is not a day", expected="2025-01-31, 20250131 or a date") from None
        return spec.of(int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000))

    def _logged(self, work: Any) -> Any:
        """What ``work`` gives, with its log shown by the platform."""
        name = (self.obj.metaData or structs.MetaData()).name
        self.platform.log_operation(f"Executing {type(self.obj).__name__} {name}")
        token = self.platform.start_log_capture(f"{type(self.obj).__name__} {name}")
        try:
            return work()
        finally:
            self.platform.end_log_capture(token)

    def _backfill(self, start: str | None, end: str, **how: Any) -> Any:
        result: Backfill = self._logged(lambda: verbs.backfill(self.obj, start, end, **how))
        return result if self.spark is None else to_spark(result.arrow(), self.spark)


class _Aggregated(PySparkExecutable[T], ABC):
    """A group-by or a join."""

    def _run(self, start: Day, end: Day, **how: Any) -> Any:
        return self._backfill(self._day(start, self.default_start_date), self._day(end, self.default_end_date), **how)

    def analyze(self, start_date: Day = None, end_date: Day = None, enable_hitter_analysis: bool = False) -> None:
        """Print what the definition means on its tables, and what is wrong with them.

        Parameters
        ----------
        start_date, end_date:
            The first and last partition whose rows are looked at; the last week if ``None``.
        enable_hitter_analysis:
            Count the most frequent keys too.
        """
        from chronon.offline.analyze import analyze

        first, last = self._day(start_date, self.default_start_date), self._day(end_date, self.default_end_date)
        assert isinstance(self.obj, verbs.Aggregated)  # noqa: S101 - the two classes below
        own, session = self.obj, verbs.session_of(self.obj)
        hitters = 128 if enable_hitter_analysis else 0
        print(self._logged(lambda: analyze(session.own(own), session.engine, start=first, end=last, hitters=hitters)))  # noqa: T201 - what it is for


class GroupByExecutable(_Aggregated[structs.GroupBy], ABC):
    """A group-by that runs where it is written."""

    def run(
        self,
        start_date: Day = None,
        end_date: Day = None,
        step_days: int = STEP_DAYS,
        skip_execution_of_underlying_join: bool = False,
    ) -> Any:
        """Compute the features of all keys at the end of each day.

        Parameters
        ----------
        start_date, end_date:
            The first and last day; the last week if ``None``.
        step_days:
            How many days are computed at once.
        skip_execution_of_underlying_join:
            Taken, and not needed: of a join that is read only what is missing is computed.
        """
        del skip_execution_of_underlying_join
        return self._run(start_date, end_date, step_days=step_days)


class JoinExecutable(_Aggregated[structs.Join], ABC):
    """A join that runs where it is written."""

    def run(
        self,
        start_date: Day = None,
        end_date: Day = None,
        step_days: int = STEP_DAYS,
        skip_first_hole: bool = False,
        skip_execution_of_underlying_join: bool = False,
    ) -> Any:
        """Compute the rows of the left side with their features.

        Parameters
        ----------
        start_date, end_date:
            The first and last day; the last week if ``None``.
        step_days:
            How many days are computed at once.
        skip_first_hole:
            Leave what lies before the first partition that is there.
        skip_execution_of_underlying_join:
            Taken, and not needed: of a join that is read only what is missing is computed.
        """
        del skip_execution_of_underlying_join
        return self._run(start_date, end_date, step_days=step_days, run_first_hole=not skip_first_hole)


class StagingQueryExecutable(PySparkExecutable[structs.StagingQuery], ABC):
    """A staging query that runs where it is written."""

    def run(
        self,
        end_date: Day = None,
        step_days: int | None = None,
        enable_auto_expand: bool = True,
        override_start_partition: Day = None,
        skip_first_hole: bool = True,
    ) -> Any:
        """Run the query for the days that its table lacks.

        Parameters
        ----------
        end_date:
            The last day; yesterday if ``None``.
        step_days:
            How many days are computed at once.
        enable_auto_expand:
            Taken, and not needed: a table takes new columns.
        override_start_partition:
            The first day, instead of the definition's.
        skip_first_hole:
            Leave what lies before the first partition that is there.
        """
        del enable_auto_expand
        start = self._day(override_start_partition, "") if override_start_partition else None
        end = self._day(end_date, self.default_end_date)
        how: Mapping[str, Any] = {"step_days": step_days or STEP_DAYS, "run_first_hole": not skip_first_hole}
        return self._backfill(start, end, **how)


def _no_jvm(what: str) -> ConfigError:
    return ConfigError(f"there is no JVM, and so no {what}", mend="run() computes in Python")
