"""Which Python functions the expressions of a definition may call: those that its sources name."""

from __future__ import annotations

from chronon.api import structs
from chronon.api.inspect import query_of, sources_of


def declare(query: structs.Query) -> None:
    """Let expressions call the functions of a query.

    Raises
    ------
    ConfigError
        If two functions of one name are in use.
    """
    if query.setups:
        from chronon.sql.user import declare as declared

        declared(query.setups)


def declare_all(definition: structs.GroupBy | structs.Join) -> None:
    """Let expressions call the functions of all sources of a definition; of a join, those of its parts too."""
    for source in sources_of(definition):
        declare(query_of(source))


def function_failures() -> list[str]:
    """What is to be told of functions that failed since this was asked before."""
    from chronon.sql.user import taken_failures

    return [str(failures) for failures in taken_failures()]
