"""The macro ``{{ CHRONON_RUN_DS }}`` in expressions of a source: the partition that an answer is read from."""

from __future__ import annotations

import re

from chronon.base.errors import ConfigError
from chronon.plan.derivations import quoted

NAME = "CHRONON_RUN_DS"

_MACRO = rf"\{{\{{\s*{NAME}\s*\}}\}}"
_IN_QUOTES = re.compile(rf"'([^']*?){_MACRO}([^']*)'")


def with_run_day(text: str, partition: str, *, one: bool) -> str:
    """An expression with the macro written out.

    Where every answer is read from one partition, that is the partition of the row.

    Parameters
    ----------
    text:
        Spark SQL.
    partition:
        The partition column of its table.
    one:
        Whether every answer is read from one partition.

    Raises
    ------
    ConfigError
        Where it stands for no single day, or not in quotes.

    >>> with_run_day("IF(day = '{{ CHRONON_RUN_DS }}', amount, 0)", "ds", one=True)
    'IF(day = `ds`, amount, 0)'
    >>> with_run_day("concat('{{CHRONON_RUN_DS}} 12:00', zone)", "ds", one=True)
    "concat(concat('', `ds`, ' 12:00'), zone)"
    """
    if NAME not in text:
        return text
    if not one:
        raise ConfigError(
            f"{{{{ {NAME} }}}} in {text!r} has no single day: these events are read over several partitions",
            expected="snapshots of entities, cumulative events, or a source that starts and ends with one partition",
            mend="compare with the time of the row, or with its partition",
        )
    found = _IN_QUOTES.sub(lambda match: _written(quoted(partition), match[1], match[2]), text)
    if NAME in found:
        raise ConfigError(
            f"{{{{ {NAME} }}}} in {text!r} is not a text",
            expected=f"it in quotes, once in each: '{{{{ {NAME} }}}}'",
        )
    return found


def _written(column: str, before: str, after: str) -> str:
    return f"concat('{before}', {column}, '{after}')" if before or after else column
