"""Records: what a check or a chain points to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from api.resource import Resource
from api.schemas.common import AsOfQuery
from api.schemas.records import (
    DisclosureQuery,
    DisclosureResponse,
    HistoryResponse,
    RecordResponse,
)
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels.disclosed import list_disclosures
from salsa_ext.services import disclosures, histories
from salsa_ext.services.disclosures import Disclosure
from salsa_ext.services.histories import History
from salsa_ext.values.actor import Actor

blueprint = Resource("records", "What one state says about one gun on one occasion")


def _get(actor: Actor, record_id: UUID, as_of: datetime | None = None) -> Disclosure:
    """Return one record; another state's needs Salsa-Purpose and Salsa-Case."""
    return disclosures.read_record(actor=actor, record_id=record_id, as_of=as_of)


blueprint.reading(
    "/records/<uuid:record_id>", RecordResponse, _get, Permission.RECORD_READ, AsOfQuery
)


def _history(actor: Actor, record_id: UUID) -> History:
    """Return the history of a record's gun, by links and by matches that your state confirmed."""
    return histories.read(actor=actor, record_id=record_id)


blueprint.reading(
    "/records/<uuid:record_id>/history", HistoryResponse, _history, Permission.RECORD_READ
)
blueprint.listing(
    "/records/<uuid:record_id>/disclosures", DisclosureQuery, DisclosureResponse, list_disclosures,
    Permission.DISCLOSURE_READ,
)  # fmt: skip
