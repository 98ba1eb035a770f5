"""Attempts to sign in: counted before a password is checked, and braked.

Each wrong password of one account from one address, and each from one address, doubles the wait of
the next one from there. The right password from another address is never kept waiting.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from salsa_ext.core.errors import TooManyAttempts, message
from salsa_ext.database.session import db

FREE_ATTEMPTS: Final = 5
"""Of one account from one address, without a wait."""
FREE_ATTEMPTS_OF_ADDRESS: Final = 50
LONGEST_WAIT: Final = timedelta(minutes=15)
FORGOTTEN_AFTER: Final = timedelta(days=1)
_COUNT: Final = text("""
    INSERT INTO sign_in_attempt AS a (key, count, at, until) VALUES (:key, 1, :now, :now)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN a.at < :forgotten THEN 1 ELSE a.count + 1 END,
        at = :now,
        until = CASE WHEN a.at < :forgotten OR a.count < :free THEN :now ELSE
            :now + least(power(2, least(a.count - :free, 20)) * interval '1 second', :longest) END
    WHERE a.until <= :now RETURNING count
""")
_FORGET: Final = text("DELETE FROM sign_in_attempt WHERE key = :key OR at < :forgotten")
_FORGIVE: Final = text("UPDATE sign_in_attempt SET count = count - 1 WHERE key = :key")


def count_attempt(username: str, address: str, now: datetime) -> None:
    """Count an attempt, right or wrong; raises TooManyAttempts while it has to wait.

    Has to be committed before the password is checked, so that many at once are all counted.
    """
    keys = ((_key(username, address), FREE_ATTEMPTS), (_key("", address), FREE_ATTEMPTS_OF_ADDRESS))
    for key, free in keys:
        values = {
            "key": key,
            "free": free,
            "now": now,
            "forgotten": now - FORGOTTEN_AFTER,
            "longest": LONGEST_WAIT,
        }
        if db.session.execute(_COUNT, values).first() is None:
            raise TooManyAttempts(
                message("Too many wrong passwords came from here. Wait some minutes and try again.")
            )


def forget_attempts(username: str, address: str, now: datetime) -> None:
    """Forget the attempts of one who signed in; what is a day old goes too."""
    values = {"key": _key(username, address), "forgotten": now - FORGOTTEN_AFTER}
    db.session.execute(_FORGET, values)
    db.session.execute(_FORGIVE, {"key": _key("", address)})


def _key(username: str, address: str) -> bytes:
    return hashlib.sha256(f"{username.lower()}\n{address}".encode()).digest()
