"""Attempts to sign in: counted before a password is checked, and braked.

Two counts, of an account from an address and of the address with all accounts, grow by each attempt
and halve every three hours. Beyond what is free each attempt doubles the wait of the next one. The right
password ends the first count and takes its own attempt back from the second. Other addresses do not
wait. An IPv6 address is counted by its /64, which one subscriber has.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from salsa_ext.core.errors import TooManyAttempts, message
from salsa_ext.core.ip_addresses import network
from salsa_ext.database.session import db

FREE_ATTEMPTS: Final = 5
"""Of one account from one address, without a wait."""
FREE_ATTEMPTS_OF_ADDRESS: Final = 50
LONGEST_WAIT: Final = timedelta(minutes=15)
FORGOTTEN_AFTER: Final = timedelta(days=1)
HALVED_AFTER: Final = timedelta(hours=3)
_HALVINGS: Final = (
    "greatest(0, least(24, floor(extract(epoch FROM :now - a.at) / :halved_seconds)::int))"
)
_LEFT: Final = f"(a.count >> {_HALVINGS})"
_COUNT: Final = text(f"""
    INSERT INTO sign_in_attempt AS a (key, count, at, until) VALUES (:key, 1, :now, :now)
    ON CONFLICT (key) DO UPDATE SET
        count = {_LEFT} + 1,
        at = a.at + {_HALVINGS} * :halved_seconds * interval '1 second',
        until = CASE WHEN {_LEFT} < :free THEN :now ELSE
            :now + least(power(2, least({_LEFT} - :free, 20)) * interval '1 second', :longest) END
    WHERE a.until <= :now RETURNING count
""")  # noqa: S608 - the parts are above
"""`at` is when the count was halved last."""
_FORGET: Final = text("DELETE FROM sign_in_attempt WHERE key = :key OR at < :forgotten")
_FORGIVE: Final = text(
    "UPDATE sign_in_attempt SET count = greatest(count - 1, 0), until = :now WHERE key = :key"
)


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
            "halved_seconds": HALVED_AFTER.total_seconds(),
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
    db.session.execute(_FORGIVE, {"key": _key("", address), "now": now})


def _key(username: str, address: str) -> bytes:
    return hashlib.sha256(f"{username.lower()}\n{network(address)}".encode()).digest()
