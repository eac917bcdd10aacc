"""``POST /v1/features/join/NAME`` and ``.../groupby/NAME`` as a bare ASGI application: the path that must be fast.

The body is a JSON array of objects of keys. The answer is ``{"results": [...]}`` with one element for each of them, in
order: ``{"status": "Success", "entityKeys": {...}, "features": {...}}``, or with ``"Failure"`` and ``"error"`` in place
of the features. What is not finite is null, bytes are base64, dates and timestamps ISO 8601, structs arrays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from chronon.base.errors import RequestError
from chronon.online.fetcher import Fetcher
from chronon.online.messages import Request, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = b"/v1/features/"
LARGEST_BODY = 1 << 24
"""Bytes of a request's body."""
AT_ONCE = 64
"""Entities answered before other requests get their turn."""

_decode = msgspec.json.Decoder(list[dict[str, Any]]).decode
_encode = msgspec.json.Encoder().encode


class Features:
    """The application.

    Parameters
    ----------
    fetcher:
        What answers.
    allow_at:
        Whether ``?at=MS`` may name the instant.
    """

    def __init__(self, fetcher: Fetcher, *, allow_at: bool = False) -> None:
        self._allow_at = allow_at
        self._fetches = {b"join": fetcher.fetch_join, b"groupby": fetcher.fetch_group_by}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind, _, name = _path(scope).removeprefix(PREFIX).partition(b"/")
        fetch = self._fetches.get(kind)
        if fetch is None or not name or b"/" in name:
            await reply(send, 404, {"errors": ["Not Found: the path is /v1/features/join/NAME or .../groupby/NAME"]})
        elif scope["method"] != "POST":
            await reply(send, 405, {"errors": ["Method Not Allowed: POST an array of keys"]}, allow=b"POST")
        else:
            try:
                at = self._instant(scope["query_string"])
                keys = _decode(await _body(receive))
            except (msgspec.DecodeError, RequestError) as error:
                await reply(send, 400, {"errors": [str(error)]})
                return
            answers: list[Response] = []
            title = unquote(name.decode("ascii", "replace"))
            for begin in range(0, len(keys), AT_ONCE):
                if begin:
                    await asyncio.sleep(0)
                answers += fetch(title, [Request(each, at) for each in keys[begin : begin + AT_ONCE]])
            await _send(send, 200, _encoded(answers))

    def _instant(self, query: bytes) -> int | None:
        text = parse_qs(query.decode("ascii", "replace")).get("at", [""])[-1] if query else ""
        if not text:
            return None
        if not self._allow_at:
            raise RequestError("this server does not let requests name their instant", mend="start it with allow_at")
        if not text.isdecimal() or len(text) > 15:  # digits of the year 9999 in ms
            raise RequestError(f"{text!r} is not an instant", expected="ms since 1970-01-01 UTC")
        return int(text)


def _path(scope: Scope) -> bytes:
    """The path as it was sent: an encoded slash belongs to the name."""
    raw: bytes | None = scope.get("raw_path")
    return raw.partition(b"?")[0] if raw is not None else scope["path"].encode()


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    pieces, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > LARGEST_BODY:
            raise RequestError(f"the body is larger than {LARGEST_BODY} bytes", mend="send fewer entities at once")
    return b"".join(pieces)


def _encoded(answers: Sequence[Response]) -> bytes:
    try:
        return _encode({"results": [element(answer) for answer in answers]})
    except (TypeError, ValueError, msgspec.MsgspecError):
        return _encode({"results": [_encodable(answer) for answer in answers]})


def _encodable(answer: Response) -> dict[str, Any]:
    """One element that can be written, whatever its values are."""
    try:
        return msgspec.json.decode(_encode(element(answer)))
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        return {
            "status": "Failure",
            "entityKeys": answer.keys,
            "error": f"the values cannot be written as JSON: {error}",
        }


def element(answer: Response) -> dict[str, Any]:
    """One element of the results. What is absent is left out; a feature that is null stays."""
    if answer.error is not None:
        return {"status": "Failure", "entityKeys": answer.keys, "error": str(answer.error)}
    if not answer.found:
        return {"status": "Success", "entityKeys": answer.keys}
    return {"status": "Success", "entityKeys": answer.keys, "features": answer.values}


async def reply(send: Send, status: int, content: Any, *, allow: bytes | None = None) -> None:
    """Answer with JSON."""
    await _send(send, status, _encode(content), *([(b"allow", allow)] if allow else []))


async def _send(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    common = ((b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": [*common, *headers]})
    await send({"type": "http.response.body", "body": body})
