"""The objects of the service to which something is attached, as their readers may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import (
    Check,
    Discrepancy,
    Licensee,
    Permit,
    Record,
    Report,
    Seizure,
    Shipment,
    Trace,
    Transfer,
)
from salsa_ext.models.owned import Versioned
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels.versions import current
from salsa_ext.values.attachments import Subject


@dataclass(frozen=True)
class Kind:
    """A kind of object: its table, and who may read it; another state's for a purpose, or freely."""

    model: Any
    permission: Permission
    for_a_purpose: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    "check": Kind(Check, Permission.CHECK_MAKE),
    "discrepancy": Kind(Discrepancy, Permission.DISCREPANCY_READ),
    "licensee": Kind(Licensee, Permission.LICENSEE_READ),
    "permit": Kind(Permit, Permission.PERMIT_READ),
    "record": Kind(Record, Permission.RECORD_READ, for_a_purpose=True),
    "report": Kind(Report, Permission.REPORT_READ, for_a_purpose=True),
    "seizure": Kind(Seizure, Permission.SEIZURE_READ, for_a_purpose=True),
    "shipment": Kind(Shipment, Permission.SHIPMENT_READ),
    "trace": Kind(Trace, Permission.TRACE_READ),
    "transfer": Kind(Transfer, Permission.TRANSFER_READ, for_a_purpose=True),
}


def find(subject: Subject) -> Any:
    """Return the row of an object that the state may see, as it stands; raises NotFound."""
    model = KINDS[subject.kind].model
    query = current(model) if issubclass(model, Versioned) else select(model)
    found = db.session.scalars(query.where(model.id == subject.id)).first()
    if found is None:
        raise NotFound(subject.kind, subject.id)
    return found
