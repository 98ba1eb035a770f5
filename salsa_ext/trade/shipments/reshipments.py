"""Guns shipped although an earlier shipment of the state contains them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select, text

from salsa_ext.core.batches import CHUNK_SIZE, chunks
from salsa_ext.database.session import db
from salsa_ext.firearms.marks.keys import serial_key
from salsa_ext.firearms.records.models import Record
from salsa_ext.trade.shipments.facts import ReshippedLine
from salsa_ext.trade.shipments.irregularities import MAX_SERIALS

COMPARED_GUNS: Final = 500
# The same serial, and the same make, type and calibre where both have them; unless it has come back
# since, as an import record of the state shows. Within one batch the first gun is the earlier one.
# Each step joins two sets by equality, in an order of its own: the planner cannot estimate their rows,
# and compared all with all.
INSERT_RESHIPMENTS: Final = text("""
    WITH now AS MATERIALIZED (
        SELECT * FROM record WHERE id = ANY(ARRAY(SELECT unnest(CAST(:records AS uuid[]))))
        AND version = 1
    ), holder AS MATERIALIZED (
        SELECT * FROM mark_key WHERE key = ANY(ARRAY(SELECT unnest(CAST(:keys AS bigint[]))))
        AND state = ANY(ARRAY(SELECT owner_state FROM now))
        AND event IN ('export', 'import') AND NOT is_void
    ), before AS MATERIALIZED (
        SELECT * FROM record WHERE id = ANY(ARRAY(
            SELECT record_id FROM holder WHERE event = 'export' AND NOT is_superseded))
        AND document_kind = 'shipment'
    ), gun AS MATERIALIZED (
        SELECT now.*, given.key, given.norm
        FROM unnest(CAST(:records AS uuid[]), CAST(:keys AS bigint[]), CAST(:norms AS text[]))
            AS given (id, key, norm)
        JOIN now ON now.id = given.id
    ), pair AS MATERIALIZED (
        SELECT gun.*, earlier.record_id AS earlier_id, earlier.record_version AS earlier_version
        FROM gun JOIN holder earlier ON earlier.key = gun.key AND earlier.serial_norm = gun.norm
            AND earlier.state = gun.owner_state AND earlier.event = 'export'
            AND NOT earlier.is_superseded
    )
    INSERT INTO reshipment (record_id, earlier_record, owner_state, concerned, shipment_id,
                            line, serial, earlier_shipment, earlier_line, earlier_serial)
    SELECT pair.id, before.id, pair.owner_state, ARRAY[pair.owner_state], pair.document_id,
           pair.line, pair.serial, before.document_id, before.line, before.serial
    FROM pair JOIN before ON before.id = pair.earlier_id AND before.version = pair.earlier_version
        AND before.document_id <> pair.document_id
    WHERE (before.id < pair.id OR before.document_id <> ALL(CAST(:batch AS uuid[])))
      AND coalesce(lower(coalesce(before.make, before.make_text))
                   = lower(coalesce(pair.make, pair.make_text)), true)
      AND coalesce(before.type = pair.type, true)
      AND coalesce(before.calibre = pair.calibre, true)
      AND NOT EXISTS (
          SELECT FROM holder home
          WHERE home.key = pair.key AND home.serial_norm = pair.norm
            AND home.state = pair.owner_state AND home.event = 'import'
            AND home.occurred_on >= before.occurred_on
            AND coalesce(home.make = pair.make, true))
    ON CONFLICT DO NOTHING
    RETURNING shipment_id
""")


def record_reshipments(shipment_ids: Collection[UUID]) -> set[UUID]:
    """Record guns of new own shipments that were shipped before.

    Returns the shipments that have any. Two shipments recorded at the same time to different states
    may miss each other.
    """
    reshipped: set[UUID] = set()
    for guns in chunks(_serial_keys(shipment_ids), COMPARED_GUNS):
        records, keys, norms = (list(column) for column in zip(*guns, strict=True))
        params = {"records": records, "keys": keys, "norms": norms, "batch": list(shipment_ids)}
        reshipped |= set(db.session.scalars(INSERT_RESHIPMENTS, params))
    return reshipped


def _serial_keys(shipment_ids: Collection[UUID]) -> Iterator[tuple[UUID, int, str]]:
    """Yield records with the key and norm of a usable serial; altered or hardly legible ones not."""
    query = select(Record.id, Record.serial, Record.marking).where(
        Record.document_id.in_(shipment_ids), Record.serial.is_not(None)
    )
    for row in db.session.execute(query.execution_options(yield_per=CHUNK_SIZE)):
        if key := serial_key(row.serial, row.marking):
            yield row.id, key.value, key.norm


# Guns of an earlier shipment that did not go, came back or was lost may be shipped again, and those
# that its receipt misses. Its number is returned only if all concerned by the later shipment see it.
# Missing and shipped guns are compared by grouping instead of a join: the planner cannot estimate
# their rows, and a wrong guess would compare each with each.
SELECT_RESHIPPED: Final = text("""
    WITH pair AS MATERIALIZED (
        SELECT DISTINCT shipment_id, earlier_shipment FROM reshipment
        WHERE shipment_id = ANY(:ids)
    ), valid AS MATERIALIZED (
        SELECT pair.*, earlier.number, earlier.concerned @> later.concerned AS is_known
        FROM pair JOIN shipment later ON later.id = pair.shipment_id
        JOIN shipment earlier ON earlier.id = pair.earlier_shipment
        WHERE earlier.status NOT IN ('cancelled', 'returned', 'lost')
    ), receipts AS MATERIALIZED (
        SELECT receipt.shipment_id, receipt.missing FROM receipt
        WHERE receipt.shipment_id IN (SELECT earlier_shipment FROM valid)
          AND NOT EXISTS (SELECT FROM receipt newer WHERE newer.id = receipt.id
                          AND newer.version > receipt.version)
    ), either AS (
        SELECT earlier_shipment, earlier_line, earlier_serial, shipment_id, line, serial, record_id
        FROM reshipment
        WHERE shipment_id = ANY(:ids)
          AND earlier_shipment IN (SELECT earlier_shipment FROM valid)
        UNION ALL
        SELECT shipment_id, CAST(gun->>'line' AS integer), gun->>'serial', NULL, NULL, NULL, NULL
        FROM receipts CROSS JOIN jsonb_array_elements(missing) AS gun
    ), judged AS (
        SELECT either.*, bool_or(record_id IS NULL)
                   OVER (PARTITION BY earlier_shipment, earlier_line, earlier_serial) AS is_free
        FROM either
    )
    SELECT shipment_id, line, count(DISTINCT record_id) AS guns,
           (array_agg(DISTINCT serial ORDER BY serial))[1:CAST(:most AS integer)] AS serials,
           array_agg(DISTINCT number ORDER BY number) FILTER (WHERE is_known) AS numbers
    FROM judged JOIN valid USING (shipment_id, earlier_shipment)
    WHERE record_id IS NOT NULL AND NOT is_free
    GROUP BY shipment_id, line ORDER BY shipment_id, line
""")


def find_reshipped(shipment_ids: Sequence[UUID]) -> dict[UUID, tuple[ReshippedLine, ...]]:
    """Return reshipped lines by shipment; the session acts as their owner."""
    lines: dict[UUID, tuple[ReshippedLine, ...]] = defaultdict(tuple)
    params = {"ids": list(shipment_ids), "most": MAX_SERIALS}
    for row in db.session.execute(SELECT_RESHIPPED, params):
        line = ReshippedLine(row.line, row.guns, tuple(row.serials), tuple(row.numbers or ()))
        lines[row.shipment_id] += (line,)
    return lines
