"""LIKE patterns and regular expressions."""

from __future__ import annotations

from collections.abc import Sequence

from chronon.base import types as t
from chronon.base.types import ListType
from chronon.sql import patterns
from chronon.sql.duckdb_types import text
from chronon.sql.rules import counted, implied, literal
from chronon.sql.tree import BY_ROW, Call, Constants, Literal, Node, Refusal, Typed, call, define

S, I = t.STRING, t.INT  # noqa: E741


def _pattern(args: Sequence[Node], place: int = 1) -> str:
    return str(literal(args, place, "pattern"))


def _like(args: Sequence[Node]) -> Typed:
    counted(args, 2, 3)
    if args[1].type == t.NULL:
        return Typed((), t.BOOLEAN, Literal(None, t.BOOLEAN))
    escape = str(literal(args, 2, "escape character") or "\\")
    shape = patterns.like(_pattern(args), escape)
    return Typed([implied(args[0], S), Literal(shape, S)], t.BOOLEAN)


def _shape(node: Call) -> str:
    chosen = node.args[1]
    return str(chosen.value) if isinstance(chosen, Literal) else ""


define(
    "like",
    _like,
    lambda node: f"regexp_full_match({{0}}, {patterns.template(text(_shape(node)))}, 's')",
    lambda node, keep: f"({keep(patterns.compiled_full(_shape(node)))}({{0}}) is not None)",
)


def _ilike(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    return Typed((), t.BOOLEAN, call("like", call("lower", args[0]), Literal(_pattern(args).lower(), S)))


define("ilike", _ilike, "")


def _rlike(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    if args[1].type == t.NULL:
        return Typed((), t.BOOLEAN, Literal(None, t.BOOLEAN))
    return Typed([implied(args[0], S), Literal(patterns.java(_pattern(args), whole=True), S)], t.BOOLEAN)


define(
    "rlike regexp regexp_like",
    _rlike,
    lambda node: f"regexp_matches({{0}}, {patterns.template(text(_shape(node)))})",
    lambda node, keep: f"({keep(patterns.compiled_search(_shape(node)))}({{0}}) is not None)",
)


def _extract(args: Sequence[Node]) -> Typed:
    counted(args, 2, 3)
    group = literal(args, 2, "number of the group")
    group = 1 if group is None else int(group)
    shape = patterns.java(_pattern(args))
    if not 0 <= group <= patterns.groups(shape):
        raise Refusal(f"the pattern has {patterns.groups(shape)} groups and number {group} is asked for")
    return Typed([implied(args[0], S), Literal(shape, S), Literal(group, I)], S)


def _group(node: Call) -> int:
    chosen = node.args[2]
    return int(chosen.value) if isinstance(chosen, Literal) else 0


define(
    "regexp_extract",
    _extract,
    lambda node: f"regexp_extract({{0}}, {patterns.template(text(_shape(node)))}, {_group(node)})",
    lambda node, keep: f"regexp_extract({{0}}, {keep(patterns.compiled_search(_shape(node)))}, {_group(node)})",
)


def _regexp_replace(args: Sequence[Node]) -> Typed:
    counted(args, 3)
    new = str(literal(args, 2, "replacement"))
    shape = patterns.java(_pattern(args), empty=False)
    given = [implied(args[0], S), Literal(shape, S), Literal(new, S)]
    if "$" in new or "\\" in new:
        patterns.replacement(new, shape)
        return Typed((), S, call("_regexp_rewrite", *given))
    return Typed((), S, call("_regexp_plain", *given))


def _rewritten(node: Call, keep: Constants) -> str:
    new = node.args[2]
    pieces = patterns.replacement(str(new.value) if isinstance(new, Literal) else "", _shape(node))
    return f"{keep(patterns.compiled(_shape(node)).sub)}({keep(patterns.filled(pieces))}, {{0}})"


define("regexp_replace", _regexp_replace, "")
define("_regexp_rewrite", lambda args: Typed(args, S), BY_ROW, _rewritten)
define(
    "_regexp_plain",
    lambda args: Typed(args, S),
    lambda node: f"regexp_replace({{0}}, {patterns.template(text(_shape(node)))}, {{2}}, 'g')",
    lambda node, keep: f"{keep(patterns.compiled(_shape(node)).sub)}({{2}}, {{0}})",
)


def _counts(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    return Typed([implied(args[0], S), Literal(patterns.java(_pattern(args), empty=False), S)], I)


def _first_place(args: Sequence[Node]) -> Typed:
    counted(args, 2, 3)
    return Typed([implied(args[0], S), Literal(patterns.java(_pattern(args), empty=False), S)], I)


define(
    "regexp_count",
    _counts,
    BY_ROW,
    lambda node, keep: f"len({keep(patterns.compiled(_shape(node)).findall)}({{0}}))",
)
define(
    "regexp_instr",
    _first_place,
    BY_ROW,
    lambda node, keep: f"regexp_instr({{0}}, {keep(patterns.compiled_search(_shape(node)))})",
)
define(
    "regexp_substr",
    lambda args: Typed(_counts(args).args, S),
    BY_ROW,
    lambda node, keep: f"regexp_substr({{0}}, {keep(patterns.compiled_search(_shape(node)))})",
    nullable=True,
)
define(
    "regexp_extract_all",
    lambda args: Typed(_extract(args).args, ListType(S)),
    BY_ROW,
    lambda node, keep: f"regexp_extract_all({{0}}, {keep(patterns.compiled(_shape(node)).finditer)}, {_group(node)})",
)


def _split(args: Sequence[Node]) -> Typed:
    counted(args, 2, 3)
    limit = literal(args, 2, "limit")
    shape = patterns.java(_pattern(args), empty=False, grouped=False)
    given = [implied(args[0], S), Literal(shape, S)]
    if limit is not None and int(limit) > 0:
        return Typed((), ListType(S), call("_split_some", *given, Literal(int(limit), I)))
    return Typed((), ListType(S), call("_split_all", *given))


def _some(node: Call, keep: Constants) -> str:
    limit = node.args[2]
    most = limit.value if isinstance(limit, Literal) else 0
    if most == 1:
        return "[{0}]"
    return f"{keep(patterns.compiled(_shape(node)).split)}({{0}}, {most - 1})"


define("split", _split, "")
define("_split_some", lambda args: Typed(args, ListType(S)), BY_ROW, _some)


def _split_duckdb(node: Call) -> str:
    plain = patterns.plain(_shape(node))
    if plain is not None:
        return f"string_split({{0}}, {patterns.template(text(plain))})"
    return f"string_split_regex({{0}}, {patterns.template(text(_shape(node)))})"


def _split_python(node: Call, keep: Constants) -> str:
    plain = patterns.plain(_shape(node))
    if plain is not None:
        return f"{{0}}.split({keep(plain)})"
    return f"{keep(patterns.compiled(_shape(node)).split)}({{0}})"


define("_split_all", lambda args: Typed(args, ListType(S)), _split_duckdb, _split_python)
