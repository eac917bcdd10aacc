"""One key at a time: the states of a base from the cells of rows, whatever the column's shape.

The columnar counterpart is in ``shapes.py`` and ``answer.py``; both lean on the same operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite, isnan
from typing import Any

from chronon.aggregate.parts import Base
from chronon.aggregate.shapes import Shape, null_inside, unequal_lengths
from chronon.aggregate.values import restored


class Cell:
    """Lifts the cells of rows to states of one base, merges them, and gives the final value.

    A state is the operation's own, or of a grouped base a dict from label to such states (element-wise: a list).
    ``None`` is no state.

    Parameters
    ----------
    base:
        What is aggregated.
    merged:
        Merges the operation's own states, if these are not in their form for one key.
    """

    def __init__(self, base: Base, merged: Callable[[Sequence[Any]], Any] | None = None) -> None:
        self.base = base
        self._operation = base.operation
        self._merged = merged or base.operation.merge
        self._restore = restored(base.output)

    def lift(self, row: Mapping[str, Any], ts: int, seq: int) -> Any | None:
        """The state of one row; ``None`` if its cell has nothing to aggregate. ``ts`` in ms."""
        value = row[self.base.input]
        if value is None:
            return None
        if self.base.shape is Shape.MAPPED:
            return {label: self._operation.lift(item, ts, seq) for label, item in value.items() if self._usable(item)}
        if self.base.shape is Shape.ELEMENT_WISE:
            whole = self._whole(value)
            return [self._operation.lift(item, ts, seq) if self._usable(item) else None for item in whole]
        items = value if self.base.flattened else [value]
        state = self._merge([self._operation.lift(item, ts, seq) for item in items if self._usable(item)])
        if self.base.bucket is None or state is None:
            return state
        label = row[self.base.bucket]
        return None if label is None else {label: state}

    def merge(self, states: Sequence[Any]) -> Any | None:
        """One state for all of ``states`` that are one, oldest first; none of them is changed."""
        known = [state for state in states if state is not None]
        if len(known) <= 1:
            return known[0] if known else None
        if self.base.shape is Shape.ELEMENT_WISE:
            lengths = {len(state) for state in known}
            if len(lengths) > 1:
                raise unequal_lengths(self.base.input, min(lengths), max(lengths))
            return [self._merge(column) for column in zip(*known, strict=True)]
        if not self.base.grouped:
            return self._merged(known)
        labels: dict[str, list[Any]] = {}
        for state in known:
            for label, inner in state.items():
                labels.setdefault(label, []).append(inner)
        return {label: self._merged(inner) for label, inner in labels.items()}

    def _merge(self, states: Sequence[Any]) -> Any | None:
        known = [state for state in states if state is not None]
        if len(known) <= 1:
            return known[0] if known else None
        return self._merged(known)

    def _usable(self, value: Any) -> bool:
        return value is not None and not (self._operation.skips_nan and isnan(value))

    def remove(self, state: Any | None, row: Mapping[str, Any]) -> Any | None:
        """The state without one occurrence of the row's cell; ignored by operations that have no inverse."""
        value = row[self.base.input]
        if value is None or not self._operation.reversible:
            return state
        take = self._operation.remove
        if self.base.shape is Shape.MAPPED:
            changed = {label: take((state or {}).get(label), item) for label, item in value.items() if item is not None}
            return {**(state or {}), **changed}
        if self.base.shape is Shape.ELEMENT_WISE:
            before = state if state is not None else [None] * len(value)
            if len(before) != len(value):
                raise unequal_lengths(self.base.input, len(before), len(value))
            return [take(inner, item) for inner, item in zip(before, self._whole(value), strict=True)]
        items = [item for item in value if item is not None] if self.base.flattened else [value]
        if self.base.bucket is None:
            return self._take_all(state, items)
        label = row[self.base.bucket]
        if label is None or not items:
            return state
        return {**(state or {}), label: self._take_all((state or {}).get(label), items)}

    def _take_all(self, state: Any | None, items: Sequence[Any]) -> Any | None:
        for item in items:
            state = self._operation.remove(state, item)
        return state

    def result(self, state: Any | None) -> Any | None:
        """The final value. A bare number that is NaN or infinite is none."""
        if state is None:
            return None
        if self.base.shape is Shape.ELEMENT_WISE:
            return [None if inner is None else self._operation.result(inner) for inner in state]
        if self.base.grouped:
            value = {label: self._operation.result(inner) for label, inner in state.items()}
        else:
            value = self._operation.result(state)
        if self._restore is not None:
            return self._restore(value)
        return None if isinstance(value, float) and not isfinite(value) else value

    def _whole(self, value: Sequence[Any]) -> Sequence[Any]:
        if any(item is None for item in value):
            raise null_inside(self.base.input)
        return value
