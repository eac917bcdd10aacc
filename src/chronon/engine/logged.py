"""How a table says that it is a flattened log: in the metadata of its files, each schema of its rows by its hash."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from chronon.base import types as t

LOG_TABLE = "log_table"
SCHEMA = "schema_hash_"


def log_stamp(schemas: Mapping[str, t.Schema]) -> dict[str, str]:
    """What is written into a file of a flattened log whose rows have these schemas.

    >>> log_stamp({"a1": {"n": t.LONG}})
    {'log_table': 'true', 'schema_hash_a1': '{"value_schema": {"n": "long"}}'}
    """
    shown = {key: {name: str(kind) for name, kind in schema.items()} for key, schema in schemas.items()}
    return {LOG_TABLE: "true", **{SCHEMA + key: json.dumps({"value_schema": fields}) for key, fields in shown.items()}}


def log_schemas(stamps: Iterable[Mapping[str, str]]) -> dict[str, dict[str, t.DataType]]:
    """The schemas that the files of a log name, by their hash; empty for any other table.

    >>> log_schemas([log_stamp({"a1": {"n": t.LONG}}), {"semantic_hash": "x"}])
    {'a1': {'n': long}}
    """
    found: dict[str, dict[str, t.DataType]] = {}
    for stamp in stamps:
        if stamp.get(LOG_TABLE) != "true":
            continue
        for key, text in stamp.items():
            if key.startswith(SCHEMA):
                fields: dict[str, str] = json.loads(text)["value_schema"]
                found[key.removeprefix(SCHEMA)] = {name: t.parse_type(kind) for name, kind in fields.items()}
    return found
