"""Texts as bytes and bytes as texts. What cannot be read is null."""

from __future__ import annotations

import base64
import re
from urllib.parse import quote_plus, unquote_plus

CHARSETS = {
    "UTF-8": "utf-8",
    "US-ASCII": "ascii",
    "ISO-8859-1": "latin-1",
    "UTF-16BE": "utf-16-be",
    "UTF-16LE": "utf-16-le",
    "UTF-16": "utf-16",
    "UTF-32": "utf-32-be",
}
"""The names of character sets, and Python's names of them."""


def encoded(text: str, charset: str) -> bytes | None:
    """The bytes of a text; UTF-16 begins with the mark of big-endian order."""
    if charset == "UTF-16":
        return b"\xfe\xff" + text.encode("utf-16-be") if text else b""
    try:
        return text.encode(CHARSETS[charset])
    except UnicodeEncodeError:
        return None


def decoded(value: bytes, charset: str) -> str | None:
    """The text of some bytes; UTF-16 without a mark is big-endian."""
    name = CHARSETS[charset]
    if charset == "UTF-16" and value[:2] not in (b"\xfe\xff", b"\xff\xfe"):
        name = "utf-16-be"
    if charset == "UTF-32" and value[:4] == b"\xff\xfe\0\0":
        name = "utf-32"
    try:
        return value.decode(name)
    except UnicodeDecodeError:
        return None


def to_base64(value: bytes) -> str:
    """Base 64 in lines of 76 characters."""
    return base64.encodebytes(value).decode().strip().replace("\n", "\r\n")


_foreign = re.compile(r"[^A-Za-z0-9+/=]").sub


def from_base64(text: str) -> bytes | None:
    """The bytes of base 64; other characters are skipped, and the filling at the end may be missing."""
    digits, mark, rest = _foreign("", text).partition("=")
    left = len(digits) % 4
    if left == 1 or (mark and (left == 0 or rest != ("=" if left == 2 else ""))):
        return None
    return base64.b64decode(digits + "=" * (-len(digits) % 4))


def to_base32(value: bytes) -> str:
    """Base 32."""
    return base64.b32encode(value).decode()


def unhex(text: str) -> bytes | None:
    """The bytes of hexadecimal digits, with a zero before an odd number of them."""
    try:
        return bytes.fromhex("0" * (len(text) % 2) + text) if not any(map(str.isspace, text)) else None
    except ValueError:
        return None


def url_encode(text: str) -> str:
    """As the values of a form are sent."""
    return quote_plus(text, safe="*").replace("~", "%7E")


_broken = re.compile(r"%(?![0-9A-Fa-f]{2})").search


def url_decode(text: str) -> str | None:
    """The inverse of ``url_encode``."""
    return None if _broken(text) else unquote_plus(text)


_OTHER = r"[^\x00-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_CHARS = rf"(?:[A-Za-z0-9\-_.!~*'();:@&=+$,/{{more}}]|%[0-9A-Fa-f]{{{{2}}}}|{_OTHER})"
_uri = re.compile(
    r"(?:(?P<PROTOCOL>[A-Za-z][A-Za-z0-9+.\-]*):)?"
    r"(?:(?P<opaque>(?!/)(?<=:){any}+)|(?://(?P<AUTHORITY>{host}*))?(?P<PATH>{path}*)(?:\?(?P<QUERY>{any}*))?)"
    r"(?:#(?P<REF>{any}*))?".format(
        any=_CHARS.format(more=r"?\[\]"), path=_CHARS.format(more=""), host=_CHARS.format(more=r"\[\]").replace("/", "")
    )
).fullmatch
_LABEL, _TOP = r"[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?", r"[A-Za-z](?:[A-Za-z0-9\-]*[A-Za-z0-9])?"
_server = re.compile(
    rf"(?:(?P<USERINFO>[^@]*)@)?(?P<HOST>(?:{_LABEL}\.)*{_TOP}\.?|[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}|\[[0-9A-Fa-f:.]+\])"
    r"(?::[0-9]*)?"
).fullmatch


def url_part(text: str, part: str) -> str | None:
    """A part of a URL as it is written; null if the text is none or has no such part.

    >>> url_part("http://a.com/x?q=1", "HOST")
    'a.com'
    """
    found = _uri(text)
    if found is None:
        return None
    if part == "FILE":
        path, query = found["PATH"], found["QUERY"]
        return path if query is None else f"{path}?{query}"
    if part in ("HOST", "USERINFO"):
        server = _server(found["AUTHORITY"] or "")
        return server and server[part]
    return found[part]


def url_value(query: str, key: str) -> str | None:
    """The value of a key in the query of a URL."""
    for pair in query.split("&"):
        name, mark, value = pair.partition("=")
        if mark and name == key:
            return value
    return None
