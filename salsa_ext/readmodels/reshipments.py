"""What of a shipment was shipped before and should still be abroad, as its owner knows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text

from salsa_ext.db import db
from salsa_ext.matching.irregularities import MOST_NAMED
from salsa_ext.matching.journeys import Again

# An earlier shipment that did not go, came back or was lost gives its guns free, and one that was
# short gives free what did not arrive. It is named only where all concerned by the later know of it.
# What was missing is set beside what was shipped by a grouping and no join: how many rows either
# has nobody can estimate, and a wrong guess would compare each with each.
AGAIN: Final = text("""
    WITH pair AS MATERIALIZED (
        SELECT DISTINCT shipment_id, earlier_shipment FROM shipped_again
        WHERE shipment_id = ANY(:ids)
    ), standing AS MATERIALIZED (
        SELECT pair.*, earlier.number, earlier.concerned @> later.concerned AS is_known
        FROM pair JOIN shipment later ON later.id = pair.shipment_id
        JOIN shipment earlier ON earlier.id = pair.earlier_shipment
        WHERE earlier.status NOT IN ('cancelled', 'returned', 'lost')
    ), receipts AS MATERIALIZED (
        SELECT receipt.shipment_id, receipt.missing FROM receipt
        WHERE receipt.shipment_id IN (SELECT earlier_shipment FROM standing)
          AND NOT EXISTS (SELECT FROM receipt newer WHERE newer.id = receipt.id
                          AND newer.version > receipt.version)
    ), either AS (
        SELECT earlier_shipment, earlier_line, earlier_serial, shipment_id, line, serial, record_id
        FROM shipped_again
        WHERE shipment_id = ANY(:ids)
          AND earlier_shipment IN (SELECT earlier_shipment FROM standing)
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
    FROM judged JOIN standing USING (shipment_id, earlier_shipment)
    WHERE record_id IS NOT NULL AND NOT is_free
    GROUP BY shipment_id, line ORDER BY shipment_id, line
""")


def of_shipments(shipment_ids: Sequence[UUID]) -> dict[UUID, tuple[Again, ...]]:
    """Return by shipment and line what was shipped before; the caller has the owner's eyes."""
    found: dict[UUID, tuple[Again, ...]] = defaultdict(tuple)
    for row in db.session.execute(AGAIN, {"ids": list(shipment_ids), "most": MOST_NAMED}):
        found[row.shipment_id] += (
            Again(row.line, row.guns, tuple(row.serials), tuple(row.numbers or ())),
        )
    return found
