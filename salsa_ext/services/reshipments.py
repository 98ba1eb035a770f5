"""Guns that are shipped although an earlier shipment of the same state holds them already.

What stands in `shipped_again` is found once, when the later shipment is posted, by sets and not gun
by gun. Whether it is doubted follows from what became of the earlier shipment (`readmodels`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import select, text

from salsa_ext.db import as_state, db
from salsa_ext.matching.marks import serial_key
from salsa_ext.models import Record, Shipment
from salsa_ext.services import takings
from salsa_ext.values.actor import Actor
from salsa_ext.values.manifests import CHUNK, chunks

# The same serial, and make, type and calibre as far as both say them; but for what has come home
# since: the state recorded its import. Of one batch the earlier gun is the one that stands first.
NOTE: Final = text("""
    WITH found AS (
        INSERT INTO shipped_again (record_id, earlier_record, owner_state, concerned, shipment_id,
                                   line, serial, earlier_shipment, earlier_line, earlier_serial)
        SELECT now.id, before.id, now.owner_state, ARRAY[now.owner_state], now.document_id,
               now.line, now.serial, before.document_id, before.line, before.serial
        FROM unnest(CAST(:records AS uuid[]), CAST(:keys AS bigint[]), CAST(:norms AS text[]))
            AS gun (id, key, norm)
        JOIN record now ON now.id = gun.id AND now.version = 1
        JOIN mark_key held ON held.key = gun.key AND held.serial_norm = gun.norm
            AND held.state = now.owner_state AND held.event = 'export'
            AND NOT held.is_void AND NOT held.is_superseded
        JOIN record before ON before.id = held.record_id AND before.version = held.record_version
            AND before.document_kind = 'shipment' AND before.document_id <> now.document_id
        WHERE (before.id < now.id OR before.document_id <> ALL(CAST(:batch AS uuid[])))
          AND coalesce(lower(coalesce(before.make, before.make_text))
                       = lower(coalesce(now.make, now.make_text)), true)
          AND coalesce(before.type = now.type, true)
          AND coalesce(before.calibre = now.calibre, true)
          AND NOT EXISTS (
              SELECT FROM mark_key home
              WHERE home.key = gun.key AND home.serial_norm = gun.norm
                AND home.state = now.owner_state AND home.event = 'import' AND NOT home.is_void
                AND home.occurred_on >= before.occurred_on
                AND coalesce(home.make = now.make, true))
        ON CONFLICT DO NOTHING
        RETURNING shipment_id
    )
    SELECT DISTINCT shipment_id FROM found
""")
# Two that wake the same shipments lock them in one order, so that neither waits for the other.
WAKE: Final = text("""
    UPDATE shipment SET watch_at = :now
    WHERE id IN (
        SELECT id FROM shipment
        WHERE id IN (SELECT shipment_id FROM shipped_again WHERE earlier_shipment = ANY(:earlier))
        ORDER BY id FOR UPDATE)
""")


class Gun(NamedTuple):
    """A record, and by what its serial is found."""

    record: UUID
    key: int
    norm: str


def note(shipment_ids: Collection[UUID]) -> set[UUID]:
    """Note which guns of own shipments, just posted, were shipped before; returns those of some.

    Two that are posted at one moment to different states may miss each other.
    """
    found: set[UUID] = set()
    for guns in chunks(_guns(shipment_ids)):
        records, keys, norms = (list(column) for column in zip(*guns, strict=True))
        said = {"records": records, "keys": keys, "norms": norms, "batch": list(shipment_ids)}
        found |= set(db.session.scalars(NOTE, said))
    return found


def _guns(shipment_ids: Collection[UUID]) -> Iterator[Gun]:
    """Yield what can be told by its serial: one that is altered or hardly read tells nothing."""
    rows = select(Record.id, Record.serial, Record.marking).where(
        Record.document_id.in_(shipment_ids), Record.serial.is_not(None)
    )
    for row in db.session.execute(rows.execution_options(yield_per=CHUNK)):
        if key := serial_key(row.serial, row.marking):
            yield Gun(row.id, key.value, key.norm)


def wake(actor: Actor, earlier: Iterable[Shipment]) -> None:
    """Let the watch look at what was shipped again of these: what became of them may clear it."""
    for owner, rows in takings.by_owner(earlier).items():
        with as_state(actor, owner):
            db.session.execute(WAKE, {"now": actor.now(), "earlier": [row.id for row in rows]})
