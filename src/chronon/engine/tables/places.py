"""Folders on disk: made, synced, and their errors as ours."""

from __future__ import annotations

import os
from pathlib import Path

from chronon.base.errors import StorageError


def folder_at(path: Path) -> Path:
    """A folder, made if it is not there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, path) from error
    return path


def sync(folder: Path) -> None:
    """Have the disk keep what was moved into a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def storage_error(error: OSError, path: Path) -> StorageError:
    """A failed write, with what to do."""
    return StorageError(
        f"cannot write {path}: {error.strerror or error}",
        mend="check permissions and free space, or set another warehouse",
    )
