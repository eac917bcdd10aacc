"""Tables of the documentation that are made from the code: ``python -m chronon.testing.tables docs``.

What an operation takes is found out by asking the algebra itself, so a page cannot say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from chronon.aggregate.aggregator import Aggregator
from chronon.api import structs
from chronon.api.enums import Operation, TimeUnit
from chronon.base import types as t
from chronon.base.errors import ConfigError
from chronon.sql.functions.refused import Refused
from chronon.testing.deviations import DEVIATIONS

TYPES = (t.BOOLEAN, t.SHORT, t.INT, t.LONG, t.FLOAT, t.DOUBLE, t.STRING, t.BINARY, t.DATE, t.TIMESTAMP)
ARGUMENTS = {
    Operation.FIRST_K: {"k": "3"},
    Operation.LAST_K: {"k": "3"},
    Operation.TOP_K: {"k": "3"},
    Operation.BOTTOM_K: {"k": "3"},
    Operation.APPROX_PERCENTILE: {"percentiles": "[0.5]"},
    Operation.BOUNDED_UNIQUE_COUNT: {"k": "100"},
    Operation.APPROX_HISTOGRAM_K: {"k": "10"},
}
EXACT = "exact"
ERRORS = {
    Operation.SUM: "whole numbers exact, wrapping at 64 bits; floats 1e-12 relative",
    Operation.AVERAGE: "1e-12 relative",
    Operation.VARIANCE: "1e-8 relative",
    Operation.SKEW: "1e-7 relative",
    Operation.KURTOSIS: "1e-7 relative",
    Operation.APPROX_UNIQUE_COUNT: "standard error 0.83 / sqrt(2^k) of the count: 5.2 % at the default `k` of 8",
    Operation.APPROX_PERCENTILE: "exact up to `k` values; then the rank, by 2.3 / k^0.97: 2.1 % at the default `k` of 128",
    Operation.BOUNDED_UNIQUE_COUNT: "exact up to `k`, where it stops",
    Operation.APPROX_HISTOGRAM_K: "exact up to r = max(64, 8k) distinct values, then too high by at most n / (r + 1)",
}
"""What may be off; everything else is exact. The bounds of the two sketches are those that Apache DataSketches states."""


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(folder: Path) -> None:
    """Write the pages into FOLDER."""
    for name, text in pages().items():
        (folder / name).write_text(text)
        click.echo(f"wrote {folder / name}")


def pages() -> dict[str, str]:
    """Every generated page by its file name."""
    return {"operations.md": operations(), "expressions.md": expressions(), "deviations.md": deviations()}


def operations() -> str:
    """The page of operations: types, shapes, memory, error."""
    rows = [_operation_row(operation) for operation in Operation]
    head = ("operation", "element types", "result", "buckets", "list", "map", "element-wise", "bytes per key", "error")
    return f"""# Operations

<!-- made by: python -m chronon.testing.tables docs -->

What each operation takes, gives, remembers for each key, and may be off by. A **bucket** makes a map from a column's
values to results; the items of a **list** are elements of their own (operations by time take the list as one value); of a
**map** each key has its own result; **element-wise** is for lists position by position. Every combination works over
windows and over the whole history, offline and online.

{_table(head, rows)}
"""


def _operation_row(operation: Operation) -> list[str]:
    taken = [kind for kind in TYPES if _made(operation, kind) is not None]
    results = {kind: made.outputs for kind in taken if (made := _made(operation, kind)) is not None}
    kinds = {kind: next(iter(outputs.values())) for kind, outputs in results.items()}
    if all(str(kind) == str(result) for kind, result in kinds.items()):
        result = "the element's type"
    elif all(result == t.ListType(kind) for kind, result in kinds.items()):
        result = "list of the element's type"
    else:
        result = ", ".join(dict.fromkeys(str(result) for result in kinds.values()))
    first = taken[0] if t.LONG not in taken else t.LONG
    made = _made(operation, first)
    state = made.parts[0].base.operation.bytes_per_key if made is not None else ""
    return [
        f"`{operation.name}`",
        "any" if len(taken) == len(TYPES) else ", ".join(map(str, taken)),
        result,
        _yes(_made(operation, first, bucket=True)),
        _yes(_made(operation, t.ListType(first))),
        _yes(_made(operation, t.MapType(t.STRING, first))),
        _yes(_made(operation, t.ListType(first), element_wise=True)),
        state,
        ERRORS.get(operation, EXACT),
    ]


def _made(
    operation: Operation, kind: t.DataType, *, bucket: bool = False, element_wise: bool | None = None
) -> Aggregator | None:
    """The algebra for one aggregation, or ``None`` if it refuses."""
    aggregation = structs.Aggregation(
        inputColumn="x",
        operation=operation,
        argMap=dict(ARGUMENTS.get(operation, {})),
        windows=[structs.Window(7, TimeUnit.DAYS)],
        buckets=["b"] if bucket else None,
        elementWise=element_wise,
    )
    try:
        return Aggregator([aggregation], {"x": kind, "b": t.STRING})
    except ConfigError:
        return None


def expressions() -> str:
    """The page of SQL functions: those that work, those that are refused and why."""
    from chronon.sql import functions  # the import fills the table
    from chronon.sql.calls import public_names
    from chronon.sql.functions import refused

    del functions
    known = sorted(public_names())
    rows = [[group.title, ", ".join(f"`{name}`" for name in sorted(group.names)), _reason(group)]
            for group in refused.GROUPS]  # fmt: skip
    listed = ", ".join(f"`{name}`" for name in known)
    return f"""# Expressions

<!-- made by: python -m chronon.testing.tables docs -->

Selects, conditions, times and derivations are Spark SQL expressions with ANSI mode off: a cast that fails is null, a
division by zero is null, whole numbers wrap. Each works in a backfill on DuckDB and on one row in a stream or a fetch, with
the same value and the same type; the cases under `tests/sql/fixtures` are run on both, and on Spark where it is installed.

## Functions

{listed}

and the operators `+ - * / % || = <> < <= > >= <=> & | ^ ~`, `and`, `or`, `not`, `is [not] null`, `in`, `between`, `like`,
`rlike`, `case`, `cast`, `::`, fields `a.b`, items `a[0]` and `m['k']`, lambdas `x -> x + 1`.

## Refused

{_table(("what", "functions", "why"), rows)}
"""


def _reason(group: Refused) -> str:
    return f"{group.why}; use {group.instead}" if group.instead else group.why


def _yes(made: Aggregator | None) -> str:
    return "yes" if made is not None else "no"


def deviations() -> str:
    """The page of deviations."""
    rows = [[one.quirk, one.original, one.ours, one.reason] for one in DEVIATIONS.values()]
    return "\n".join(
        [
            "# Where results differ from the original's",
            "",
            "On purpose, each for a reason, and each shown by a test that `chronon.testing.deviations` names. The numbers are",
            "those of lists of the original's quirks: of its aggregations, of its backfills (offline), of its definitions and",
            "scripts (authoring). `chronon doctor` tells which of them touch the definitions of a repo.",
            "",
            _table(["number", "the original", "here", "because"], rows),
            "",
        ]
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def lines() -> Iterator[str]:
        yield "| " + " | ".join(head) + " |"
        yield "|" + "---|" * len(head)
        for row in rows:
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"

    return "\n".join(lines())


if __name__ == "__main__":
    main()
