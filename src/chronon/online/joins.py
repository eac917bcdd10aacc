"""What is prepared once from the definition of a join: its parts, their keys, the names of its columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chronon.api.naming import name_of, part_prefix
from chronon.api.structs import Join, JoinPart
from chronon.api.wire import from_json
from chronon.base.errors import ChrononError, ConfigError
from chronon.base.types import DataType
from chronon.online.derived import Derived
from chronon.online.group_bys import Keys, PreparedGroupBy
from chronon.plan.functions import declare_all
from chronon.plan.names import part_keys, part_outputs

EXCEPTION = "_exception"
"""What stands behind the name of a part that failed."""

Find = Callable[[str], PreparedGroupBy]


class PreparedPart:
    """A part of a join, ready to answer.

    Attributes
    ----------
    name:
        Its group-by's.
    prefix:
        What stands before its columns.
    exception:
        The column that says why it failed.
    group_by:
        ``None`` if it cannot be served; then ``problem`` says why.
    found:
        What is published of it; ``group_by`` is the same, read by the definition in the join.
    columns:
        The join's columns, parallel to those of the group-by; empty where the group-by has derivations of its own.
    lookup, read:
        Which of the join's lookups it takes part in, and in which place there.
    """

    def __init__(self, part: JoinPart, find: Find) -> None:
        if part.groupBy is None:
            raise ConfigError("a join part has no group-by")
        self.name = name_of(part.groupBy)
        self.prefix = part_prefix(part)
        self.exception = self.prefix + EXCEPTION
        self.group_by: PreparedGroupBy | None = None
        self.problem: ChrononError | None = None
        self.lookup = self.read = -1
        self.columns: tuple[str, ...] = ()
        self._renamed: dict[str, str] = {}
        self.found: PreparedGroupBy | None = None
        try:
            self.found = find(self.name)
            known = self.group_by = self.found.read_by(part.groupBy)
        except ChrononError as problem:
            self.problem = problem
            return
        self._renamed = part_outputs(part, known.outputs)
        if known.derived is None:
            self.columns = tuple(self._renamed[name] for name in known.columns)
        left = part_keys(part)
        self.keys = Keys([left.get(key, key) for key in known.key_types], list(known.key_types.values()))

    @property
    def outputs(self) -> dict[str, DataType]:
        """Its columns of the join and their types."""
        known = self.group_by
        return {} if known is None else {self._renamed[name]: kind for name, kind in known.outputs.items()}

    def column(self, name: str) -> str:
        """The join's column for one of the group-by's."""
        return self._renamed.get(name) or f"{self.prefix}_{name}"

    def columns_of(self, entering: frozenset[str]) -> list[str]:
        """The join's columns that are, or are made of, some columns of the group-by before its derivations."""
        known = self.group_by
        own = entering if known is None or known.derived is None else known.derived.readers(entering)
        return [self.column(name) for name in own]


class PreparedJoin:
    """A join, ready to answer.

    Parameters
    ----------
    data:
        Its definition as JSON.
    find:
        Gives a group-by by its name.

    Raises
    ------
    ConfigError
        If it has external parts or models, which are not served yet.
    """

    def __init__(self, data: bytes, find: Find) -> None:
        join = from_json(Join, data.decode())
        self.data = data
        self.name = name_of(join)
        declare_all(join)
        _refuse_unserved(join, self.name)
        self.parts = [PreparedPart(part, find) for part in join.joinParts or []]
        self.batch_ends = {part.prefix: part.group_by.batch_end for part in self.parts if part.group_by is not None}
        self.lookups = _shared_keys(self.parts)
        self.key_types: dict[str, DataType] = {}
        columns: dict[str, DataType] = {}
        for part in self.parts:
            if part.group_by is not None:
                columns |= part.outputs
                for name, kind in zip(part.keys.names, part.keys.types, strict=True):
                    self.key_types.setdefault(name, kind)
        self.derived: Derived | None = None
        self.outputs = columns
        self.dependants: dict[str, frozenset[str]] = {}
        if join.derivations:
            unknown = [f"{part.prefix}_" for part in self.parts if part.group_by is None]
            unknown += [part.column(name) for part in self.parts if part.group_by for name in part.group_by.lost]
            self.derived = Derived(join.derivations, columns, self.key_types, definition=self.name, unknown=unknown)
            self.outputs = self.derived.outputs
            self.dependants = {part.prefix: self.derived.readers(part.outputs) for part in self.parts}

    def still_holds(self, data: bytes | None, find: Find) -> bool:
        """Whether it is what would be prepared now."""
        if data != self.data:
            return False
        for part in self.parts:
            if part.group_by is None:
                return False
            try:
                if find(part.group_by.name) is not part.found:
                    return False
            except ChrononError:
                return False
        return True


def _shared_keys(parts: Sequence[PreparedPart]) -> list[tuple[Keys, list[PreparedGroupBy]]]:
    """The group-bys by the key they are looked up with, so that it is read once for all of them."""
    found: dict[Any, tuple[int, Keys, list[PreparedGroupBy]]] = {}
    for part in parts:
        if part.group_by is None:
            continue
        identity = (part.keys.names, part.keys.types)
        number, _, group_bys = found.setdefault(identity, (len(found), part.keys, []))
        if part.group_by not in group_bys:
            group_bys.append(part.group_by)
        part.lookup, part.read = number, group_bys.index(part.group_by)
    return [(keys, group_bys) for _, keys, group_bys in found.values()]


def _refuse_unserved(join: Join, name: str) -> None:
    for field, what in (("onlineExternalParts", "external parts"), ("modelTransforms", "model transforms")):
        if getattr(join, field):
            raise ConfigError(
                f"{name} has {what}, which cannot be served yet",
                mend=f"serve a join without {what}, and add their values in the caller",
            )
