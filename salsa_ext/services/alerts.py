"""Alerts: entered, checked by a second person, kept true, cancelled; each makes a record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.audit import Act, Action, append, append_many
from salsa_ext.db import db, insert_many
from salsa_ext.errors import Conflict, IllegalTransition, Invalid, NotFound, StaleVersion, say
from salsa_ext.matching.events import ALERT
from salsa_ext.models import Account, Alert
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.alerts import withdrawn
from salsa_ext.readmodels.days import today, zone_of
from salsa_ext.readmodels.records import by_id
from salsa_ext.readmodels.sides import firearm_of
from salsa_ext.readmodels.states import participants
from salsa_ext.services import alert_checks, hit_endings, persons, records, repeats
from salsa_ext.values.actor import Actor
from salsa_ext.values.alerts import AlertData
from salsa_ext.values.events import When
from salsa_ext.values.firearms import Firearm
from salsa_ext.values.ids import new_id
from salsa_ext.values.zones import date_in

SILENT: Final = "let_pass_and_inform"
PERSONS: Final = 3
"""Accounts of a state from which on a second one has to check each alert."""
ANOTHER_PERSON: Final = say("Another person than who entered an alert checks it.")
GROUNDLESS: Final = say(
    "What the record behind this alert told was withdrawn. Cancel the alert; where the gun is sought "
    "for another reason, enter a new one that describes it."
)
NEITHER: Final = say("Describe the firearm, or name a record of your state that has it.")
BOTH: Final = say(
    "Describe the firearm or name the record that has it, not both: leave one of them out."
)
STILL_TRUE: Final = timedelta(days=365)
"""After so long somebody says again that an alert is still true."""
BEFORE_EXPIRY: Final = timedelta(days=30)
"""Before its last day there is a reminder, so that it is entered again or left to end."""


def record(*, actor: Actor, data: AlertData) -> UUID:
    """Enter one alert of the actor's state; raises Invalid or Conflict."""
    return record_many(actor=actor, batch=[data])[0]


def record_many(*, actor: Actor, batch: Sequence[AlertData]) -> list[UUID]:
    """Enter alerts in one transaction, all or none; returns their ids in order."""
    require(actor, Permission.ALERT_RECORD)
    on, guns = today(actor), _guns(actor, batch)
    for data, gun in zip(batch, guns, strict=True):
        alert_checks.check(data, gun, on)
    repeats.check_alerts(actor, batch, guns)
    status = "waiting" if _needs_second(actor) else "not_needed"
    rows = [_row(actor, data, on, status) for data in batch]
    entries = [_entry(row, gun, on) for row, gun in zip(rows, guns, strict=True)]
    records.write(entries, actor.now())
    insert_many(Alert, rows)
    append_many(actor, [
        Act(Action.ALERT_RECORDED, "alert", row["id"],
            data={"action": row["action"], "reason": row["reason"]}) for row in rows
    ])  # fmt: skip
    return [row["id"] for row in rows]


def verify(*, actor: Actor, alert_id: UUID, seen: int | None) -> None:
    """Say that an alert was compared with its source and is still true.

    The first to say so is another person than who entered it, where its state has several. Raises
    NotFound, StaleVersion, Conflict, also where the source was withdrawn, or IllegalTransition for what
    has ended.
    """
    require(actor, Permission.ALERT_RECORD)
    alert = _take(actor, alert_id, seen, "verify")
    if withdrawn([alert.of_record]):
        raise Conflict(GROUNDLESS)
    if alert.second_check == "waiting":
        if persons.is_same(actor, alert_id, Action.ALERT_RECORDED):
            raise Conflict(ANOTHER_PERSON)
        alert.second_check = "done"
    alert.verified_by, alert.verified_at = actor.account_id, actor.now()
    alert.validate_on = next_validation(today(actor), alert.expires_on)
    _finish(actor, alert, Action.ALERT_VERIFIED)


