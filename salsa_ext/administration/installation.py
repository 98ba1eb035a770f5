"""Kind of this installation: real records, or a demo region."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, message
from salsa_ext.database.models import Installation
from salsa_ext.database.session import db


def get_installation() -> Installation | None:
    """Return the declared kind of the installation, None if empty."""
    return db.session.scalars(select(Installation)).first()


def begin_demo(*, actor: Actor, seed: int, anchored_on: date) -> None:
    """Declare a demo region; raises Conflict if real or already begun."""
    require(actor, Permission.ACCOUNT_MANAGE)
    current = get_installation()
    if current is not None and current.kind == "real":
        raise Conflict(
            message(
                "This database is for real records; give the demo another one,"
                " with SALSA_HOME or SALSA_DATABASE_URL."
            )
        )
    if current is not None:
        raise Conflict(
            message(
                "A demo region was begun here and not finished. Run salsa demo to make it again."
            )
        )
    db.session.add(
        Installation(
            kind="demo",
            created_at=actor.now(),
            seed=seed,
            anchored_on=anchored_on,
            is_complete=False,
        )
    )


def finish_demo(*, actor: Actor) -> None:
    """Mark the demo region complete."""
    require(actor, Permission.ACCOUNT_MANAGE)
    current = get_installation()
    if current is not None:
        current.is_complete = True


def ensure_declared(*, actor: Actor) -> None:
    """Declare real records unless a kind was declared."""
    require(actor, Permission.ACCOUNT_MANAGE)
    if get_installation() is None:
        declare_real(actor=actor)


def declare_real(*, actor: Actor) -> None:
    """Declare real records; raises Conflict in a demo region."""
    require(actor, Permission.ACCOUNT_MANAGE)
    current = get_installation()
    if current is not None and current.kind == "demo":
        raise Conflict(
            message(
                "This database holds the demo region; real records need another one,"
                " with SALSA_HOME or SALSA_DATABASE_URL."
            )
        )
    if current is None:
        db.session.add(
            Installation(
                kind="real", created_at=actor.now(), seed=None, anchored_on=None, is_complete=True
            )
        )
