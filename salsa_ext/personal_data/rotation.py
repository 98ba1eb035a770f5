"""Encrypt the personal texts of a state again, with the newest key."""

from __future__ import annotations

from typing import Final, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, or_, select, update

from salsa_ext.core.actor import Actor
from salsa_ext.database.encrypted_columns import EncryptedText
from salsa_ext.database.session import db
from salsa_ext.firearms.records.models import Party

BATCH: Final = 2_000
COLUMNS: Final = [
    column for column in Party.__table__.columns if isinstance(column.type, EncryptedText)
]


def encrypt_parties(*, actor: Actor, after: UUID) -> UUID | None:
    """Encrypt the texts of the next parties after an id again; return the last id, None at the end."""
    own = Party.owner_state == actor.own_state(), Party.id > after
    query = select(Party.id, *COLUMNS).where(*own, or_(*(each.is_not(None) for each in COLUMNS)))
    rows = db.session.execute(query.order_by(Party.id).limit(BATCH)).all()
    if not rows:
        return None
    changed = update(cast(Table, Party.__table__)).where(Party.id == bindparam("row"))
    changed = changed.values({each.name: bindparam(f"new_{each.name}") for each in COLUMNS})
    db.session.connection().execute(
        changed,
        [
            {"row": row.id} | {f"new_{each.name}": getattr(row, each.name) for each in COLUMNS}
            for row in rows
        ],
    )
    return UUID(str(rows[-1].id))
