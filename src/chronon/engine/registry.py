"""Engines by name, through the entry points ``chronon.engines``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronon.base.errors import SettingsError

if TYPE_CHECKING:
    from chronon.base.settings import Settings
    from chronon.engine.protocol import Engine


def open_engine(settings: Settings) -> Engine:
    """The engine that the settings name, over their warehouse."""
    from importlib.metadata import entry_points

    found = {entry.name: entry for entry in entry_points(group="chronon.engines")}
    if settings.engine not in found:
        raise SettingsError(
            f"there is no engine {settings.engine!r}",
            expected=" or ".join(sorted(found)),
            mend="engine = ... in chronon.toml",
        )
    make = found[settings.engine].load()
    return make(
        settings.warehouse_folder,
        partitions=settings.partitions,
        memory=settings.memory,
        threads=settings.threads,
        tables=settings.tables,
    )
