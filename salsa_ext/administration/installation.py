"""Kind of this installation (real records or demo), and runs of importers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import Action, AuditEvent, append
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, message
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.models import ImportRun, Installation
from salsa_ext.database.session import db
from salsa_ext.documents.queries import DocumentKind


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


@dataclass(frozen=True)
class ImportRunData:
    """Run over one file; `rejects` hold each rejected row with its reason."""

    id: UUID
    source: str
    file_name: str
    file_digest: bytes
    rows_read: int
    rows_imported: int
    rejects: Sequence[dict[str, Any]]


def record_import(*, actor: Actor, data: ImportRunData) -> None:
    """Record a run in the transaction of its rows."""
    require(actor, Permission.IMPORT_RUN)
    state = actor.own_state()
    insert_many(
        ImportRun,
        [
            {"owner_state": state, "concerned": [state], "started_at": actor.now()}
            | vars(data)
            | {"rejects": list(data.rejects)}
        ],
    )
    audit_data = {"source": data.source, "taken": data.rows_imported, "rejected": len(data.rejects)}
    append(actor, AuditEvent(Action.FILE_IMPORTED, "import", data.id, data=audit_data))


def find_used_numbers(*, actor: Actor, kind: DocumentKind, numbers: Collection[str]) -> set[str]:
    """Return those numbers already used by documents of the actor's state."""
    require(actor, Permission.IMPORT_RUN)
    mine = select(kind.model.number).where(kind.model.owner_state == actor.own_state())
    return set(db.session.scalars(mine.where(kind.model.number.in_(numbers))))
