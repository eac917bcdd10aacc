"""What a change of definitions means: which fields differ, and what has to be computed again because of it.

Two sets of compiled definitions are compared. A field either decides on values (a source, a window, a key), or it only
says something about them (an owner, a description).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum
from json import dumps
from typing import Any, cast

from chronon.api import structs, wire
from chronon.api.enums import Accuracy, Operation, TimeUnit
from chronon.api.naming import output_table, slashed
from chronon.base.errors import Place
from chronon.plan.hashes import batch_hash, output_hash, row_hash
from chronon.repo.definition import KINDS, AnyDefinition, embedded_group_bys

_ENUMS: dict[str, type[Operation | TimeUnit | Accuracy]] = {
    "operation": Operation,
    "timeUnit": TimeUnit,
    "accuracy": Accuracy,
}
_METADATA = ("metaData", "description")
ABSENT = "absent"
"""What a field that is not there is shown as."""


class Effect(StrEnum):
    """What follows from a change."""

    STREAM = "its stream starts anew"
    UPLOAD = "its next upload is a new version; until then the present one serves"
    TABLE = "its table is computed again, the old partitions are kept"
    NONE = "nothing is computed again"


@dataclass(frozen=True)
class Field:
    """A field that differs.

    Parameters
    ----------
    path:
        Such as ``aggregations[0].windows[1].length``.
    before, after:
        Its two values; ``ABSENT`` where it is not there.
    """

    path: str
    before: Any
    after: Any

    @property
    def decides(self) -> bool:
        """Whether the field decides on values.

        >>> Field("joinParts[0].groupBy.metaData.team", "a", "b").decides, Field("keyColumns[0]", "a", "b").decides
        (False, True)
        """
        return not any(step.partition("[")[0] in _METADATA for step in self.path.split("."))

    def __str__(self) -> str:
        return f"{self.path}: {_shown(self.before)} -> {_shown(self.after)}"


@dataclass(frozen=True)
class Change:
    """A definition that was added, removed or changed.

    Parameters
    ----------
    path:
        ``joins/shop/training_set.v1``.
    kind:
        ``added``, ``removed`` or ``changed``.
    fields:
        What differs, where it is changed.
    effects:
        What follows.
    through:
        The changed group-bys inside it, whose fields are told with themselves.
    table:
        The table that its backfill writes, if it has one.
    value:
        The definition as it is now; ``None`` where it was removed.
    """

    path: str
    kind: str
    fields: tuple[Field, ...] = ()
    effects: tuple[Effect, ...] = ()
    through: tuple[str, ...] = ()
    table: str | None = None
    value: AnyDefinition | None = field(default=None, compare=False)

    @property
    def meaning(self) -> bool:
        """Whether values change."""
        return Effect.NONE not in self.effects

    def to_data(self) -> dict[str, Any]:
        """The change as plain data, for ``--json``."""
        return {
            "definition": self.path,
            "change": self.kind,
            "meaning": self.meaning,
            "effects": [effect.name.lower() for effect in self.effects if effect is not Effect.NONE],
            "table": self.table,
            "through": list(self.through),
            "fields": [{"path": f.path, "before": f.before, "after": f.after} for f in self.fields],
        }


def diff(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """All changes between two sets of compiled definitions, given as path to JSON text; by path."""
    changed = {path for path in before.keys() & after.keys() if before[path] != after[path]}
    found = [Change(path, "removed", effects=(Effect.NONE,)) for path in before.keys() - after.keys()]
    for path in after.keys() - before.keys():
        value = _read(path, after[path])
        found.append(Change(path, "added", effects=tuple(_begins(value)), table=_table(value), value=value))
    found += [_change(path, before[path], after[path], changed) for path in changed]
    return sorted((c for c in found if c.kind != "changed" or c.fields or c.through), key=lambda c: c.path)


def _change(path: str, old: str, new: str, changed: set[str]) -> Change:
    before, after = _read(path, old), _read(path, new)
    inside = {_path_of(g) for g in embedded_group_bys(after)} if isinstance(after, structs.Join) else set[str]()
    through = tuple(sorted(inside & changed))
    fields = tuple(_fields(_without(wire.to_data(before), through), _without(wire.to_data(after), through)))
    effects = tuple(_effects(before, after)) or (Effect.NONE,)
    return Change(path, "changed", fields, effects, through, _table(after), after)


def _effects(before: AnyDefinition, after: AnyDefinition) -> Iterator[Effect]:
    if isinstance(before, structs.GroupBy) and isinstance(after, structs.GroupBy):
        if _online(after) and row_hash(before) != row_hash(after):
            yield Effect.STREAM
        if _online(after) and batch_hash(before) != batch_hash(after):
            yield Effect.UPLOAD
        if after.backfillStartDate and output_hash(before) != output_hash(after):
            yield Effect.TABLE
    elif isinstance(before, structs.Join) and isinstance(after, structs.Join):
        if output_hash(before) != output_hash(after):
            yield Effect.TABLE
    elif any(field.decides for field in _fields(wire.to_data(before), wire.to_data(after))):
        yield Effect.TABLE


def _begins(value: AnyDefinition) -> Iterator[Effect]:
    if isinstance(value, structs.GroupBy) and _online(value):
        yield Effect.UPLOAD
    if not isinstance(value, structs.GroupBy) or value.backfillStartDate:
        yield Effect.TABLE


def _fields(before: Any, after: Any, path: str = "") -> Iterator[Field]:
    """The innermost fields that differ."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        one, other = cast(dict[str, Any], before), cast(dict[str, Any], after)
        for name in dict.fromkeys([*one, *other]):
            inside = f"{path}.{name}" if path else name
            yield from _fields(one.get(name, ABSENT), other.get(name, ABSENT), inside)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(cast(list[Any], before), cast(list[Any], after), path)
    else:
        yield Field(path, _named(path, before), _named(path, after))


