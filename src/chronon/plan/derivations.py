"""Derivations: which columns leave a group-by or a join, each as an expression over the columns that enter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from chronon.api.structs import Derivation
from chronon.base.errors import ExpressionError

STAR = "*"


def expand(
    derivations: Sequence[Derivation] | None, columns: Iterable[str], keys: Sequence[str] = ()
) -> dict[str, str]:
    """The output columns in order, each with its expression.

    A star stands for all of ``columns`` but those that another derivation renames or replaces; ``keys`` are never among
    them. Without derivations everything stays as it is.

    >>> d = Derivation
    >>> expand([d("*", "*"), d("total", "x_sum"), d("mean", "x_sum / x_count")], ["x_sum", "x_count"])
    {'x_count': '`x_count`', 'total': 'x_sum', 'mean': 'x_sum / x_count'}
    """
    base = [name for name in columns if name not in keys]
    if derivations is None or not derivations:
        return {name: quoted(name) for name in base}
    explicit = {d.name: d.expression or "" for d in derivations if d.name is not None and d.name != STAR}
    renamed = {expression.strip().strip("`") for expression in explicit.values()}
    found: dict[str, str] = {}
    for derivation in derivations:
        if derivation.name == STAR:
            kept = (name for name in base if name not in renamed and name not in explicit)
            found |= {name: quoted(name) for name in kept}
        elif derivation.name is not None:
            found[derivation.name] = explicit[derivation.name]
    return found


def resolved(expressions: Mapping[str, str], columns: Collection[str]) -> dict[str, str]:
    """The same expressions over ``columns`` alone: what they say of derivations before them is written out.

    A column wins over a derivation of its name.

    >>> resolved({"mean": "x_sum / n", "twice": "mean * 2"}, ["x_sum", "n"])
    {'mean': 'x_sum / n', 'twice': '(x_sum / n) * 2'}
    """
    from chronon.sql import parse

    found: dict[str, str] = {}
    for name, text in expressions.items():
        try:
            expression = parse(text)
        except ExpressionError:  # whoever types the expressions tells what is wrong, and where
            found[name] = text
            continue
        earlier = {column: found[column] for column in expression.columns if column in found and column not in columns}
        found[name] = expression.replaced(earlier) if earlier else text
    return found


def quoted(name: str) -> str:
    """A column as an expression, whatever its name."""
    return "`" + name.replace("`", "``") + "`"
