"""Made by ``python -m chronon.testing.stubs`` of ``verbs.py`` and ``session.py``."""

from collections.abc import Mapping, Sequence
from typing import Any

from chronon.offline import Backfill, Progress
from chronon.offline.explanation import Explanation
from chronon.offline.features import Features
from chronon.offline.preview import Preview
from chronon.offline.result import Uploads
from chronon.offline.traced import Trace

class Verb:
    name: str

class Displayed:
    """How a definition shows itself, in a terminal and in a notebook."""

    def __rich__(self) -> Any: ...
    def _repr_html_(self) -> str: ...

class SourceVerbs(Displayed):
    """What a source can do."""

    def preview(self, keys: Any = None, *, partitions: int | None = None, rows: int = 10) -> Preview:
        """A look at what a definition reads and gives, on a few of its partitions.

        Parameters
        ----------
        keys:
            Only rows of these keys: a dict, or a list of dicts.
        partitions:
            How many of the last partitions are read; two if ``None``, 0 for all.
        rows:
            How many are shown.
        """

class TableVerbs(Displayed):
    """What a definition of a table can do."""

    def backfill(self, start: str | None = None, end: str | None = None, *, progress: Progress | None = None, **how: Any) -> Backfill:
        """Compute the partitions of the output table that are missing; the result hands over all that were asked for.

        Parameters
        ----------
        start, end:
            The first and last partition (``yyyy-MM-dd``); without ``start`` the input's own, without ``end`` today.
        progress:
            Told of each step; a bar if ``None``.
        how:
            ``step_days``, ``run_first_hole``, ``incremental`` and ``keep_outdated``, as of ``chronon backfill``.
        """
    def explain(self, start: str | None = None, end: str | None = None, *, job: str = 'backfill') -> Explanation:
        """What a job would do, without doing it: partitions to fill and to scan, columns with types, rows.

        Parameters
        ----------
        start, end:
            As of the job; an upload and labels are of ``end``, which is yesterday then if ``None``.
        job:
            ``"backfill"``, ``"upload"`` or ``"labels"``.
        """

class Verbs(SourceVerbs, TableVerbs):
    """What joins and group-bys can do besides."""

    def features(self, rows: Any = None, *, only: Sequence[str] | None = None, time: str = 'ts', entities: str | None = None, ts: Any = None, bootstrap: bool = False, progress: Progress | None = None) -> Features:
        """The features for rows of your own: computed as a backfill would, nothing is published.

        Parameters
        ----------
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
    def upload(self, ds: str | None = None, *, progress: Progress | None = None) -> Uploads:
        """Publish what serving needs of all keys, as of the end of ``ds``; without it, of yesterday."""
    def fetch(self, keys: Mapping[str, Any] | Sequence[Mapping[str, Any]], at: Any = None) -> Any:
        """The served features of one key, or of several.

        Parameters
        ----------
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
    def trace(self, keys: Mapping[str, Any], ts: Any, feature: str, *, served: bool = False, around: int = 3) -> Trace:
        """Why a feature has its value: the rows that it is made of, where they came from, and those just outside.

        Parameters
        ----------
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
