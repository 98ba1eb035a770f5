"""Displays on the walls of border posts: paired by a code, shown one side's board, and revoked."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import or_, update

from salsa_ext.audit import Act, Action, append
from salsa_ext.clock import SYSTEM, Clock
from salsa_ext.db import ask, db, insert_many
from salsa_ext.errors import NotFound, Unauthenticated, say
from salsa_ext.models import ApiKey
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.boards import side_of
from salsa_ext.services.accounts import find_open
from salsa_ext.services.authentication import digest, new_key
from salsa_ext.values.actor import Actor

GLYPHS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Of a code: none that is taken for another."""
LENGTH: Final = 10
PAIRING: Final = timedelta(minutes=10)
"""For so long a code may be typed on the device."""
LASTS: Final = timedelta(days=366)
SHOWN: Final = frozenset({Permission.BOARD_READ, Permission.DISCREPANCY_READ})
"""What goes into a wall's board, of which it shows numbers alone; its key opens nothing by itself."""
SEEN: Final = timedelta(minutes=1)
"""How exactly it is kept when a display was last seen."""
_KNOWN: Final = ("key_id", "expires_at", "account_id", "owner_state", "agency", "role", "post", "language",
                 "paired_at")  # fmt: skip
_FIND: Final = f"SELECT {', '.join(_KNOWN)} FROM salsa_display(%s)"  # noqa: S608 - names of columns
_UNKNOWN: Final = say(
    "This code is unknown, was used, or is older than ten minutes; ask for a new one."
)


@dataclass(frozen=True)
class DisplayData:
    """A display of the own side of a post; `username` is who answers for it where that is another."""

    name: str
    language: str
    username: str | None = None


@dataclass(frozen=True)
class Paired:
    """A new display with its code, shown this once, and until when that may be typed."""

    id: UUID
    code: str
    expires_at: datetime


@dataclass(frozen=True)
class Display:
    """A device that shows the board of one side, and who it acts as: it may see that and nothing else."""

    actor: Actor
    post: str


def add(*, actor: Actor, post: str, data: DisplayData) -> Paired:
    """Make a display of the own side of a post; raises NotFound, Forbidden for the post of others."""
    require(actor, Permission.DISPLAY_MANAGE)
    side_of(actor, post)
    code = "".join(secrets.choice(GLYPHS) for _ in range(LENGTH))
    _, row = new_key(actor, data.name, [Permission.BOARD_READ], PAIRING)
    row |= {"digest": digest(code), "post": post, "language": data.language}
    if data.username is not None:
        row["account_id"] = find_open(data.username).id
    insert_many(ApiKey, [row])
    append(actor, Act(Action.DISPLAY_ADDED, "display", row["id"], data={"post": post}))
    return Paired(row["id"], f"{code[:5]}-{code[5:]}", row["expires_at"])


def revoke(*, actor: Actor, display_id: UUID) -> None:
    """End a display at once: it shows nothing from then on; raises NotFound."""
    require(actor, Permission.DISPLAY_MANAGE)
    mine = update(ApiKey).where(
        ApiKey.id == display_id, ApiKey.post.is_not(None), ApiKey.revoked_at.is_(None)
    )
    ended = db.session.scalar(mine.values(revoked_at=actor.now()).returning(ApiKey.id))
    if ended is None:
        raise NotFound("display", display_id)
    append(actor, Act(Action.DISPLAY_REVOKED, "display", display_id))


def find(secret: str, is_paired: bool, clock: Clock = SYSTEM) -> Display:
    """Return the display of a device's token, or of a code that nobody has typed; raises Unauthenticated."""
    found = ask(_FIND, (digest(secret if is_paired else _plain(secret)),)).fetchone()
    row = dict(zip(_KNOWN, found or (), strict=False))
    if not row or (row["paired_at"] is not None) != is_paired or row["expires_at"] <= clock.now():
        raise Unauthenticated(say("This display was switched off.") if is_paired else _UNKNOWN)
    actor = Actor(
        state=row["owner_state"], role=row["role"], agency=row["agency"], clock=clock,
        permissions=SHOWN, account_id=row["account_id"],
        key_id=row["key_id"], language=row["language"],
    )  # fmt: skip
    return Display(actor, row["post"])


def pair(display: Display) -> str:
    """Exchange the code of a display for the token that its device keeps; raises Unauthenticated.

    Of two devices that type the code at once, one is paired.
    """
    actor, (token, row) = display.actor, new_key(display.actor, "display", (), LASTS)
    mine = update(ApiKey).where(ApiKey.id == actor.key_id, ApiKey.paired_at.is_(None))
    taken = mine.values(
        digest=row["digest"],
        expires_at=row["expires_at"],
        paired_at=actor.now(),
        seen_at=actor.now(),
    )
    if db.session.scalar(taken.returning(ApiKey.id)) is None:
        raise Unauthenticated(_UNKNOWN)
    append(actor, Act(Action.DISPLAY_PAIRED, "display", str(actor.key_id)))
    return token


def see(display: Display) -> None:
    """Keep that a display was seen now, as exactly as to the minute."""
    now = display.actor.now()
    long_ago = or_(ApiKey.seen_at.is_(None), ApiKey.seen_at < now - SEEN)
    mine = update(ApiKey).where(ApiKey.id == display.actor.key_id, long_ago)
    db.session.execute(mine.values(seen_at=now))


def _plain(code: str) -> str:
    """Return a code as it was made, however it was typed."""
    return "".join(glyph for glyph in code.upper() if glyph.isalnum())
