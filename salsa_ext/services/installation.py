"""What this installation is: for real records, or a demo region."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.errors import Conflict, say
from salsa_ext.models import Installation
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.values.actor import Actor


def current() -> Installation | None:
    """Return what this installation was declared to be, or None where it is empty."""
    return db.session.scalars(select(Installation)).first()


def begin_demo(*, actor: Actor, seed: int, anchored_on: date) -> None:
    """Declare a demo region; raises Conflict where real records may be, or a demo was begun."""
    require(actor, Permission.ACCOUNT_MANAGE)
    standing = current()
    if standing is not None and standing.kind == "real":
        raise Conflict(say("This database is for real records; give the demo another one,"
                           " with SALSA_HOME or SALSA_DATABASE_URL."))  # fmt: skip
    if standing is not None:
        raise Conflict(
            say(
                "A demo region was begun here and not finished; run salsa demo, which makes it anew."
            )
        )
    db.session.add(Installation(
        kind="demo", made_at=actor.now(), seed=seed, anchored_on=anchored_on, is_complete=False))  # fmt: skip


def finish_demo(*, actor: Actor) -> None:
    """Declare the demo region complete."""
    require(actor, Permission.ACCOUNT_MANAGE)
    standing = current()
    if standing is not None:
        standing.is_complete = True


def assume_real(*, actor: Actor) -> None:
    """Declare that real records go here, unless something else was declared before."""
    require(actor, Permission.ACCOUNT_MANAGE)
    if current() is None:
        begin_real(actor=actor)


def begin_real(*, actor: Actor) -> None:
    """Declare that real records go here; raises Conflict in a demo region."""
    require(actor, Permission.ACCOUNT_MANAGE)
    standing = current()
    if standing is not None and standing.kind == "demo":
        raise Conflict(say("This database holds the demo region; real records need another one,"
                           " with SALSA_HOME or SALSA_DATABASE_URL."))  # fmt: skip
    if standing is None:
        db.session.add(Installation(
            kind="real", made_at=actor.now(), seed=None, anchored_on=None, is_complete=True))  # fmt: skip