def cancel(*, actor: Actor, alert_id: UUID, seen: int | None, reason: str) -> None:
    """End an alert before its last day, with the reason; its hits that wait end with it.

    Raises NotFound, StaleVersion, or IllegalTransition for what has ended.
    """
    require(actor, Permission.ALERT_RECORD)
    alert = _take(actor, alert_id, seen, "cancel")
    end(actor, alert, "cancelled", reason)
    _finish(actor, alert, Action.ALERT_CANCELLED)


def end(actor: Actor, alert: Alert, status: str, reason: str | None = None) -> None:
    """Let an alert be found by no search, and its hits end with it; for commands alone."""
    alert.status, alert.ended_at, alert.end_reason = status, actor.now(), reason
    records.void([by_id([alert.record_id])])
    hit_endings.of_alert(actor, alert)


def is_due(actor: Actor, alert: Alert) -> bool:
    """Tell whether somebody is to say again of an alert that it is still true."""
    said = date_in(alert.verified_at or alert.entered_at, zone_of(actor))
    return next_validation(said, alert.expires_on) <= today(actor)


def next_validation(on: date, expires_on: date) -> date:
    """Return the day of the next reminder: in a year, or some weeks before the last day."""
    last_call = expires_on - BEFORE_EXPIRY
    return min(on + STILL_TRUE, last_call if last_call > on else expires_on)


def _take(actor: Actor, alert_id: UUID, seen: int | None, action: str) -> Alert:
    alert = db.session.get(Alert, alert_id, with_for_update=True, populate_existing=True)
    if alert is None or alert.owner_state != actor.state:
        raise NotFound("alert", alert_id)
    if seen is not None and seen != alert.version:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    if alert.status != "active":
        raise IllegalTransition("alert", alert.status, action)
    return alert


def _finish(actor: Actor, alert: Alert, action: Action) -> None:
    alert.version += 1
    db.session.flush()
    append(actor, Act(action, "alert", alert.id, data={"version": alert.version}))


def _needs_second(actor: Actor) -> bool:
    persons = select(func.count()).where(Account.owner_state == actor.state, Account.is_active)
    return (db.session.scalar(persons) or 0) >= PERSONS


def _guns(actor: Actor, batch: Sequence[AlertData]) -> list[Firearm]:
    """Return the gun of each alert: as it was given, or as an own record has it."""
    views = {view.record.id: view for view in by_id([data.record for data in batch if data.record])}
    guns = []
    for data in batch:
        if (data.firearm is None) == (data.record is None):
            raise Invalid({"firearm": [NEITHER if data.record is None else BOTH]})
        view = views.get(data.record) if data.record else None
        if data.record and (view is None or view.record.owner_state != actor.state):
            raise Invalid({"record": [say("Your state has no such record.")]})
        if view and view.is_withdrawn:
            raise Invalid(
                {"record": [say("What this record told was withdrawn: describe the gun.")]}
            )
        guns.append(firearm_of(view) if view else data.firearm)
    return [gun for gun in guns if gun is not None]


def _row(actor: Actor, data: AlertData, on: date, second_check: str) -> dict[str, Any]:
    own, now = actor.own_state(), actor.now()
    seen_by = () if data.action == SILENT else data.visible_to or participants()
    return {
        "id": new_id(), "owner_state": own, "concerned": sorted({own, *seen_by}), "version": 1,
        "record_id": new_id(), "of_record": data.record, "action": data.action,
        "priority": data.priority, "reason": data.reason, "reason_text": data.reason_text,
        "case_number": data.case_number,
        "visible_to": sorted(data.visible_to) if data.visible_to else None,
        "expires_on": data.expires_on, "status": "active", "second_check": second_check,
        "entered_by": actor.account_id, "entered_at": now, "verified_by": None,
        "verified_at": None, "validate_on": next_validation(on, data.expires_on),
        "ended_at": None, "end_reason": None,
    }  # fmt: skip


def _entry(row: dict[str, Any], gun: Firearm, on: date) -> records.Entry:
    return records.Entry(
        firearm=gun, event=ALERT, when=When(on), document_kind="alert", document_id=row["id"],
        owner=row["owner_state"], concerned=[row["owner_state"]], record_id=row["record_id"],
        visibility="silent" if row["action"] == SILENT else "open",
    )  # fmt: skip
