"""Chronon: define a feature once, train and serve from the same definition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chronon.api import PUBLIC

if TYPE_CHECKING:
    from chronon.api import *  # noqa: F403
    from chronon.session import Session as Session

__version__ = "0.1.0"

__all__ = sorted(["Session", *(name for names in PUBLIC.values() for name in names)])  # noqa: PLE0605 # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = "chronon.session" if name == "Session" else "chronon.api"  # nobody inside reaches the session this way
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
