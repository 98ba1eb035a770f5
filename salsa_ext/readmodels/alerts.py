"""Alerts of the own state, with the gun that each is of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Account, Alert
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.readmodels.records import RecordView, by_id
from salsa_ext.values.actor import Actor

FILTERS = ("status", "action", "reason", "case_number", "second_check")


@dataclass(frozen=True)
class AlertView:
    """An alert, its gun, and the user names of who entered it and who checked it last.

    It `is_compared` once the worker has looked among the records for what had met it before. What the
    record that it was entered from tells may have been taken back since: it `is_groundless` then.
    """

    alert: Alert
    gun: RecordView
    entered_by: str | None
    verified_by: str | None
    is_compared: bool = True
    is_groundless: bool = False

    @property
    def version(self) -> int:
        """Return the version that actions refer to."""
        return self.alert.version


@dataclass(frozen=True)
class Standing:
    """How an alert stands to whom it shows: when it ended, and by which record it is read until then."""

    status: str
    ended_at: datetime | None
    record: UUID | None


def list_alerts(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[AlertView]:
    """Return a page of your state's alerts, newest first."""
    require(actor, Permission.ALERT_READ)
    query = select(Alert).where(Alert.owner_state == actor.state)
    for name in FILTERS:
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Alert, name) == value)
    found = page(query, Alert.id, limit, cursor)
    return found.of(_views(found.items))


def get_alert(actor: Actor, alert_id: UUID) -> AlertView:
    """Return one alert; raises NotFound where it is another state's."""
    require(actor, Permission.ALERT_READ)
    return read(actor, alert_id)


def read(actor: Actor, alert_id: UUID) -> AlertView:
    """Return one alert of the own state, for a command that just changed it; raises NotFound."""
    return _views([_own(actor, alert_id)])[0]


def own_among(actor: Actor, ids: Collection[UUID]) -> dict[UUID, AlertView]:
    """Return those of some alerts that are of the own state, by their ids; none to who reads no alerts."""
    if Permission.ALERT_READ not in actor.permissions:
        return {}
    own = select(Alert).where(Alert.owner_state == actor.state, Alert.id.in_(ids))
    return {view.alert.id: view for view in _views(db.session.scalars(own).all())}


def of_records(actor: Actor, records: Collection[UUID]) -> list[AlertView]:
    """Return the own state's alerts that were entered from records, newest first; none to who reads none.

    What lets its gun pass stands beside no record.
    """
    if Permission.ALERT_READ not in actor.permissions:
        return []
    own = (Alert.owner_state == actor.state, Alert.of_record.in_(records))
    query = select(Alert).where(*own, Alert.action != "let_pass_and_inform")
    return _views(db.session.scalars(query.order_by(Alert.id.desc())).all())


def standing_of(ids: Collection[UUID]) -> dict[UUID, Standing]:
    """Return how those of some alerts stand that show to the own state, by their ids."""
    shown = select(Alert.id, Alert.record_id, Alert.status, Alert.ended_at)
    found = db.session.execute(shown.where(Alert.id.in_(ids)))
    return {
        key: Standing(status, ended_at, record if status == "active" else None)
        for key, record, status, ended_at in found
    }


def version(actor: Actor, alert_id: UUID) -> int:
    """Return the version that stands, to be compared with If-Match; raises NotFound."""
    return _own(actor, alert_id).version


def _own(actor: Actor, alert_id: UUID) -> Alert:
    found = db.session.get(Alert, alert_id, populate_existing=True)
    if found is None or found.owner_state != actor.state:
        raise NotFound("alert", alert_id)
    return found


def _views(found: Sequence[Alert]) -> list[AlertView]:
    guns = {view.record.id: view for view in by_id([row.record_id for row in found])}
    persons = {key for row in found for key in (row.entered_by, row.verified_by) if key}
    named = select(Account.id, Account.username).where(Account.id.in_(persons))
    names: dict[Any, str] = dict(db.session.execute(named).all()) if persons else {}
    waiting, groundless = _waiting(found), withdrawn({row.of_record for row in found})
    return [
        AlertView(row, guns[row.record_id], names.get(row.entered_by), names.get(row.verified_by),
                  row.record_id not in waiting, row.of_record in groundless)
        for row in found
    ]  # fmt: skip


def withdrawn(sources: Iterable[UUID | None]) -> set[UUID]:
    """Return those of some records that tell nothing any more: an alert from one has lost its ground."""
    told = by_id([key for key in sources if key], marked=False)
    return {view.record.id for view in told if view.is_withdrawn}


def _waiting(found: Sequence[Alert]) -> set[UUID]:
    """Return the records of those alerts that wait to be compared."""
    active = [row.record_id for row in found if row.status == "active"]
    if not active:
        return set()
    waits = func.salsa_waiting(active).table_valued("record")
    return {*db.session.scalars(select(waits.c.record))}
