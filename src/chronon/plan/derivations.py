"""Derivations: which columns leave a group-by or a join, each as an expression over the columns that enter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chronon.api.structs import Derivation

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


def quoted(name: str) -> str:
    """A column as an expression, whatever its name."""
    return "`" + name.replace("`", "``") + "`"
