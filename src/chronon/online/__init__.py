"""Serving: from the keys of a request to its features, in process or over HTTP.

``fetcher`` is the path of a request; ``group_bys``, ``joins`` and ``derived`` are what is prepared once from a
definition; ``server`` speaks HTTP. A process that serves imports neither an engine nor Arrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chronon.online.fetcher import Fetcher
    from chronon.online.messages import Request, Response

__all__ = ["Fetcher", "Request", "Response"]


def __getattr__(name: str) -> Any:
    if name == "Fetcher":
        from chronon.online.fetcher import Fetcher

        return Fetcher
    if name in __all__:
        from chronon.online import messages

        return getattr(messages, name)
    raise AttributeError(name)
