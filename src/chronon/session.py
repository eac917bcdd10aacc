"""The verbs of a notebook: what a definition can do, once it knows its repo.

``join.features(df)`` is ``features(join, df)`` of this module: definitions know nothing of engines and reach here by
one lazy import. A session is a repo with its settings, its engine and its store. Verbs use the session that the
definition came from (``Session.get``), else the one last chosen (``Session.use``), else the repo that the definition's
file or the working directory lies in, else the working directory with the default settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from chronon.api import structs
from chronon.api.provenance import place_of
from chronon.base.clock import Clock, SystemClock
from chronon.base.errors import ConfigError
from chronon.base.settings import load_settings, nearest

if TYPE_CHECKING:
    from chronon.engine.protocol import Engine
    from chronon.offline import Backfill, Progress
    from chronon.offline.explanation import Explanation
    from chronon.offline.features import Features
    from chronon.offline.preview import Preview
    from chronon.offline.result import Uploads
    from chronon.offline.traced import Served, Trace
    from chronon.repo import Repo
    from chronon.store.protocol import KVStore

Aggregated = structs.GroupBy | structs.Join
AnySource = structs.EventSource | structs.EntitySource | structs.Source
T = TypeVar("T", bound=structs.Struct)


class Session:
    """A repo of definitions with what its settings name; each is opened when it is first used.

    Parameters
    ----------
    root:
        The folder of the repo; the nearest one at or above the working directory if ``None``, or that directory.
    env:
        The environment (``[env.dev]`` in ``chronon.toml``); what ``CHRONON_ENV`` says if ``None``.
    clock:
        Tells now.
    settings:
        Settings by their names, over those of file and environment: ``memory="4GB"``.

    Raises
    ------
    SettingsError
        If the settings are wrong.
    """

    def __init__(
        self, root: str | Path | None = None, *, env: str | None = None, clock: Clock | None = None, **settings: Any
    ) -> None:
        self.root = Path(root).expanduser().absolute() if root is not None else nearest(Path.cwd()) or Path.cwd()
        self.settings = load_settings(self.root, env=env, flags=settings)
        self.clock = clock or SystemClock()

    def __repr__(self) -> str:
        return f"Session({str(self.root)!r}" + (f", env={self.settings.env!r})" if self.settings.env else ")")

    def use(self) -> Session:
        """Let the verbs of all definitions use this session from now on."""
        _OPEN.chosen = self
        return self

    @staticmethod
    def forget() -> None:
        """Let the verbs use no session that was chosen or found so far."""
        _OPEN.chosen = None
        _OPEN.found.clear()

    @cached_property
    def repo(self) -> Repo:
        """The definitions."""
        from chronon.repo import Repo

        return Repo(self.root)

    @cached_property
    def engine(self) -> Engine:
        """Where offline work runs."""
        from chronon.engine.registry import open_engine

        return open_engine(self.settings)

    @cached_property
    def store(self) -> KVStore:
        """Where serving data live."""
        from chronon.store import open_store

        return open_store(self.settings.store_url)

    def get(self, name: str) -> structs.GroupBy | structs.Join | structs.StagingQuery:
        """A definition by its name or file; its verbs use this session."""
        found = self.own(self.repo.get(name))
        vars(found)["_session"] = self
        return found

    def definition(self, name: str) -> Aggregated:
        """A join or a group-by by its name."""
        found = self.get(name)
        if not isinstance(found, Aggregated):
            raise ConfigError(f"{name} is a {type(found).__name__}", expected="a join or a group-by")
        return found

    def load(self, table: str, rows: Any, *, time: str | None = None) -> Backfill:
        """Write a file or a frame into a table of the warehouse, each row into the partition of its day.

        Parameters
        ----------
        table:
            ``namespace.table``; partitions that the rows have are replaced, others stay.
        rows:
            The path of a CSV, JSON or Parquet file, an Arrow table, a pandas or Polars frame, a list of dicts.
        time:
            The time of a row in Spark SQL; ``None``: the partition column if the rows have one, else ``ts``.
        """
        from chronon.offline.load import load

        return load(table, rows, self.settings, time=time)

    def own(self, definition: T) -> T:
        """The same definition, with the namespace of this environment for what it writes."""
        metadata: structs.MetaData | None = vars(definition).get("metaData")
        if self.settings.namespace is None or metadata is None or metadata.outputNamespace == self.settings.namespace:
            return definition
        made = copy(definition)
        vars(made)["metaData"] = copy(metadata)
        vars(made)["metaData"].outputNamespace = self.settings.namespace
        return made

    def today(self, partitions: int = 0) -> str:
        """The partition of now, or one that many later."""
        spec = self.settings.partitions
        return spec.shift(spec.of(self.clock.now()), partitions)


@dataclass
class _Open:
    """The sessions of this process: the one that was chosen, and those that were found, each by its root."""

    chosen: Session | None = None
    found: dict[Path, Session] = field(default_factory=dict[Path, Session])


_OPEN = _Open()


def session_of(definition: structs.Struct) -> Session:
    """The session that the verbs of a definition use."""
    known = vars(definition).get("_session") or _OPEN.chosen
    if known is not None:
        return known
    file = place_of(definition).file
    root = (nearest(Path(file).absolute().parent) if file else None) or nearest(Path.cwd()) or Path.cwd()
    if root not in _OPEN.found:
        _OPEN.found[root] = Session(root)
    return _OPEN.found[root]


# ---- the verbs


def features(
    definition: Aggregated,
    rows: Any = None,
    *,
    only: Sequence[str] | None = None,
    time: str = "ts",
    entities: str | None = None,
    ts: Any = None,
    bootstrap: bool = False,
    progress: Progress | None = None,
) -> Features:
    """The features for rows of your own: computed as a backfill would, nothing is published.

    Parameters
    ----------
    definition:
        A join or a group-by.
    rows:
        Keys and times: an Arrow table or reader, a pandas or Polars frame, a DuckDB relation, or a list of dicts. Rows,
        their order and their other columns come back as they were, with the features beside them.
    only:
        Which features; all if ``None``.
    time:
        The column of times: ms since 1970, or timestamps, a naive one in UTC. Where the left side of a join is of
        entities, ``ds``, a day, stands for it.
    entities, ts:
        ``entities="all"`` instead of rows: every key that has any data, at the instant ``ts`` (ms, a datetime, or a
        text like ``2024-01-10T12:00``).
    bootstrap:
        Take the values of the join's bootstrap tables, as its backfill does: the rows have its row ids, and their day
        is that of their time. Without it everything is computed.
    progress:
        Told of each step.

    Raises
    ------
    RequestError
        For rows that lack a key or a time, an unknown feature, times that are not what they seem.
    """
    from chronon.offline.everyone import features_of_everyone
    from chronon.offline.features import features_of_rows

    session = session_of(definition)
    if entities is None:
        how: dict[str, Any] = {"only": only, "time": time, "bootstrap": bootstrap, "progress": progress}
        return features_of_rows(definition, session.engine, rows, **how)
    return features_of_everyone(definition, session.engine, entities, rows, ts, only=only, progress=progress)


def backfill(
    definition: Aggregated | structs.StagingQuery,
    start: str | None = None,
    end: str | None = None,
    *,
    progress: Progress | None = None,
    **how: Any,
) -> Backfill:
    """Compute the partitions of the output table that are missing; the result hands over all that were asked for.

    Parameters
    ----------
    definition:
        A join, a group-by or a staging query.
    start, end:
        The first and last partition (``yyyy-MM-dd``); without ``start`` the input's own, without ``end`` today.
    progress:
        Told of each step; a bar if ``None``.
    how:
        ``step_days``, ``run_first_hole``, ``incremental`` and ``keep_outdated``, as of ``chronon backfill``.
    """
    from chronon.base.progress import watched
    from chronon.offline import backfill_group_by, backfill_join, backfill_models, backfill_staging_query
    from chronon.offline.published import hand_over

    session = session_of(definition)
    own = session.own(definition)
    how |= {"start": start, "end": end or session.today()}
    with watched(progress) as watch:
        if isinstance(own, structs.Join):
            result = backfill_join(own, session.engine, **how, progress=watch)
            if own.modelTransforms is not None:
                asked: dict[str, Any] = {name: how[name] for name in ("start", "end", "run_first_hole") if name in how}
                result = backfill_models(own, session.engine, session.root, **asked, progress=watch)
        elif isinstance(own, structs.StagingQuery):
            result = backfill_staging_query(own, session.engine, **how, progress=watch)
        else:
            result = backfill_group_by(own, session.engine, **how, progress=watch)
    return hand_over(result, session.engine, start, how["end"])


def upload(definition: Aggregated, ds: str | None = None, *, progress: Progress | None = None) -> Uploads:
    """Publish what serving needs of all keys, as of the end of ``ds``; without it, of yesterday."""
    from chronon.base.progress import watched
    from chronon.offline import upload_group_by, upload_join
    from chronon.offline.result import Uploads

    session = session_of(definition)
    day = ds or session.today(-1)
    if isinstance(definition, structs.GroupBy):
        return Uploads([upload_group_by(definition, session.engine, session.store, ds=day)])
    with watched(progress) as watch:
        return Uploads(upload_join(definition, session.engine, session.store, ds=day, progress=watch))


def fetch(definition: Aggregated, keys: Mapping[str, Any] | Sequence[Mapping[str, Any]], at: Any = None) -> Any:
    """The served features of one key, or of several.

    Parameters
    ----------
    definition:
        A join or a group-by that was uploaded.
    keys:
        Key columns and their values, or a list of such dicts.
    at:
        The instant (ms, a datetime, or a text); now if ``None``.

    Returns
    -------
    A dict of features, or a list of them.

    Raises
    ------
    ChrononError
        If a request has no answer at all.
    """
    from chronon.api.naming import name_of
    from chronon.base.errors import raise_all
    from chronon.base.moments import instant_from
    from chronon.online import Fetcher, Request

    session = session_of(definition)
    moment = instant_from(at) if at is not None else None
    several = [keys] if isinstance(keys, Mapping) else list(keys)
    fetcher = Fetcher(session.store, session.clock)
    ask = fetcher.fetch_join if isinstance(definition, structs.Join) else fetcher.fetch_group_by
    answers = ask(name_of(definition), [Request(one, moment) for one in several])
    raise_all(answer.error for answer in answers if answer.error is not None)
    values = [answer.values for answer in answers]
    return values[0] if isinstance(keys, Mapping) else values


def explain(
    definition: Aggregated | structs.StagingQuery,
    start: str | None = None,
    end: str | None = None,
    *,
    job: str = "backfill",
) -> Explanation:
    """What a job would do, without doing it: partitions to fill and to scan, columns with types, rows.

    Parameters
    ----------
    definition:
        A join, a group-by or a staging query.
    start, end:
        As of the job; an upload and labels are of ``end``, which is yesterday then if ``None``.
    job:
        ``"backfill"``, ``"upload"`` or ``"labels"``.
    """
    from chronon.offline.explanation import BACKFILL
    from chronon.offline.explanation import explain as explained

    session = session_of(definition)
    until = end or session.today(0 if job == BACKFILL else -1)
    return explained(session.own(definition), session.engine, start=start, end=until, job=job)


def preview(
    definition: Aggregated | AnySource, keys: Any = None, *, partitions: int | None = None, rows: int = 10
) -> Preview:
    """A look at what a definition reads and gives, on a few of its partitions.

    Parameters
    ----------
    definition:
        A source, a group-by or a join.
    keys:
        Only rows of these keys: a dict, or a list of dicts.
    partitions:
        How many of the last partitions are read; two if ``None``, 0 for all.
    rows:
        How many are shown.
    """
    from chronon.offline.preview import preview as previewed

    return previewed(definition, session_of(definition).engine, keys=keys, partitions=partitions, rows=rows)


def trace(
    definition: Aggregated,
    keys: Mapping[str, Any],
    ts: Any,
    feature: str,
    *,
    served: bool = False,
    around: int = 3,
) -> Trace:
    """Why a feature has its value: the rows that it is made of, where they came from, and those just outside.

    Parameters
    ----------
    definition:
        A join or a group-by.
    keys:
        Key columns and their values; of a join those of its left side.
    ts:
        The instant (ms, a datetime, or a text).
    feature:
        Its name as it comes out.
    served:
        Lay the value that is served at that instant beside it.
    around:
        How many rows are shown on either side of the window.
    """
    from chronon.offline.trace import trace as traced

    session = session_of(definition)
    found = traced(definition, session.engine, keys, ts, feature, around=around)
    if served:
        found.served = _served(found, definition, session)
    return found


def _served(found: Trace, definition: Aggregated, session: Session) -> Served:
    from chronon.base.errors import ChrononError
    from chronon.offline.traced import Served
    from chronon.online.behind import behind

    uploads: dict[str, tuple[str, int]] = {}
    streamed: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    try:
        for column in found.columns:
            known = behind(session.store, column.group_by, column.keys, found.at)
            uploads[column.group_by] = known.generation, known.batch_end
            if known.streamed is not None:
                streamed[column.group_by] = known.streamed
        values = fetch(definition, found.keys, found.at)
    except ChrononError as problem:
        return Served(None, uploads, streamed, str(problem))
    failed = [str(problem) for name, problem in values.items() if name.endswith("_exception")]
    return Served(values.get(found.feature), uploads, streamed, "; ".join(failed) or None)
