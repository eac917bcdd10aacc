"""What a compiled file keeps of the one before it: variables of its jobs, the share of fetches that is logged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from chronon.api import structs, wire
from chronon.repo.definition import AnyDefinition

ENVIRONMENT = "modeToEnvMap"


@dataclass(frozen=True)
class Kept:
    """What is taken over from a compiled file.

    Parameters
    ----------
    environment:
        Every ``modeToEnvMap``, wherever in the file it stands.
    sample_percent:
        The ``samplePercent`` of joins that no longer give one.
    """

    environment: bool = False
    sample_percent: bool = False


def preserved(value: AnyDefinition, old: str, kept: Kept) -> str:
    """The text of a definition, with what is taken over from its old text."""
    if not (kept.environment or kept.sample_percent):
        return wire.to_json(value)
    data = wire.to_data(value)
    before = json.loads(old)
    if kept.sample_percent and isinstance(value, structs.Join) and sample_percent(before) and not sample_percent(data):
        data.setdefault("metaData", {})["samplePercent"] = sample_percent(before)
    if kept.environment:
        held = dict(_environments(before))
        for path, metadata in _metadata(data):
            metadata.pop(ENVIRONMENT, None)
            if path in held:
                metadata[ENVIRONMENT] = held[path]
    return wire.to_json(wire.from_data(type(value), data))


def sample_percent(conf: dict[str, Any]) -> float:
    """The share of fetches that a compiled definition logs."""
    return conf.get("metaData", {}).get("samplePercent") or 0


def _environments(conf: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    for path, metadata in _metadata(conf):
        if ENVIRONMENT in metadata:
            yield path, metadata[ENVIRONMENT]


def _metadata(conf: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """All metadata inside a compiled definition, each with where it stands; parts count by their names."""
    if isinstance(conf, dict):
        for key, value in cast(dict[str, Any], conf).items():
            if key == "metaData" and isinstance(value, dict):
                yield path, cast(dict[str, Any], value)
            else:
                yield from _metadata(value, (*path, key))
    elif isinstance(conf, list):
        for number, item in enumerate(cast(list[Any], conf)):
            yield from _metadata(item, (*path, _label(item, number)))


def _label(item: Any, number: int) -> str:
    group_by = cast(dict[str, Any], item).get("groupBy") if isinstance(item, dict) else None
    name = group_by.get("metaData", {}).get("name") if isinstance(group_by, dict) else None
    return name or str(number)
