"""Routes of records, their history and disclosures."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from api.http.resource import Resource
from api.schemas.common import AsOfQuery
from api.schemas.records import DisclosureQuery, DisclosureResponse, HistoryResponse, RecordResponse
from salsa_ext.access.permissions import Permission
from salsa_ext.administration.audit import list_disclosures
from salsa_ext.core.actor import Actor
from salsa_ext.disclosure import disclosures
from salsa_ext.disclosure.disclosures import Disclosure
from salsa_ext.matches import histories
from salsa_ext.matches.histories import History

blueprint = Resource("records", "What one state says about one gun on one occasion")


def get_record(actor: Actor, record_id: UUID, as_of: datetime | None = None) -> Disclosure:
    """Return a record; another state's needs Salsa-Purpose and Salsa-Case."""
    return disclosures.read_record(actor=actor, record_id=record_id, as_of=as_of)


blueprint.reading(
    "/records/<uuid:record_id>", RecordResponse, get_record, Permission.RECORD_READ, AsOfQuery
)


def get_record_history(actor: Actor, record_id: UUID) -> History:
    """Return the history of a record's gun, by links and confirmed matches."""
    return histories.read_history(actor=actor, record_id=record_id)


blueprint.reading(
    "/records/<uuid:record_id>/history", HistoryResponse, get_record_history, Permission.RECORD_READ
)
blueprint.listing(
    "/records/<uuid:record_id>/disclosures",
    DisclosureQuery,
    DisclosureResponse,
    list_disclosures,
    Permission.DISCLOSURE_READ,
)
