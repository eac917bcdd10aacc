"""What serving needs to know of an uploaded group-by; published in one step with its data."""

from __future__ import annotations

from typing import Literal

import msgspec

from chronon.base.errors import DataError


class GroupByInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The serving info of one generation of a group-by. Times are ms, types are texts for ``parse_type``.

    Parameters
    ----------
    name:
        The group-by's full name.
    definition:
        Its definition as JSON.
    batch_end:
        B: the upload holds what happened before.
    stale_after:
        For how long after B the windows stay exact.
    record:
        What a batch record is: ``temporal`` for the states of the algebra, to be merged with stream rows;
        ``values`` for the outputs themselves.
    keys:
        The key columns and their types, in order.
    selected:
        The columns after the selects.
    outputs:
        The feature columns before derivations.
    row_hash, batch_hash:
        The versions of the definition that the data belong to.
    sources:
        For each source the columns of its table that its expressions read, with their types: what a stream decodes.
    """

    name: str
    definition: str
    batch_end: int
    stale_after: int
    record: Literal["temporal", "values"]
    keys: dict[str, str]
    selected: dict[str, str]
    outputs: dict[str, str]
    row_hash: str
    batch_hash: str
    sources: list[dict[str, str]] = []


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(GroupByInfo).decode


def encode(info: GroupByInfo) -> bytes:
    """The serving info as JSON."""
    return _encode(info)


def decode(data: bytes) -> GroupByInfo:
    """The serving info from JSON; fields of later versions are passed over.

    Raises
    ------
    DataError
        For bytes that are no serving info.
    """
    try:
        return _decode(data)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise DataError(f"stored serving info cannot be read: {error}", mend="upload the group-by again") from error
