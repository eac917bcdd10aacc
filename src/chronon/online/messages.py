"""What is asked and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from chronon.base.errors import ChrononError, RequestError

LATEST = 253_402_300_800_000
"""The year 10000 in ms; instants are before it."""
_NONE: Mapping[str, int] = {}


class Request(msgspec.Struct):
    """One entity, and the instant at which its features are asked for.

    Parameters
    ----------
    keys:
        Key columns and their values: of a group-by its own, of a join those of its left side. Others are passed over.
    at:
        In ms; ``None`` is now. It is not before the batch end: this is no travel in time.
    """

    keys: Mapping[str, Any]
    at: int | None = None


class Response(msgspec.Struct):
    """The answer to one request.

    Parameters
    ----------
    keys:
        Those of the request; of a join, cast to their declared types.
    at:
        The instant that was answered, in ms.
    values:
        Features and their values. A part of a join that failed gives ``<part>_exception`` with the reason instead.
    found:
        Whether anything is known of the entity; a join always has an answer.
    error:
        Why there is no answer at all.
    batch_ends:
        For each part, until when (ms, exclusive) its rows come from the batch.
    """

    keys: Mapping[str, Any]
    at: int
    values: dict[str, Any]
    found: bool = True
    error: ChrononError | None = None
    batch_ends: Mapping[str, int] = _NONE


def new_response(request: Request, now: int, batch_ends: Mapping[str, int]) -> Response:
    """An answer that is still empty, at the request's instant or now; with an error if that is no instant."""
    at = request.at
    if at is None:
        return Response(request.keys, now, {}, batch_ends=batch_ends)
    if type(at) is int and 0 <= at < LATEST:
        return Response(request.keys, at, {}, batch_ends=batch_ends)
    error = RequestError(f"{at!r} is not an instant", expected="ms since 1970-01-01 UTC, as an integer")
    return Response(request.keys, now, {}, found=False, error=error)
