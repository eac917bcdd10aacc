"""Hashes and digests: Spark's own, bit for bit, and the standard ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chronon.base import types as t
from chronon.sql.rules import counted, implied, literal
from chronon.sql.runtime import hashing
from chronon.sql.tree import BY_ROW, Call, Constants, Literal, Node, Rule, Typed, define

S = t.STRING


def _any(result: t.DataType) -> Rule:
    def rule(args: Sequence[Node]) -> Typed:
        counted(args, 1, 10_000)
        for arg in args:
            hashing.parts_of(arg.type)
        return Typed(args, result)

    return rule


def _define_hash(name: str, result: t.DataType, hasher: Callable[[t.DataType], Any]) -> None:
    def python(node: Call, keep: Constants) -> str:
        parts = keep(tuple(hasher(arg.type) for arg in node.args))
        return f"{name}({parts}, {', '.join(f'{{{at}}}' for at in range(len(node.args)))})"

    define(name, _any(result), BY_ROW, python, strict=False, never_null=True)


_define_hash("hash", t.INT, hashing.murmur3_of)
_define_hash("xxhash64", t.LONG, hashing.xxh64_of)


def bytes_of(args: Sequence[Node]) -> Typed:
    """One argument of bytes; a text is its UTF-8."""
    counted(args, 1)
    return Typed([args[0] if args[0].type == t.BINARY else implied(args[0], S)], S)


define("md5", bytes_of, "md5({0})", "md5({0})")
define("sha1 sha", bytes_of, "sha1({0})", "sha1({0})")
define("_sha256_text", bytes_of, "sha256({0})", "sha256({0})")
define("_sha2_text", lambda args: Typed(args, S), BY_ROW, "sha2({0}, {1})")
define("crc32", lambda args: Typed(bytes_of(args).args, t.LONG), BY_ROW, "crc32({0})")


def _sha2(args: Sequence[Node]) -> Typed:
    from chronon.sql.tree import call

    counted(args, 2)
    bits = literal(args, 1, "number of bits")
    value = bytes_of(args[:1]).args[0]
    if bits in (0, 256):
        return Typed((), S, call("_sha256_text", value))
    if bits in (224, 384, 512):
        return Typed((), S, call("_sha2_text", value, Literal(int(bits), t.INT)))
    return Typed((), S, Literal(None, S))


define("sha2", _sha2, "")
