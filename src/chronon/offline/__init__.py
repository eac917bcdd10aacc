"""What is to be computed offline: backfills of joins and group-bys, uploads.

Says which partitions are missing, what they need, and publishes them. How rows are read, sorted and aggregated is the
engine's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chronon.offline.group_by import backfill_group_by
    from chronon.offline.join import backfill_join
    from chronon.offline.labels import backfill_labels
    from chronon.offline.models import backfill_models
    from chronon.offline.result import Backfill, Progress, Upload
    from chronon.offline.staging_query import backfill_staging_query
    from chronon.offline.upload import upload_group_by, upload_join

__all__ = [
    "Backfill",
    "Progress",
    "Upload",
    "backfill_group_by",
    "backfill_join",
    "backfill_labels",
    "backfill_models",
    "backfill_staging_query",
    "upload_group_by",
    "upload_join",
]

_HOMES = {
    "Backfill": "result",
    "Progress": "result",
    "Upload": "result",
    "backfill_group_by": "group_by",
    "backfill_join": "join",
    "backfill_labels": "labels",
    "backfill_models": "models",
    "backfill_staging_query": "staging_query",
    "upload_group_by": "upload",
    "upload_join": "upload",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(f"chronon.offline.{_HOMES[name]}"), name)
    raise AttributeError(name)
