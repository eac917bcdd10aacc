"""Functions of texts. Characters are Unicode code points, positions count from one."""

from __future__ import annotations

from collections.abc import Sequence

from chronon.base import types as t
from chronon.base.types import ListType
from chronon.sql.casts import cast
from chronon.sql.rules import counted, implied, listed, literal, takes
from chronon.sql.tree import Call, Constants, Literal, Node, Refusal, Typed, call, define

S, I = t.STRING, t.INT  # noqa: E741

define("lower lcase", takes(S, S), "chronon_lower({0})", "{0}.lower()")
define("upper ucase", takes(S, S), "chronon_upper({0})", "{0}.upper()")


def _length(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    return Typed([args[0] if args[0].type == t.BINARY else implied(args[0], S)], I)


define(
    "length len char_length character_length",
    _length,
    lambda node: f"CAST({'octet_length' if node.args[0].type == t.BINARY else 'length'}({{0}}) AS INTEGER)",
    "len({0})",
)


def _padded(args: Sequence[Node]) -> Typed:
    counted(args, 2, 3)
    last = args[2] if len(args) > 2 else Literal(" ", S)
    return Typed([implied(args[0], S), implied(args[1], I), implied(last, S)], S)


define("lpad", _padded, "chronon_lpad({0}, {1}, {2})", "lpad({0}, {1}, {2})")
define("rpad", _padded, "chronon_rpad({0}, {1}, {2})", "rpad({0}, {1}, {2})")


def _substring(args: Sequence[Node]) -> Typed:
    counted(args, 2, 3)
    last = args[2] if len(args) > 2 else Literal(2**31 - 1, I)
    return Typed([implied(args[0], S), implied(args[1], I), implied(last, I)], S)


def _substring_python(node: Call, _keep: Constants) -> str:
    start, length = node.args[1:]
    if isinstance(start, Literal) and isinstance(length, Literal) and start.value and start.value > 0:
        first = start.value - 1
        return f"{{0}}[{first}:{max(first + length.value, 0)}]"
    return "substr({0}, {1}, {2})"


define("substring substr", _substring, "chronon_substr({0}, {1}, {2})", _substring_python)
define("left", takes(S, S, I), "chronon_substr({0}, 1, {1})", "{0}[:max({1}, 0)]")
define("right", takes(S, S, I), "chronon_right({0}, {1})", "right({0}, {1})")


def _define_trim(name: str, duckdb: str, method: str) -> None:
    def rule(args: Sequence[Node]) -> Typed:
        # With two arguments the characters to remove come first: TRIM(BOTH chars FROM text).
        counted(args, 1, 2)
        chars = args[0] if len(args) > 1 else Literal(" ", S)
        return Typed([implied(args[-1], S), implied(chars, S)], S)

    define(name, rule, f"{duckdb}({{0}}, {{1}})", f"{{0}}.{method}({{1}})")


_define_trim("trim", "trim", "strip")
_define_trim("ltrim", "ltrim", "lstrip")
_define_trim("rtrim", "rtrim", "rstrip")


def _btrim(args: Sequence[Node]) -> Typed:
    counted(args, 1, 2)
    return Typed((), S, call("trim", *reversed(args)))


define("btrim", _btrim, "")


def _replace(args: Sequence[Node]) -> Typed:
    counted(args, 2, 3)
    last = args[2] if len(args) > 2 else Literal("", S)
    return Typed([implied(arg, S) for arg in (args[0], args[1], last)], S)


define("replace", _replace, "replace({0}, {1}, {2})", "replace({0}, {1}, {2})")
define("reverse_text", takes(S, S), "chronon_reverse({0})", "{0}[::-1]")
define("repeat", takes(S, S, I), "chronon_repeat({0}, {1})", "({0} * {1})")
define("space", takes(S, I), "chronon_repeat(' ', {0})", "(' ' * {0})")
define("ascii", takes(I, S), "CAST(ascii({0}) AS INTEGER)", "(ord({0}[0]) if {0} else 0)")
define("translate", takes(S, S, S, S), "translate({0}, {1}, {2})", "translate({0}, {1}, {2})")
define("levenshtein", takes(I, S, S), "CAST(levenshtein({0}, {1}) AS INTEGER)", "levenshtein({0}, {1})")
define("instr", takes(I, S, S), "CAST(instr({0}, {1}) AS INTEGER)", "({0}.find({1}) + 1)")
define("startswith", takes(t.BOOLEAN, S, S), "starts_with({0}, {1})", "{0}.startswith({1})")
define("endswith", takes(t.BOOLEAN, S, S), "ends_with({0}, {1})", "{0}.endswith({1})")
define("contains", takes(t.BOOLEAN, S, S), "contains({0}, {1})", "({1} in {0})")


def _locate(args: Sequence[Node]) -> Typed:
    counted(args, 2, 3)
    last = args[2] if len(args) > 2 else Literal(1, I)
    return Typed([implied(args[0], S), implied(args[1], S), implied(last, I)], I)


define("locate position", _locate, "chronon_locate({0}, {1}, {2})", "locate({0}, {1}, {2})", strict=False)
define(
    "substring_index",
    takes(S, S, S, I),
    "chronon_substring_index({0}, {1}, {2})",
    "substring_index({0}, {1}, {2})",
)


def _concat(args: Sequence[Node]) -> Typed:
    if args and any(isinstance(arg.type, ListType) for arg in args):
        return Typed((), t.NULL, call("concat_lists", *args))
    if not args:
        return Typed((), S, Literal("", S))
    return Typed([implied(arg, S) for arg in args], S)


def _joined(node: Call, sign: str) -> str:
    return f"({f' {sign} '.join(f'{{{at}}}' for at in range(len(node.args)))})"


define("concat", _concat, lambda node: _joined(node, "||"), lambda node, _keep: _joined(node, "+"))


def _concat_ws(args: Sequence[Node]) -> Typed:
    counted(args, 1, 10_000)
    parts: list[Node] = []
    for part in args[1:]:
        if isinstance(part.type, ListType):
            parts.append(cast(part, ListType(S)))
        else:
            parts.append(implied(part, S))
    return Typed([implied(args[0], S), *parts], S)


def _concat_ws_duckdb(node: Call) -> str:
    lists = [
        f"coalesce({{{at}}}, [])" if isinstance(part.type, ListType) else f"[{{{at}}}]"
        for at, part in enumerate(node.args[1:], 1)
    ]
    together = f"list_concat({', '.join(lists)})" if len(lists) > 1 else lists[0] if lists else "CAST([] AS VARCHAR[])"
    return f"chronon_join({together}, {{0}})"


def _concat_ws_python(node: Call, _keep: Constants) -> str:
    return f"None if {{0}} is None else concat_ws({', '.join(f'{{{at}}}' for at in range(len(node.args)))})"


define("concat_ws", _concat_ws, _concat_ws_duckdb, _concat_ws_python, strict=False)


def _array_join(args: Sequence[Node]) -> Typed:
    counted(args, 2, 3)
    kind = listed(args[0])
    strings = cast(args[0], ListType(S)) if kind.element != S else args[0]
    if len(args) > 2:
        return Typed([strings, implied(args[1], S), implied(args[2], S)], S)
    return Typed([strings, implied(args[1], S)], S)


def _array_join_duckdb(node: Call) -> str:
    if len(node.args) > 2:
        return "chronon_join(list_transform({0}, lambda each: coalesce(each, {2})), {1})"
    return "chronon_join({0}, {1})"


define(
    "array_join",
    _array_join,
    _array_join_duckdb,
    lambda node, _keep: f"list_join({{0}}, {{1}}, {'{2}' if len(node.args) > 2 else None})",
)


def _chr(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    code = literal(args, 0, "number of the character")
    if not 1 <= int(code) <= 255:
        raise Refusal(f"the character number {code}", expected="1 to 255")
    return Typed((), S, Literal(chr(int(code)), S))


define("char chr", _chr, "")


def _reverse(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    return Typed((), S, call("array_reverse" if isinstance(args[0].type, ListType) else "reverse_text", args[0]))


define("reverse", _reverse, "")
