"""Which licences an export certificate needs, and whether they stand on a day (CIFTA IX.2–3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.matching.counterparts import foreign_lines
from salsa_ext.matching.permits import Document
from salsa_ext.matching.registers import Register
from salsa_ext.models import Permit
from salsa_ext.readmodels.families import around
from salsa_ext.values.actor import Actor

STANDS: Final = ("issued", "exhausted", "expired")
"""Statuses of a licence that stood until its last day."""


@dataclass(frozen=True)
class Lack:
    """A licence that an export certificate needs and that does not stand on a day.

    `why` is `missing`, `mismatch`, or the status that the document has.
    """

    state: str
    kind: str
    why: str


def licences_on(actor: Actor, export_ids: Iterable[UUID], on: date) -> dict[UUID, list[Lack]]:
    """Return which licences of importing and transit states export certificates lack on a day.

    CIFTA IX.2–3. States that take no part license on paper, which the releasing officer sees.
    """
    wanted = list(export_ids)
    register = around(actor, wanted)
    days_over = last_days_of(register)
    own = [document for document in register.documents if document.id in set(wanted)]
    return {document.id: lacks(document, register, days_over, on) for document in own}


def lacks(
    export: Document, register: Register, last_days: Mapping[UUID, date], on: date
) -> list[Lack]:
    """Return which licences one export certificate lacks on a day."""
    awaited = [(export.importing_state, "import")]
    awaited += [(state, "in_transit") for state in export.transit_states]
    found = []
    for state, kind in awaited:
        if state not in register.participants:
            continue
        licences = [x for x in register.counterparts(export, kind) if x.state == state]
        if why := _why(export, licences, last_days, on):
            found.append(Lack(state, kind, why))
    return found


def _why(
    export: Document, licences: Sequence[Document], last_days: Mapping[UUID, date], on: date
) -> str | None:
    """Return why none of the licences of one state will do, or None where one does."""
    if not licences:
        return "missing"
    reasons = []
    for licence in licences:
        if on > last_days[licence.id]:
            reasons.append("expired")
        elif licence.status not in STANDS:
            reasons.append(licence.status)
        elif foreign_lines(export, licence):
            reasons.append("mismatch")
        else:
            return None
    return reasons[0]


def last_days_of(register: Register) -> dict[UUID, date]:
    """Return the last day of each document."""
    ids = [document.id for document in register.documents]
    rows = db.session.execute(select(Permit.id, Permit.last_day).where(Permit.id.in_(ids)))
    return dict(rows.all())
