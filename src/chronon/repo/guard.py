"""The online guard: a served definition is not replaced by one that means something else."""

from __future__ import annotations

import json
from typing import Any

from chronon.base.errors import ConfigError
from chronon.repo.definition import Definition


def refusal(definition: Definition, old: str, new: str) -> ConfigError | None:
    """Why a compiled file must not be replaced, if it must not."""
    try:
        before = json.loads(old)
    except ValueError:
        return None
    if not isinstance(before, dict) or not before.get("metaData", {}).get("online"):
        return None
    if meaning(before) == meaning(json.loads(new)):
        return None
    return ConfigError(
        f"Cannot overwrite {definition.path} with existing online conf",
        place=definition.place,
        mend="give it a new name, such as v2; or force it, if nobody depends on the values",
    )


def meaning(conf: dict[str, Any]) -> Any:
    """A compiled definition without what does not change its values: metadata, descriptions, external parts."""
    kept = {key: value for key, value in conf.items() if key not in ("metaData", "onlineExternalParts")}
    if "joinParts" in kept:
        kept["joinParts"] = [{**part, "groupBy": meaning(part.get("groupBy", {}))} for part in kept["joinParts"]]
    if "derivations" in kept:
        kept["derivations"] = [(one.get("name"), one.get("expression")) for one in kept["derivations"]]
    return kept
