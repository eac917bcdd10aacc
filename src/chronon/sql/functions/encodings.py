"""Texts as bytes and bytes as texts: character sets, hexadecimal, base 64, URLs."""

from __future__ import annotations

from collections.abc import Sequence

from chronon.base import types as t
from chronon.sql.casts import cast
from chronon.sql.rules import counted, implied, literal, takes
from chronon.sql.runtime.encodings import CHARSETS
from chronon.sql.tree import BY_ROW, Literal, Node, Refusal, Typed, call, define

S, B = t.STRING, t.BINARY


def _as_bytes(node: Node) -> Node:
    return node if node.type == B else cast(implied(node, S), B)


def _bytes_to(result: t.DataType):  # noqa: ANN202 - a rule
    def rule(args: Sequence[Node]) -> Typed:
        counted(args, 1)
        return Typed([_as_bytes(args[0])], result)

    return rule


define("base64", _bytes_to(S), BY_ROW, "to_base64({0})")
define("unbase64", takes(B, S), BY_ROW, "from_base64({0})", nullable=True)
define("to_base32", _bytes_to(S), BY_ROW, "to_base32({0})")
define("unhex", takes(B, S), BY_ROW, "unhex({0})", nullable=True)
define("_hex_bytes", _bytes_to(S), BY_ROW, "{0}.hex().upper()")
define("_hex_long", takes(S, t.LONG), BY_ROW, "format({0} & 18446744073709551615, 'X')")


def _hex(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    name = "_hex_bytes" if args[0].type in (S, B) else "_hex_long"
    return Typed((), S, call(name, args[0]))


define("hex", _hex, "")
define("bit_length", lambda args: Typed(_bytes_to(t.INT)(args).args, t.INT), BY_ROW, "(8 * len({0}))")
define("octet_length", lambda args: Typed(_bytes_to(t.INT)(args).args, t.INT), BY_ROW, "len({0})")


def _charset(args: Sequence[Node]) -> Literal:
    name = str(literal(args, 1, "character set")).upper()
    if name not in CHARSETS:
        raise Refusal(f"the character set {name}", expected=f"one of {', '.join(CHARSETS)}")
    return Literal(name, S)


def _encode(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    return Typed([implied(args[0], S), _charset(args)], B)


define("encode", _encode, BY_ROW, "encoded({0}, {1})", nullable=True)


def _decode(args: Sequence[Node]) -> Typed:
    """Bytes and a character set; or a value, pairs of a value and a result, and a default."""
    if len(args) == 2:
        return Typed((), S, call("_decode_bytes", _as_bytes(args[0]), _charset(args)))
    counted(args, 3, 10_000)
    value, *pairs = args
    default = pairs.pop() if len(pairs) % 2 else Literal(None, t.NULL)
    given = [call("equal_null", value, one) if at % 2 == 0 else one for at, one in enumerate(pairs)]
    return Typed((), t.NULL, call("case", *given, default))


define("decode", _decode, "")
define("_decode_bytes", lambda args: Typed(args, S), BY_ROW, "decoded({0}, {1})", nullable=True)
_FORMATS = {"hex": "unhex", "base64": "unbase64"}


def _to_binary(args: Sequence[Node]) -> Typed:
    counted(args, 1, 2)
    form = str(literal(args, 1, "format") or "hex").lower()
    if form in ("utf-8", "utf8"):
        return Typed((), B, cast(implied(args[0], S), B))
    if form not in _FORMATS:
        raise Refusal(f"the format {form!r}", expected="one of hex, base64, utf-8")
    return Typed((), B, call(_FORMATS[form], args[0]))


define("to_binary try_to_binary", _to_binary, "")
define("url_encode", takes(S, S), BY_ROW, "url_encode({0})")
define("url_decode try_url_decode", takes(S, S), BY_ROW, "url_decode({0})", nullable=True)
_PARTS = ("HOST", "PATH", "QUERY", "REF", "PROTOCOL", "FILE", "AUTHORITY", "USERINFO")


def _parse_url(args: Sequence[Node]) -> Typed:
    counted(args, 2, 3)
    part = str(literal(args, 1, "part"))
    if part not in _PARTS:
        raise Refusal(f"the part {part!r}", expected=f"one of {', '.join(_PARTS)}")
    given = [implied(args[0], S), Literal(part, S)]
    if len(args) == 2:
        return Typed((), S, call("_url_part", *given))
    if part != "QUERY":
        raise Refusal(f"a key is asked of {part}", expected="QUERY with a key")
    return Typed((), S, call("_url_value", call("_url_part", *given), implied(args[2], S)))


define("parse_url try_parse_url", _parse_url, "")
define("_url_part", takes(S, S, S), BY_ROW, "url_part({0}, {1})", nullable=True)
define("_url_value", takes(S, S, S), BY_ROW, "url_value({0}, {1})", nullable=True)
