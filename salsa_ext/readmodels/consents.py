"""Consents as each side keeps its own row of them, and those that stand for a reader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Consent
from salsa_ext.policy import release
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.arrays import among
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.values.actor import Actor


@dataclass(frozen=True)
class ConsentView:
    """A consent, and how it stands today: what was granted may have expired."""

    consent: Consent
    status: str

    @property
    def version(self) -> int:
        """Return the version that actions refer to."""
        return self.consent.version


def list_consents(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[ConsentView]:
    """Return a page of what the own state asked for and was asked for, newest first."""
    require(actor, Permission.CONSENT_READ)
    query = select(Consent).where(Consent.owner_state == actor.state)
    for name in ("origin_state", "asking_state", "use", "case_number", "record_id"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Consent, name) == value)
    on = today(actor)
    if (status := filters.get("status")) is not None:
        query = query.where(_status_on(on) == status)
    found = page(query, Consent.id, limit, cursor)
    return found.of([_view(row, on) for row in found.items])


def get_consent(actor: Actor, consent_id: UUID) -> ConsentView:
    """Return one consent; raises NotFound where the own state is neither of its sides."""
    require(actor, Permission.CONSENT_READ)
    return read(actor, consent_id)


def read(actor: Actor, consent_id: UUID) -> ConsentView:
    """Return one consent of the own state, for a command that just changed it."""
    key = (consent_id, actor.own_state())
    found = db.session.get(Consent, key, populate_existing=True)
    if found is None:
        raise NotFound("consent", consent_id)
    return _view(found, today(actor))


def version(actor: Actor, consent_id: UUID) -> int:
    """Return the version that stands, to be compared with If-Match; raises NotFound."""
    return read(actor, consent_id).version


def granted_for(actor: Actor, record_ids: Collection[UUID]) -> dict[UUID, list[release.Consent]]:
    """Return what the origins of records allow the actor's state, by record, in one query."""
    query = select(Consent).where(
        Consent.owner_state == actor.state, Consent.asking_state == actor.state,
        among(Consent.record_id, record_ids), Consent.status.in_(("granted", "notified")),
    )  # fmt: skip
    found: dict[UUID, list[release.Consent]] = defaultdict(list)
    for row in db.session.scalars(query.order_by(Consent.id)):
        until = row.expires_on or date.max
        found[row.record_id].append(release.Consent(row.use, row.case_number, until, row.to_state))
    return found


def _view(row: Consent, on: date) -> ConsentView:
    is_over = row.status == "granted" and row.expires_on is not None and row.expires_on < on
    return ConsentView(row, "expired" if is_over else row.status)


def _status_on(day: date) -> ColumnElement[str]:
    is_over = and_(Consent.status == "granted", Consent.expires_on < day)
    return case((is_over, "expired"), else_=Consent.status)
