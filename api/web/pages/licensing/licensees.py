"""The registers of licensees: the own one, and what other states publish of theirs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from api.schemas.trade.permits import PublishedLicenseeQuery, PublishedLicenseeResponse
from api.web.document_actions import Subject
from api.web.forms import Field
from api.web.pages import licensing_pages
from api.web.pages.licensing.home import LICENSING
from api.web.record_pages import DocumentPages
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.trade.discrepancies import queries as discrepancy_queries
from salsa_ext.trade.permits import licensees
from salsa_ext.trade.permits import queries as permit_queries
from salsa_ext.trade.shipments import queries as shipment_queries

FILTERS = (
    Field("name", message("Name"), max_length=100),
    Field("state", message("State"), "choice", "participant", blank=message("Your state")),
    Field("role", message("Role"), "choice", "licensee_role"),
    Field("status", message("Status"), "choice", "licensee_status"),
)
MAX_ROWS = 50


def _find(actor: Actor, licensee_id: UUID) -> Subject:
    view = licensees.get_licensee(actor, licensee_id)
    row, party = view.licensee, view.parties.get(view.licensee.party_id)
    return Subject(view, (party and party.name) or row.number, row.owner_state, row.status)


def _detail(actor: Actor, subject: Subject) -> dict[str, Any]:
    """Return the permits that name a licensee, their shipments, and what is open about both."""
    filters, may = {"licensee": subject.view.licensee.id}, actor.permissions
    permits: Sequence[Any] = ()
    shipments: Sequence[Any] = ()
    discrepancies: Sequence[Any] = ()
    if Permission.PERMIT_READ in may:
        permits = permit_queries.list_permits(actor, filters, MAX_ROWS, None).items
    if Permission.SHIPMENT_READ in may:
        shipments = shipment_queries.list_shipments(actor, filters, MAX_ROWS, None).items
    if Permission.DISCREPANCY_READ in may:
        ids = [view.permit.id for view in permits] + [view.shipment.id for view in shipments]
        open_ones = {"waiting": True, "subject_ids": ids}
        discrepancies = discrepancy_queries.list_discrepancies(
            actor, open_ones, MAX_ROWS, None
        ).items
    return {
        "licensee": subject.view.licensee,
        "party": subject.view.parties.get(subject.view.licensee.party_id),
        "permits": permits,
        "shipments": shipments,
        "discrepancies": discrepancies,
        "most": MAX_ROWS,
    }


PAGES = DocumentPages(
    licensing_pages, "licensee", "/licensees", message("Licensees"), _find, parent=LICENSING
)
PAGES.add_list(
    PublishedLicenseeQuery, licensees.list_published, FILTERS, item=PublishedLicenseeResponse
)
PAGES.add_detail(_detail)
