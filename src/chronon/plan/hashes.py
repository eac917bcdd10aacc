"""What tells one meaning of a definition from another.

The row hash covers what a source's rows are: tables, selects, wheres, keys, time, inputs. The batch hash covers also
what is computed from them: operations, arguments, windows, buckets. Names, descriptions, order of declaration, first
and last partitions, topics and derivations change neither; the hash of a join's output covers its derivations too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from chronon.api import structs
from chronon.api.enums import Operation
from chronon.api.inspect import accuracy_of, query_of, underlying
from chronon.api.naming import external_prefix, name_of
from chronon.plan.names import part_keys


def row_hash(group_by: structs.GroupBy) -> str:
    """The hash of a group-by's rows, 32 hexadecimal digits."""
    return digest(_rows(group_by))


def batch_hash(group_by: structs.GroupBy) -> str:
    """The hash of what a group-by's uploads hold."""
    return digest([_rows(group_by), int(accuracy_of(group_by)), sorted(map(_aggregation, group_by.aggregations or []))])


def output_hash(definition: structs.GroupBy | structs.Join | structs.StagingQuery) -> str:
    """The hash of what a definition's backfill writes."""
    if isinstance(definition, structs.StagingQuery):
        return digest([(definition.query or "").split(), bool(definition.createView)])
    if isinstance(definition, structs.GroupBy):
        return digest([batch_hash(definition), _derivations(definition.derivations)])
    parts = [
        [
            part.groupBy and output_hash(part.groupBy),
            part.groupBy and name_of(part.groupBy),
            part.prefix,
            part_keys(part),
        ]
        for part in definition.joinParts or []
    ]
    left = _source(definition.left) if definition.left is not None else None
    given = _bootstraps(definition)
    external = [_external(part) for part in definition.onlineExternalParts or []]
    return digest([left, parts, _derivations(definition.derivations), given, external])


def left_hash(join: structs.Join, derivations: Sequence[structs.Derivation]) -> str:
    """The hash of which rows the left side has, whatever else it selects, and of what bootstrap tables know of them."""
    source = _source(join.left) if join.left is not None else []
    *where, (_, *conditions) = source
    return digest([where, conditions, _bootstraps(join), _derivations(derivations)])


def part_hash(group_by: structs.GroupBy, keys: Mapping[str, str]) -> str:
    """The hash of a part's features; ``keys`` are those of its group-by, each with its expression on the left."""
    return digest([output_hash(group_by), sorted(keys.items())])


def _bootstraps(join: structs.Join) -> list[Any]:
    return [
        [part.table, _query(part.query or structs.Query()), _row_ids(part, join)] for part in join.bootstrapParts or []
    ]


def _row_ids(part: structs.BootstrapPart, join: structs.Join) -> list[str]:
    return sorted(part.keyColumns or join.rowIds or [])


def _external(part: structs.ExternalPart) -> list[Any]:
    source = part.source or structs.ExternalSource()
    fields = [
        [each.name, repr(each.dataType)]
        for schema in (source.keySchema, source.valueSchema)
        for each in (schema or structs.TDataType()).params or []
    ]
    group_by = source.offlineGroupBy
    return [external_prefix(part), part.keyMapping, fields, group_by and output_hash(group_by)]


def _rows(group_by: structs.GroupBy) -> list[Any]:
    inputs = {name for a in group_by.aggregations or [] for name in (a.inputColumn, *(a.buckets or [])) if name}
    return [
        [_source(source) for source in group_by.sources or []],
        group_by.keyColumns,
        sorted(inputs),
        group_by.aggregations is None,
    ]


def _source(source: structs.Source) -> list[Any]:
    if source.joinSource is not None:
        join = source.joinSource.join
        return ["join", output_hash(join) if join is not None else None, _query(query_of(source))]
    inner = underlying(source)
    if isinstance(inner, structs.EventSource):
        return ["events", inner.table, bool(inner.isCumulative), _query(query_of(source))]
    return ["entities", inner.snapshotTable, inner.mutationTable, _query(query_of(source))]


def _query(query: structs.Query) -> list[Any]:
    selects = sorted(query.selects.items()) if query.selects is not None else None
    times = [query.timeColumn, query.mutationTimeColumn, query.reversalColumn, query.partitionColumn]
    return [selects, sorted(query.wheres or []), query.setups or [], times]


def _aggregation(aggregation: structs.Aggregation) -> list[Any]:
    windows = sorted([w.length, w.timeUnit] for w in aggregation.windows or [])
    return [
        str(aggregation.inputColumn),
        int(aggregation.operation if aggregation.operation is not None else Operation.LAST),
        sorted((aggregation.argMap or {}).items()),
        windows,
        sorted(aggregation.buckets or []),
        bool(aggregation.elementWise),
    ]


def _derivations(derivations: Sequence[structs.Derivation] | None) -> list[Any]:
    return [[d.name, d.expression] for d in derivations or []]


def digest(canonical: Any) -> str:
    """The hash of plain data, 32 hexadecimal digits."""
    import json

    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return blake2b(text.encode(), digest_size=16).hexdigest()
