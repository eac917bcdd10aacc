"""The verbs that a definition has in a notebook: ``join.features(df)``, ``group_by.backfill(...)``.

They are functions of ``chronon.session``, found there by this one lazy import when a verb is first used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Verb:
    """A function of ``chronon.session`` as a method of a definition."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, definition: Any, owner: type | None = None) -> Callable[..., Any]:
        from functools import partial, update_wrapper
        from importlib import import_module

        function = getattr(import_module("chronon.session"), self.name)
        return function if definition is None else update_wrapper(partial(function, definition), function)


class Displayed:
    """How a definition shows itself, in a terminal and in a notebook."""

    def __rich__(self) -> Any:
        from chronon.api.pages import page_of
        from chronon.base.display import to_rich

        return to_rich(page_of(self))

    def _repr_html_(self) -> str:
        from chronon.api.pages import page_of
        from chronon.base.display import to_html

        return to_html(page_of(self))


class SourceVerbs(Displayed):
    """What a source can do."""

    preview = Verb()


class TableVerbs(Displayed):
    """What a definition of a table can do."""

    backfill = Verb()
    explain = Verb()


class Verbs(SourceVerbs, TableVerbs):
    """What joins and group-bys can do besides."""

    features = Verb()
    upload = Verb()
    fetch = Verb()
    trace = Verb()
