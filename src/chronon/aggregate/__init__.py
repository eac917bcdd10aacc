"""The algebra: what every aggregation means, written once for backfills, uploads, streams and fetches.

``Aggregator`` is the entrance. ``words``, ``picks`` and their neighbours hold the operations, ``kernel/`` the compiled
loops, ``answer`` and ``chunks`` the pass over sorted rows, ``uploads``, ``record`` and ``serving`` the online half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chronon.aggregate.aggregator import Aggregator, WindowRule
    from chronon.aggregate.serving import Serving

__all__ = ["Aggregator", "Serving", "WindowRule"]


def __getattr__(name: str) -> Any:
    if name == "Aggregator":
        from chronon.aggregate.aggregator import Aggregator

        return Aggregator
    if name == "WindowRule":
        from chronon.aggregate.rule import WindowRule

        return WindowRule
    if name == "Serving":
        from chronon.aggregate.serving import Serving

        return Serving
    raise AttributeError(name)