def _items(before: Sequence[Any], after: Sequence[Any], path: str) -> Iterator[Field]:
    """Items that came, went, or changed where they stood."""
    texts = [[dumps(item, sort_keys=True) for item in items] for items in (before, after)]
    for kind, a, b, c, d in SequenceMatcher(None, *texts, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        both = min(b - a, d - c)
        for at in range(both):
            yield from _fields(before[a + at], after[c + at], f"{path}[{c + at}]")
        for at in range(a + both, b):
            yield Field(f"{path}[{at}]", _named(path, before[at]), ABSENT)
        for at in range(c + both, d):
            yield Field(f"{path}[{at}]", ABSENT, _named(path, after[at]))


def _named(path: str, value: Any) -> Any:
    """Enumerations by their names instead of their numbers, also inside."""
    if isinstance(value, dict):
        return {name: _named(name, item) for name, item in cast(dict[str, Any], value).items()}
    if isinstance(value, list):
        return [_named(path, item) for item in cast(list[Any], value)]
    known = _ENUMS.get(path.rpartition(".")[2])
    return known(value).name if known is not None and isinstance(value, int) else value


def _shown(value: Any) -> str:
    return value if value is ABSENT else dumps(value, ensure_ascii=False)


def _without(data: dict[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """The data of a join without what stands inside group-bys that are told elsewhere."""
    parts = data.get("joinParts")
    if not paths or not isinstance(parts, list):
        return data
    kept: list[dict[str, Any]] = []
    for part in cast(list[dict[str, Any]], parts):
        name: str = part.get("groupBy", {}).get("metaData", {}).get("name", "")
        path = f"group_bys/{slashed(name)}"
        kept.append({**part, "groupBy": path} if path in paths else part)
    return {**data, "joinParts": kept}


def _path_of(group_by: structs.GroupBy) -> str:
    return f"group_bys/{slashed((group_by.metaData or structs.MetaData()).name or '')}"


def _read(path: str, text: str) -> AnyDefinition:
    return wire.from_json(KINDS[path.partition("/")[0]], text, place=Place(file=path))


def _online(group_by: structs.GroupBy) -> bool:
    return bool((group_by.metaData or structs.MetaData()).online)


def _table(value: AnyDefinition) -> str | None:
    if isinstance(value, structs.GroupBy) and not value.backfillStartDate:
        return None
    return output_table(value) if (value.metaData or structs.MetaData()).outputNamespace else None
