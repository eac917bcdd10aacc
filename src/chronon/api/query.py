"""What a source reads: columns as expressions, conditions, times and partitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from chronon.api import structs
from chronon.api.coerce import day, strings
from chronon.api.functions import UserFunction
from chronon.api.provenance import here, stamp
from chronon.base.errors import ConfigError


def Query(
    selects: Mapping[str, str] | Sequence[str] | None = None,
    wheres: Sequence[str] | str | None = None,
    start_partition: str | date | None = None,
    end_partition: str | date | None = None,
    time_column: str | None = None,
    setups: Sequence[str] | str | None = None,
    mutation_time_column: str | None = None,
    reversal_column: str | None = None,
    partition_column: str | None = None,
    functions: Sequence[UserFunction] = (),
) -> structs.Query:
    """Which rows and columns of a table a source gives.

    Parameters
    ----------
    selects:
        Output name to Spark SQL expression, see ``select``; or columns to take as they are. All columns if absent.
    wheres:
        Conditions, all of which must hold; one or several.
    start_partition, end_partition:
        The first and last partition to read, both included (``yyyy-MM-dd``).
    time_column:
        The expression of a row's time: milliseconds, a timestamp or a date.
    setups:
        Statements that are run before the query.
    mutation_time_column, reversal_column:
        For entities: when a change was made, and whether a row is the image before it.
    partition_column:
        The partition column of the table, if it is not the default one.
    functions:
        Python functions, made by ``udf``, that the expressions call by name, and so may the derivations of a group-by
        or a join that reads this source.
    """
    return stamp(
        structs.Query(
            selects=_selects(selects),
            wheres=strings(wheres),
            startPartition=day(start_partition),
            endPartition=day(end_partition),
            timeColumn=time_column,
            setups=[*(strings(setups) or []), *(function.signature.statement() for function in functions)],
            mutationTimeColumn=mutation_time_column,
            reversalColumn=reversal_column,
            partitionColumn=partition_column,
        )
    )


def _selects(given: Mapping[str, str] | Sequence[str] | None) -> dict[str, str] | None:
    if given is None:
        return None
    if isinstance(given, str) and "," in given and given.count("(") == given[: given.index(",")].count("("):
        columns = ", ".join(f'"{column.strip()}"' for column in given.split(","))
        raise ConfigError("selects is one text", place=here("selects"), mend=f"select({columns})")
    return dict(given) if isinstance(given, Mapping) else select(*(strings(given) or []))


def select(*columns: str, **aliases: str) -> dict[str, str]:
    """Columns to select: positional ones as they are, keywords as name and expression.

    >>> select("user_id", price="amount * (1 - discount)")
    {'user_id': 'user_id', 'price': 'amount * (1 - discount)'}
    """
    return {**{column: column for column in columns}, **aliases}
