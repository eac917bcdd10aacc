"""The online guard: a served definition is not replaced by one that means something else."""

from __future__ import annotations

import json
from typing import Any

from chronon.base.errors import ConfigError
from chronon.repo.definition import Definition


def refusal(definition: Definition, old: str, new: str) -> ConfigError | None:
    """Why a compiled file must not be replaced, if it must not."""
    before = _served(old)
    if before is None or meaning(before) == meaning(after := json.loads(new)):
        return None
    mend = "give it a new name, such as v2; or force it, if nobody depends on the values"
    leaked = _taken_over(before, after)
    if leaked:
        mend = f"its source had {', '.join(leaked)} from another group-by: name it in the selects; else {mend}"
    return ConfigError(
        f"Cannot overwrite {definition.path} with existing online conf", place=definition.place, mend=mend
    )


def notice(definition: Definition, old: str, new: str) -> ConfigError | None:
    """What is to be told where the external values that a join serves change, which nothing holds back."""
    before = _served(old)
    if before is None or before.get("onlineExternalParts") == json.loads(new).get("onlineExternalParts"):
        return None
    return ConfigError(
        "is online, and its external parts change",
        place=definition.at("online_external_parts"),
        mend="see that whoever fetches it expects that; nothing is recomputed",
    )


def _served(text: str) -> dict[str, Any] | None:
    """A compiled definition that is online; ``None`` for any other text."""
    try:
        conf = json.loads(text)
    except ValueError:
        return None
    return conf if isinstance(conf, dict) and conf.get("metaData", {}).get("online") else None  # pyright: ignore[reportUnknownVariableType]


def _taken_over(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Columns that a group-by selected only because another one, with the same source object, reads them.

    The original adds what one group-by reads to the source itself, and so to all that share it.
    """
    sources = zip(before.get("sources") or [], after.get("sources") or [], strict=False)
    found: dict[str, None] = {}
    for old, new in sources:
        for kind in old:
            had = old[kind].get("query", {}).get("selects") or {}
            has = new.get(kind, {}).get("query", {}).get("selects") or {}
            found |= {name: None for name, text in had.items() if name == text and name not in has}
    return list(found)


def meaning(conf: dict[str, Any]) -> Any:
    """A compiled definition without what does not change its values: metadata, descriptions, external parts.

    Those of joins that it reads are left out too, but for their external parts, which it may select.
    """
    return _values(conf, ("metaData", "onlineExternalParts"))


def _values(conf: dict[str, Any], left_out: tuple[str, ...] = ("metaData",)) -> dict[str, Any]:
    kept = {key: value for key, value in conf.items() if key not in left_out}
    if "joinParts" in kept:
        kept["joinParts"] = [{**part, "groupBy": _values(part.get("groupBy", {}))} for part in kept["joinParts"]]
    if "derivations" in kept:
        kept["derivations"] = [(one.get("name"), one.get("expression")) for one in kept["derivations"]]
    if "sources" in kept:
        kept["sources"] = [_source(source) for source in kept["sources"]]
    if "left" in kept:
        kept["left"] = _source(kept["left"])
    return kept


def _source(source: dict[str, Any]) -> dict[str, Any]:
    inner = source.get("joinSource")
    return {"joinSource": {**inner, "join": _values(inner.get("join", {}))}} if inner else source
