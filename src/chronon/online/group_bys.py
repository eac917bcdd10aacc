"""What is prepared once from the serving info of a group-by: how its keys are written, its records read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chronon.aggregate.serving import Unknown
from chronon.api.inspect import is_events
from chronon.api.structs import GroupBy
from chronon.api.wire import from_json
from chronon.base.errors import RequestError
from chronon.base.types import DataType, parse_type
from chronon.online.derived import Derived
from chronon.online.reading import Reading, feature_columns
from chronon.online.shaping import positional
from chronon.plan.functions import declare_all
from chronon.store.keys import cast, encoder
from chronon.store.names import batch_dataset, streaming_dataset
from chronon.store.protocol import Published
from chronon.store.records import decoder
from chronon.store.serving_info import GroupByInfo, decode

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
    layouts:
        Descriptions of the layouts in which its stream rows may have been written, beside the generation's.
    reader:
        A definition whose aggregations are to be answered too, although the generation was made for another. Columns
        of which not even the inputs were stored are no columns here, but ``lost``.
    """

    def __init__(self, published: Published, layouts: tuple[bytes, ...] = (), reader: GroupBy | None = None) -> None:
        info = decode(published.info)
        self.published = published
        self.layouts = layouts
        self.info: GroupByInfo = info
        self.name = info.name
        self.batch_end = info.batch_end
        self.dataset = batch_dataset(info.name)
        self.stream = streaming_dataset(info.name)
        definition = self._definition = from_json(GroupBy, info.definition)
        declare_all(definition)
        self.key_types = {name: parse_type(text) for name, text in info.keys.items()}
        self.keys = Keys(list(self.key_types), list(self.key_types.values()))
        self.streams = info.record == "temporal"
        self.changes = self.streams and not all(is_events(source) for source in definition.sources or [])
        asked = reader or definition
        selected = {name: parse_type(text) for name, text in info.selected.items()}
        outputs = {name: parse_type(text) for name, text in info.outputs.items()}
        self.reading = Reading(asked, definition, selected, info, layouts) if self.streams else None
        columns = self.reading.columns if self.reading is not None else outputs
        self.columns = tuple(columns)
        self.lost = frozenset(feature_columns(asked)) - columns.keys() if reader is not None else NOTHING
        self.derived = (
            Derived(definition.derivations, columns, self.key_types, definition=info.name)
            if definition.derivations
            else None
        )
        self.outputs: dict[str, DataType] = self.derived.outputs if self.derived is not None else columns
        self._decode: Callable[[bytes], list[Any]] = decoder(tuple(columns.values()))
        shapes = [positional(kind) for kind in columns.values()]
        self._shapes = [(i, change) for i, change in enumerate(shapes) if change is not None]
        self._exact_until = info.batch_end + info.stale_after

    def read_by(self, definition: GroupBy) -> PreparedGroupBy:
        """The same generation, answering also for a definition that may have other aggregations."""
        known = self._definition.aggregations == definition.aggregations
        return self if known else PreparedGroupBy(self.published, self.layouts, definition)

    def inputs_of(self, row: bytes) -> Mapping[str, Any]:
        """The inputs of a stream row by name, for a person to see."""
        return self.reading.serving.read_row(row) if self.reading is not None else {}

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
        if self.reading is not None:
            found = self.reading.fetch(record, rows, self.batch_end, at, changes=self.changes)
        else:
            found = self._decode(record) if record is not None else None
        if found is not None:
            for i, change in self._shapes:
                if found[i] is not Unknown.COLUMN:
                    found[i] = change(found[i])
        return found

    def unknown(self, found: Sequence[Any]) -> frozenset[str]:
        """The columns that what is stored cannot answer, because it was written for another definition."""
        if self.reading is None or not self.reading.mixed:
            return self.lost
        return self.lost.union(name for name, value in zip(self.columns, found, strict=True) if value is Unknown.COLUMN)

    def known(self, found: Sequence[Any]) -> dict[str, Any]:
        """The values that could be answered, by the column's name."""
        pairs = zip(self.columns, found, strict=True)
        if self.reading is None or not self.reading.mixed:
            return dict(pairs)
        return {name: value for name, value in pairs if value is not Unknown.COLUMN}

    def empty_stale(self, found: list[Any], at: int) -> frozenset[str]:
        """Empty the columns whose windows the batch is too old for at an instant, and name them."""
        if at <= self._exact_until or self.reading is None:
            return NOTHING
        stale = self.reading.serving.stale(self.batch_end, at)
        for i, column in enumerate(self.columns):
            if column in stale:
                found[i] = None
        return stale

    def named(
        self,
        found: list[Any] | None,
        keys: Mapping[str, Any],
        at: int,
        stale: frozenset[str],
        unknown: frozenset[str] = NOTHING,
    ) -> dict[str, Any] | None:
        """The features by their names, derived where the group-by has derivations.

        What is derived from a column that was emptied is empty too; what is unknown, and what is derived from it, is
        left out.
        """
        values = self.known(found) if found is not None else None
        if self.derived is None:
            return values
        derived = self.derived.apply(values or {}, keys, at)
        if stale:
            derived |= dict.fromkeys(self.derived.readers(stale) & derived.keys())
        for name in self.derived.readers(unknown) if unknown else ():
            derived.pop(name, None)
        return derived
