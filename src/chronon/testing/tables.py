"""Tables of the documentation that are made from the code: ``python -m chronon.testing.tables docs``.

What an operation takes is found out by asking the algebra itself, so a page cannot say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from chronon.aggregate.aggregator import Aggregator
from chronon.aggregate.shapes import Shape
from chronon.api import structs
from chronon.api.enums import Operation, TimeUnit
from chronon.base import types as t
from chronon.base.errors import ConfigError
from chronon.sql.functions.refused import Refused
from chronon.testing.deviations import DEVIATIONS

TYPES = (t.BOOLEAN, t.BYTE, t.SHORT, t.INT, t.LONG, t.FLOAT, t.DOUBLE, t.STRING, t.BINARY, t.DATE, t.TIMESTAMP)
STRUCT = t.StructType({"a": t.LONG})
OPAQUE = (STRUCT, t.ListType(STRUCT), t.ListType(t.ListType(t.LONG)), t.MapType(t.INT, t.LONG))
"""Containers into which no operation looks; those that take one take all."""
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
    Operation.SUM: "whole numbers exact, wrapping at 64 bits; floats 1e-12 relative, and 1e-24 of the sum of magnitudes",
    Operation.AVERAGE: "1e-12 relative, and 1e-24 of the sum of magnitudes",
    Operation.VARIANCE: "1e-8 relative, and 1e-15 of the mean's square",
    Operation.SKEW: "1e-7 relative",
    Operation.KURTOSIS: "1e-7 relative",
    Operation.APPROX_UNIQUE_COUNT: "standard error 0.69 / sqrt(2^k) of the count: 4.3 % at the default `k` of 8; rounded down",
    Operation.APPROX_PERCENTILE: "values are rounded to 32 bits; exact up to `k` of them, then the rank is off by 2.3 / k^0.97 in "
    "one case of a hundred: 2.1 % at the default `k` of 128",
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
    head = (
        *("operation", "element types", "result", "bytes per key", "error", "takes values back"),
        *("list", "map", "element-wise", "buckets"),
    )
    return f"""# Operations

<!-- made by: python -m chronon.testing.tables docs -->

What each operation takes, gives, remembers for each key (of a grouped column for each group), and may be off by; and
whether a reversal of a changed entity takes the old value back, or is ignored until the next batch. Then the shapes: of a
**list** of scalars the items are elements of their own, or the list is one value; of a **map** with keys of text each key
has its own result, or the map is one value; **element-wise** is for lists position by position; a **bucket** makes a map
from a column's values to results. Every combination works over windows and over the whole history, offline and online.
*Any* is every type but dates and timestamps, structs and nested containers among them.

{_table(head, rows)}
"""


def _operation_row(operation: Operation) -> list[str]:
    taken = {kind: made for kind in (*TYPES, *OPAQUE) if (made := _made(operation, kind)) is not None}
    first = t.LONG if t.LONG in taken else next(iter(taken))
    whole = taken[first].parts[0].base.operation
    return [
        f"`{operation.name}`",
        "any" if all(kind in taken for kind in OPAQUE) else ", ".join(map(str, taken)),
        _result({kind: next(iter(made.outputs.values())) for kind, made in taken.items()}),
        _by_type({kind: made.parts[0].base.operation.bytes_per_key for kind, made in taken.items()}),
        ERRORS.get(operation, EXACT),
        "yes" if whole.reversible else "no",
        _shape(_made(operation, t.ListType(first)), Shape.FLATTENED, "each item"),
        _shape(_made(operation, t.MapType(t.STRING, first)), Shape.MAPPED, "each key"),
        _shape(_made(operation, t.ListType(first), element_wise=True), Shape.ELEMENT_WISE, "yes", "no"),
        "yes" if _made(operation, first, bucket=True) is not None else "no",
    ]


def _result(results: dict[t.DataType, t.DataType]) -> str:
    if all(result == kind for kind, result in results.items()):
        return "the element's type"
    if all(result == t.ListType(kind) for kind, result in results.items()):
        return "list of the element's type"
    return ", ".join(dict.fromkeys(str(result) for result in results.values()))


def _by_type(sizes: dict[t.DataType, str]) -> str:
    """One size, or each with the types that have it."""
    if len(set(sizes.values())) == 1:
        return next(iter(sizes.values()))
    kinds = {size: [str(kind) for kind, other in sizes.items() if other == size] for size in sizes.values()}
    return "; ".join(f"{', '.join(some)}: {size}" for size, some in kinds.items())


def _shape(made: Aggregator | None, shape: Shape, word: str, otherwise: str = "one value") -> str:
    if made is None:
        return "no"
    return word if made.parts[0].base.shape is shape else otherwise


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
`rlike`, `case`, `cast`, `::`, fields `a.b`, items `a[0]` and `m['k']`, lambdas `x -> x + 1`, `(x, y) -> x + y`.

Where Spark stops the job although ANSI mode is off (base 64 that is none, an index of zero, a sequence that leads away from
its end), the value is null: one row does not take down its neighbours. Where a key of a map occurs twice, the last value
stays, as with Spark's `LAST_WIN`. JSON in single quotes is none. What SQL cannot say, a
[Python function](functions.md) can.

## Refused

{_table(("what", "functions", "why"), rows)}
"""


def _reason(group: Refused) -> str:
    return f"{group.why}; use {group.instead}" if group.instead else group.why


def deviations() -> str:
    """The page of deviations."""
    rows = [[one.quirk, one.original, one.ours, one.reason] for one in DEVIATIONS.values()]
    return "\n".join(
        [
            "# Where results differ from the original's",
            "",
            "On purpose, each for a reason, and each shown by a test that `chronon.testing.deviations` names. The numbers are",
            "those of lists of the original's quirks: of its aggregations, of its backfills (offline), of its definitions and",
            "scripts (authoring); those of expressions (sql) are Spark's. `chronon doctor` tells which of them touch the definitions of a repo.",
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
