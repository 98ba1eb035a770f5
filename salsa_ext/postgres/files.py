"""Small files that must be whole or absent, whatever kills the process that writes them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from salsa_ext.errors import say
from salsa_ext.postgres.errors import PostgresUnavailable


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file that only the calling user can read, all of it or nothing; raises OSError."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    write_private(fresh, json.dumps(content, indent=2))
    fresh.replace(path)
    sync_folder(path.parent)


def write_private(path: Path, text: str) -> None:
    """Make a new file that only the calling user can read; raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read_json(path: Path) -> dict[str, Any] | None:
    """What is written there, or None; raises PostgresUnavailable if it is not JSON."""
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except ValueError as cause:
        raise PostgresUnavailable(
            say("{path} is damaged: {cause}.", path=path, cause=str(cause))
        ) from cause
    return dict(content)


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder survive a power cut; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
