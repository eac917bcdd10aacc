"""Print the lineage of compiled files, by whichever ``ai.chronon`` the interpreter has.

Run as a script: a list of ``{path: text}``, each with a ``teams.json``, comes in.
"""

import json
import logging
import os
import sys
import tempfile
from pathlib import Path

logging.disable(logging.CRITICAL)
WALK = os.walk


def walk(top):
    """Files in the order of their names, for a lineage that depends on it."""
    for folder, folders, files in WALK(top):
        folders.sort()
        yield folder, folders, sorted(files)


os.walk = walk


def queries(value):
    """The texts of a definition's stages."""
    from ai.chronon.api.ttypes import GroupBy, Join
    from ai.chronon.lineage.lineage_parser import LineageParser

    parser, built = LineageParser(), []
    if isinstance(value, GroupBy):
        built = [parser.build_aggregate_sql("scanned", value, [("user", "user")])]
        built += [parser.build_gb_derive_sql("aggregated", value)] if value.derivations else []
    elif isinstance(value, Join) and value.metaData.outputNamespace:
        built = [parser.build_join_sql(value)]
        built += [parser.build_join_derive_sql("joined", value)] if value.derivations else []
    return [query.sql(dialect="spark", pretty=True) for query in built]


def found(files):
    from ai.chronon.lineage.lineage_parser import LineageParser

    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            file = Path(root, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        metadata = LineageParser().parse_lineage(root)
    return {
        "queries": {name: queries(config.t_object) for name, config in metadata.configs.items()},
        "edges": sorted(
            [e.input_table, e.input_column, e.output_table, e.output_column, *e.transforms] for e in metadata.lineages
        ),
        "tables": {
            t.table_name: {
                "is": [t.config_name, t.table_type.value, t.materialized],
                "keys": sorted(t.key_columns or []),
                "columns": sorted(t.columns),
            }
            for t in metadata.tables.values()
        },
        "features": {
            name: [f.config_name, f.config_type.value, f.table_name, f.column_name]
            for name, f in metadata.features.items()
        },
        "configs": {
            name: [c.config_type.value, sorted(c.tables), sorted(c.features)] for name, c in metadata.configs.items()
        },
        "unparsed_configs": {kind: sorted(names) for kind, names in metadata.unparsed_configs.items() if names},
        "unparsed_columns": {table: sorted(set(names)) for table, names in metadata.unparsed_columns.items()},
    }


if __name__ == "__main__":
    json.dump([found(files) for files in json.load(sys.stdin)], sys.stdout)
