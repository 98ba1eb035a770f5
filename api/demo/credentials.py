"""The file that tells the accounts of the demo region."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from api.demo.accounts import Account


def read(path: Path) -> list[Account] | None:
    """Return the accounts that the file tells, or None where it is missing or cannot be read."""
    try:
        return [Account(**told) for told in json.loads(path.read_text("utf-8"))["accounts"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(path: Path, base_url: str, made: Sequence[Account]) -> None:
    """Write the accounts for their owner's eyes alone; whoever reads finds all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"base_url": base_url, "accounts": [asdict(account) for account in made]}
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
