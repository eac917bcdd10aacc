"""What is prepared once from the serving info of a group-by: how its keys are written, its records read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chronon.aggregate.aggregator import Aggregator
from chronon.api.inspect import is_events
from chronon.api.structs import GroupBy
from chronon.api.wire import from_json
from chronon.base.errors import RequestError
from chronon.base.types import DataType, parse_type
from chronon.online.derived import Derived
from chronon.online.shaping import positional
from chronon.plan.functions import declare_all
from chronon.store.keys import cast, encoder
from chronon.store.names import batch_dataset, streaming_dataset
from chronon.store.protocol import Published
from chronon.store.records import decoder
from chronon.store.serving_info import GroupByInfo, decode

if TYPE_CHECKING:
    from chronon.aggregate.serving import Serving

NOTHING: frozenset[str] = frozenset()


class Keys:
    """How the key columns of a request become bytes.

    Parameters
    ----------
    names:
        The columns of the request, in the order of the key.
    types:
        Their declared types.
    """

    def __init__(self, names: Sequence[str], types: Sequence[DataType]) -> None:
        self.names = tuple(names)
        self.types = tuple(types)
        self._encode = encoder(self.types)

    def read(self, request: Mapping[str, Any], typed: dict[str, Any]) -> bytes | None:
        """The bytes of the key, ``None`` if a component is null; the values, cast, are added to ``typed``.

        Raises
        ------
        RequestError
            For a value that is absent or cannot be cast.
        """
        values: list[Any] = []
        for name, kind in zip(self.names, self.types, strict=True):
            if name not in request:
                raise self._missing(request)
            value = cast(request[name], kind)
            typed[name] = value
            values.append(value)
        return self._encode(values)

    def _missing(self, request: Mapping[str, Any]) -> RequestError:
        missing = [name for name in self.names if name not in request]
        return RequestError(
            f"Missing keys {', '.join(missing)}; the request has {', '.join(request) or 'none'}",
            expected=f"all of {', '.join(self.names)}",
        )


class PreparedGroupBy:
    """A published group-by, ready to answer.

    Parameters
    ----------
    published:
        The generation that it answers from, and the only one.
    """

    def __init__(self, published: Published) -> None:
        info = decode(published.info)
        self.published = published
        self.info: GroupByInfo = info
        self.name = info.name
        self.batch_end = info.batch_end
        self.dataset = batch_dataset(info.name)
        self.stream = streaming_dataset(info.name)
        definition = from_json(GroupBy, info.definition)
        declare_all(definition)
        self.key_types = {name: parse_type(text) for name, text in info.keys.items()}
        self.keys = Keys(list(self.key_types), list(self.key_types.values()))
        columns = {name: parse_type(text) for name, text in info.outputs.items()}
        self.columns = tuple(columns)
        self.streams = info.record == "temporal"
        self.changes = self.streams and not all(is_events(source) for source in definition.sources or [])
        self.derived = (
            Derived(definition.derivations, columns, self.key_types, definition=info.name)
            if definition.derivations
            else None
        )
        self.outputs: dict[str, DataType] = self.derived.outputs if self.derived is not None else columns
        self._serving = self._make_serving(definition) if self.streams else None
        self._decode: Callable[[bytes], list[Any]] = decoder(tuple(columns.values()))
        shapes = [positional(kind) for kind in columns.values()]
        self._shapes = [(i, change) for i, change in enumerate(shapes) if change is not None]
        self._exact_until = info.batch_end + info.stale_after

    def _make_serving(self, definition: GroupBy) -> Serving:
        selected = {name: parse_type(text) for name, text in self.info.selected.items()}
        aggregator = Aggregator(definition.aggregations or [], selected, definition=self.name)
        return aggregator.serving(stale_after=self.info.stale_after)

    def inputs_of(self, row: bytes) -> Mapping[str, Any]:
        """The inputs of a stream row by name, for a person to see."""
        return self._serving.read_row(row) if self._serving is not None else {}

    def answer(self, record: bytes | None, rows: Sequence[bytes], at: int) -> list[Any] | None:
        """The values of ``columns`` for one entity at an instant, ``None`` if nothing is known of it.

        Raises
        ------
        RequestError
            If the instant is before the batch end.
        DataError
            If what is stored cannot be read.
        """
        if at < self.batch_end:
            raise RequestError(
                f"Request time of {at} is less than batch time {self.batch_end}",
                expected="an instant at or after the batch end",
                mend="for the past, backfill",
            )
        if self._serving is not None:
            found = self._serving.fetch(record, rows, self.batch_end, at, changes=self.changes)
        else:
            found = self._decode(record) if record is not None else None
        if found is not None:
            for i, change in self._shapes:
                found[i] = change(found[i])
        return found

    def empty_stale(self, found: list[Any], at: int) -> frozenset[str]:
        """Empty the columns whose windows the batch is too old for at an instant, and name them."""
        if at <= self._exact_until or self._serving is None:
            return NOTHING
        stale = self._serving.stale(self.batch_end, at)
        for i, column in enumerate(self.columns):
            if column in stale:
                found[i] = None
        return stale

    def named(
        self, found: list[Any] | None, keys: Mapping[str, Any], at: int, stale: frozenset[str]
    ) -> dict[str, Any] | None:
        """The features by their names, derived where the group-by has derivations.

        What is derived from a column that was emptied is empty too.
        """
        values = dict(zip(self.columns, found, strict=True)) if found is not None else None
        if self.derived is None:
            return values
        derived = self.derived.apply(values or {}, keys, at)
        return derived | dict.fromkeys(self.derived.readers(stale) & derived.keys()) if stale else derived
