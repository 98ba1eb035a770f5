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
AGAIN: Final = text("""
    WITH again AS (
        SELECT noted.*, earlier.number,
               earlier.concerned @> later.concerned AS is_known
        FROM shipped_again noted
        JOIN shipment later ON later.id = noted.shipment_id
        JOIN shipment earlier ON earlier.id = noted.earlier_shipment
        WHERE noted.shipment_id = ANY(:ids)
          AND earlier.status NOT IN ('cancelled', 'returned', 'lost')
    ), missing AS (
        SELECT receipt.shipment_id, CAST(gun->>'line' AS integer) AS line, gun->>'serial' AS serial
        FROM receipt CROSS JOIN jsonb_array_elements(receipt.missing) AS gun
        WHERE receipt.shipment_id IN (SELECT earlier_shipment FROM again)
          AND NOT EXISTS (SELECT FROM receipt newer WHERE newer.id = receipt.id
                          AND newer.version > receipt.version)
    )
    SELECT shipment_id, line, count(DISTINCT record_id) AS guns,
           (array_agg(DISTINCT serial ORDER BY serial))[1:CAST(:most AS integer)] AS serials,
           array_agg(DISTINCT number ORDER BY number) FILTER (WHERE is_known) AS numbers
    FROM again
    WHERE NOT EXISTS (
        SELECT FROM missing WHERE missing.shipment_id = again.earlier_shipment
        AND missing.line = again.earlier_line AND missing.serial = again.earlier_serial)
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
