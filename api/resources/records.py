"""Records: what a check or a chain points to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from api.resource import Resource
from api.schemas.common import AsOfQuery
from api.schemas.records import RecordResponse
from salsa_ext.policy.permissions import Permission
from salsa_ext.services import disclosures
from salsa_ext.services.disclosures import Disclosure
from salsa_ext.values.actor import Actor

blueprint = Resource("records", "What one state says about one gun on one occasion")


def _get(actor: Actor, record_id: UUID, as_of: datetime | None = None) -> Disclosure:
    """Return one record; another state's needs Salsa-Purpose and Salsa-Case."""
    return disclosures.read_record(actor=actor, record_id=record_id, as_of=as_of)


blueprint.reading(
    "/records/<uuid:record_id>", RecordResponse, _get, Permission.RECORD_READ, AsOfQuery
)
