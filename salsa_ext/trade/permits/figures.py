"""Figures of permits, and what they authorise of licit trade."""

from collections import Counter
from collections.abc import Collection
from datetime import date
from operator import attrgetter
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.core.batches import group_by
from salsa_ext.core.codes import UNISSUED_STATUSES
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.session import db
from salsa_ext.firearms.records.models import FirearmColumns
from salsa_ext.firearms.records.queries import find_parties
from salsa_ext.reference import names
from salsa_ext.statistics.dataset_types import CountedKind, Dataset, Dimension, Fact
from salsa_ext.trade.permits import quotas
from salsa_ext.trade.permits.models import Permit

LICIT_TRADE: Final = Dataset(
    "licit_trade",
    base=(
        Dimension("measure", "trade_measure", is_several=True, default="shipped"),
        Dimension("heading", "tariff_heading"),
        Dimension("category", "category"),
        Dimension("class", "type"),
    ),
    finer=(Dimension("type", "type"),),
    counted={"category": "firearm"},
    has_partner=True,
    registers={"export": "shipped", "import": "received"},
)
"""Goods that a state authorised, shipped and received by its own records, with the other state as
partner: by the day of the permit, the shipment, the receipt."""
PERMITS: Final = Dataset(
    "permits",
    base=(Dimension("permit", "permit_kind"), Dimension("decision", "permit_status")),
    finer=(Dimension("end_user", "party_kind"),),
    counted={"permit": "export"},
    has_partner=True,
    registers={"permits": ""},
)
"""Permits issued and refused, by the day of the decision; `end_user` is the final consignee."""
AUTHORISING: Final = {"export": "export_authorised", "import": "import_authorised"}
PIECES: Final = (None, "piece")


def trade_fact(
    measure: str, state: str, partner: str, goods: FirearmColumns, on: date
) -> Fact | None:
    """Return what goods of a permit's line count by a measure; None for those by weight."""
    if goods.unit not in PIECES:
        return None
    heading = goods.hs_code[:4] if goods.hs_code else names.tariff_heading(goods.type)
    subject = (measure, heading, goods.category, names.questionnaire_class(goods.type))
    return LICIT_TRADE.fact(state, subject, on, partner, [("type", goods.type or "unknown")])


def count_permits(state: str, ids: Collection[UUID]) -> dict[UUID, Counter[Fact]]:
    """Return what each permit of a state counts: itself, and the goods that it authorises.

    One that replaces another authorises no more than that one did.
    """
    query = select(Permit).where(
        Permit.owner_state == state,
        Permit.status.not_in(UNISSUED_STATUSES),
        is_any_of(Permit.id, ids),
    )
    permits = db.session.scalars(query).all()
    lines = group_by(
        quotas.find_lines([row.id for row in permits]).values(), attrgetter("permit_id")
    )
    consignees = find_parties(row.final_consignee_id for row in permits)
    facts: dict[UUID, Counter[Fact]] = {}
    for row in permits:
        partner = {"export": row.importing_state, "import": row.exporting_state}.get(row.kind, "")
        decision = "refused" if row.status == "refused" else "issued"
        values = [("end_user", consignees[row.final_consignee_id].kind)]
        facts[row.id] = Counter(
            {PERMITS.fact(state, (row.kind, decision), row.issued_on, partner, values): 1}
        )
        if row.kind in AUTHORISING and decision == "issued" and not row.replaces:
            for line in lines[row.id]:
                fact = trade_fact(AUTHORISING[row.kind], state, partner, line, row.issued_on)
                if fact:
                    facts[row.id][fact] += int(line.quantity)
    return facts


COUNTED: Final = CountedKind("permit", Permit, count_permits)
