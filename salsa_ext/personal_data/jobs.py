"""Private persons are erased when their time is over; texts are encrypted with the newest key."""

from datetime import timedelta
from typing import Final, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, or_, select, update

from salsa_ext.core.actor import Actor
from salsa_ext.core.fields import members
from salsa_ext.database.encrypted_columns import EncryptedText
from salsa_ext.database.session import db
from salsa_ext.firearms.records.models import Party
from salsa_ext.firearms.records.parties import Party as DeclaredParty
from salsa_ext.jobs.runner import DueJob
from salsa_ext.personal_data.erasure import erase, find_outdated

YEARS: Final = max(member.field.retain or 0 for member in members(DeclaredParty))


def erase_outdated_persons(actor: Actor) -> int:
    """Erase private persons after the declared years, except those still needed; return how many."""
    oldest = actor.now() - timedelta(days=YEARS * 365.25)
    before = UUID(int=int(oldest.timestamp() * 1000) << 80)
    findings = [each for each in find_outdated(actor, before) if each.obstacle is None]
    if findings:
        erase(actor, findings, cause="retention")
    return len(findings)


JOBS: Final = (DueJob("retention", timedelta(days=1), erase_outdated_persons, repeats=False),)


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
