"""Functions of maps. Where a key occurs twice, the last value stays; a map that would have a null for a key is null."""

from __future__ import annotations

from collections.abc import Sequence

from chronon.base import types as t
from chronon.base.types import ListType, MapType, StructType
from chronon.sql import coercion
from chronon.sql.casts import cast
from chronon.sql.duckdb_types import duckdb_type
from chronon.sql.functions.containers import storable
from chronon.sql.rules import counted, implied, listed, literal, mapped, plain_elements
from chronon.sql.tree import BY_ROW, Call, Constants, Literal, Node, Refusal, Rule, Typed, define

B, S = t.BOOLEAN, t.STRING


def _map_value(args: Sequence[Node]) -> Typed:
    box, key = args
    kind = mapped(box)
    plain_elements(kind.key, floats=False)
    if coercion.tightest(kind.key, key.type) != kind.key:
        raise Refusal(f"the key is a {key.type} and the map has {kind.key}", mend=f"CAST(... AS {kind.key})")
    return Typed([box, cast(key, kind.key)], kind.value)


define("map_value", _map_value, "{0}[{1}]", "{0}.get({1})", nullable=True)


def _map(args: Sequence[Node]) -> Typed:
    if not args or len(args) % 2:
        raise Refusal("keys and values do not come in pairs", expected="MAP(key, value, ...)")
    key = storable(coercion.common([arg.type for arg in args[::2]], "the keys"))
    value = storable(coercion.common([arg.type for arg in args[1::2]], "the values"))
    plain_elements(key, floats=False)
    keys = [literal(args, at, "key of a map") for at in range(0, len(args), 2)]
    if len(set(map(str, keys))) < len(keys):
        raise Refusal("a key occurs twice")
    given = [cast(arg, value if at % 2 else key) for at, arg in enumerate(args)]
    return Typed(given, MapType(key, value))


def _map_duckdb(node: Call) -> str:
    keys = ", ".join(f"{{{at}}}" for at in range(0, len(node.args), 2))
    values = ", ".join(f"{{{at}}}" for at in range(1, len(node.args), 2))
    return f"CAST(MAP([{keys}], [{values}]) AS {duckdb_type(node.type)})"


def _map_python(node: Call, _keep: Constants) -> str:
    return "{{" + ", ".join(f"{{{at}}}: {{{at + 1}}}" for at in range(0, len(node.args), 2)) + "}}"


define("map", _map, _map_duckdb, _map_python, strict=False, never_null=True)


def _map_part(keys: bool) -> Rule:
    def rule(args: Sequence[Node]) -> Typed:
        counted(args, 1)
        kind = mapped(args[0])
        return Typed(args, ListType(kind.key if keys else kind.value))

    return rule


define("map_keys", _map_part(keys=True), "map_keys({0})", "list({0})")
define("map_values", _map_part(keys=False), "map_values({0})", "list({0}.values())")


def _contains_key(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    typed = _map_value(args)
    return Typed(typed.args, B)


define("map_contains_key", _contains_key, "map_contains({0}, {1})", "({1} in {0})")


def _concat(args: Sequence[Node]) -> Typed:
    counted(args, 1, 10_000)
    kind = coercion.common([mapped(arg) for arg in args], "the maps")
    plain_elements(mapped(args[0]).key, floats=False)
    if not isinstance(kind, MapType) or kind.key != mapped(args[0]).key:
        raise Refusal(f"the maps meet in a {kind}", expected="maps with keys of one type")
    for arg in args:
        if arg.type != kind:
            raise Refusal(f"a {arg.type} meets a {kind}", mend="cast the values to one type")
    return Typed(args, kind)


def _merged(node: Call, _keep: Constants) -> str:
    return "{{" + ", ".join(f"**{{{at}}}" for at in range(len(node.args))) + "}}"


define("map_concat", _concat, BY_ROW, _merged)


def _from_arrays(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    keys, values = listed(args[0]), listed(args[1])
    plain_elements(keys.element, floats=False)
    return Typed(args, MapType(storable(keys.element), storable(values.element)))


define("map_from_arrays", _from_arrays, BY_ROW, "map_from_arrays({0}, {1})", nullable=True)


def _pair(kind: t.DataType) -> StructType:
    if not isinstance(kind, StructType) or len(kind.fields) != 2:
        raise Refusal(f"the elements are {kind}", expected="structs of a key and a value")
    return kind


def _from_entries(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    (_, key), (_, value) = _pair(listed(args[0]).element).fields
    plain_elements(key, floats=False)
    return Typed(args, MapType(key, value))


def _from_entries_python(node: Call, keep: Constants) -> str:
    (key, _), (value, _) = _pair(listed(node.args[0]).element).fields
    return f"map_from_entries({{0}}, {keep(key)}, {keep(value)})"


define("map_from_entries", _from_entries, BY_ROW, _from_entries_python, nullable=True)


def _entries(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    kind = mapped(args[0])
    return Typed(args, ListType(StructType((("key", kind.key), ("value", kind.value)))))


define("map_entries", _entries, BY_ROW, "map_entries({0})")


def _str_to_map(args: Sequence[Node]) -> Typed:
    counted(args, 1, 3)
    signs = [str(literal(args, place, "delimiter") or fallback) for place, fallback in ((1, ","), (2, ":"))]
    for sign in signs:
        if any(char in "\\^$.|?*+()[]{}" for char in sign):
            raise Refusal(f"the delimiter {sign!r} is a regular expression", expected="plain characters")
    return Typed([implied(args[0], S), *(Literal(sign, S) for sign in signs)], MapType(S, S))


define("str_to_map", _str_to_map, BY_ROW, "str_to_map({0}, {1}, {2})")
