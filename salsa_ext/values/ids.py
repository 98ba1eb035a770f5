"""Identity keys: UUID version 7 (RFC 9562), made in Python and nowhere else."""

from __future__ import annotations

import secrets
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

_making = threading.Lock()
_last = 0


def new_id() -> UUID:
    """Return a UUIDv7, above all that this process made before, so that lists keep their order.

    48 bits of milliseconds, 12 of their fraction (method 3 of the RFC), 62 random ones.
    """
    tick, random = _next_tick(), secrets.randbits(62)
    return UUID(int=(tick >> 12) << 80 | 7 << 76 | (tick & 0xFFF) << 64 | 0b10 << 62 | random)


def made_at(made: UUID) -> datetime:
    """Return when a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((made.int >> 80) / 1000, UTC)


def _next_tick() -> int:
    """Return the time in 1/4096 of a millisecond, or one more than last time."""
    global _last
    with _making:
        _last = max((time.time_ns() << 12) // 1_000_000, _last + 1)
        return _last
