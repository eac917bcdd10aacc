"""JSON texts: reading one value by its path."""

from __future__ import annotations

import json
from typing import Any

from chronon.sql.runtime.numbers import double_to_text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_decode = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_constant).decode
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def read_json(text: str) -> Any:
    """The document in the text; null if it is none."""
    try:
        return (_decode(text),)
    except (ValueError, RecursionError):
        return None


def json_at(document: tuple[Any], path: tuple[str | int, ...]) -> str | None:
    """The value at a path as text; null if nothing is there."""
    (value,) = document
    for step in path:
        if isinstance(step, str):
            if not isinstance(value, dict):
                return None
            value = value.get(step)  # pyright: ignore[reportUnknownVariableType]
        else:
            if not isinstance(value, list) or step >= len(value):  # pyright: ignore[reportUnknownArgumentType]
                return None
            value = value[step]  # pyright: ignore[reportUnknownVariableType]
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return double_to_text(value)
    return str(value) if isinstance(value, int) else _encode(value)
