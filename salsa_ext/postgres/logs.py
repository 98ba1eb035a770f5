"""The server's log file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

LIMIT = 50 * 1024 * 1024
TAIL = 16 * 1024


@dataclass(frozen=True)
class Log:
    """What the server says, appended to one file."""

    path: Path

    def rotate(self) -> None:
        """Put a log over the limit aside, in place of the one put aside before."""
        if self.size() > LIMIT:
            self.path.replace(self.path.with_name(self.path.name + ".1"))

    def open(self) -> int:
        """A descriptor to append to; raises OSError."""
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def size(self) -> int:
        """Bytes written so far."""
        return self.path.stat().st_size if self.path.exists() else 0

    def since(self, offset: int) -> str:
        """The last lines that were written after `offset`."""
        with self.path.open("rb") as file:
            file.seek(max(offset, self.size() - TAIL))
            return last_lines(file.read().decode(errors="replace"))


def last_lines(text: str, count: int = 12) -> str:
    """The end of what a program said, for an error message."""
    return "\n".join(text.strip().splitlines()[-count:])
