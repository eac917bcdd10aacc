"""External sources: values that a service outside, or the request itself, gives for keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chronon.api import structs
from chronon.api.datatypes import FieldLike, struct_of
from chronon.api.metadata import ensure_name
from chronon.api.problems import settle
from chronon.api.provenance import here, place_of, stamp
from chronon.base.errors import ConfigError

CONTEXTUAL = "contextual"


def ExternalSource(
    name: str,
    team: str,
    key_fields: Iterable[FieldLike],
    value_fields: Iterable[FieldLike],
    custom_json: str | None = None,
    factory_name: str | None = None,
    factory_params: Mapping[str, str] | None = None,
    offline_group_by: structs.GroupBy | None = None,
) -> structs.ExternalSource:
    """A service that gives values for keys.

    Parameters
    ----------
    name, team:
        How it is registered where it is served.
    key_fields, value_fields:
        Pairs of name and ``DataType``.
    custom_json:
        Text for the handler.
    factory_name, factory_params:
        How the handler is made.
    offline_group_by:
        Where the same values come from in a backfill.
    """
    if name == CONTEXTUAL:
        raise ConfigError("Please use `ContextualSource`", place=here("name"), expected=f"a name other than {name!r}")
    made = stamp(_source(name, team, f"ext_{name}", key_fields, value_fields))
    if made.metadata is not None:
        made.metadata.customJson = custom_json
    if factory_name is not None or factory_params is not None:
        made.factoryConfig = structs.ExternalSourceFactoryConfig(
            factoryName=factory_name, factoryParams=dict(factory_params) if factory_params is not None else None
        )
    made.offlineGroupBy = offline_group_by
    if offline_group_by is not None and not ensure_name(offline_group_by, "group_bys"):
        return settle(made, [unnamed(offline_group_by)])
    return made


def ContextualSource(fields: Sequence[FieldLike], team: str = "default") -> structs.ExternalSource:
    """Fields that come with the request itself and are passed through."""
    return stamp(_source(CONTEXTUAL, team, CONTEXTUAL, fields, fields))


def ExternalPart(
    source: structs.ExternalSource, key_mapping: Mapping[str, str] | None = None, prefix: str | None = None
) -> structs.ExternalPart:
    """An external source as it is used in a join; ``key_mapping`` goes from left columns to its keys."""
    mapping = dict(key_mapping) if key_mapping is not None else None
    return stamp(structs.ExternalPart(source=source, keyMapping=mapping, prefix=prefix))


def unnamed(group_by: structs.GroupBy) -> ConfigError:
    """The problem of a group-by that no file names and that was given no name."""
    return ConfigError(
        "Must specify a group_by name if it is not defined in a file of group_bys/",
        place=place_of(group_by, "name"),
        mend="name='team.something'",
    )


def _source(
    name: str, team: str, schema: str, keys: Iterable[FieldLike], values: Iterable[FieldLike]
) -> structs.ExternalSource:
    return structs.ExternalSource(
        metadata=structs.MetaData(name=name, team=team),
        keySchema=struct_of(f"{schema}_keys", keys),
        valueSchema=struct_of(f"{schema}_values", values),
    )
