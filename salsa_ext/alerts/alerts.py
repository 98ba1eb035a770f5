"""Record, verify, and cancel alerts; each has a record."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import chain
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.access.audit import AuditEvent, append, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import Account
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import is_same_person, require
from salsa_ext.alerts import hits
from salsa_ext.alerts.models import Alert
from salsa_ext.alerts.queries import withdrawn_sources
from salsa_ext.alerts.values import SILENT_ACTION, AlertData
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, IllegalTransition, Invalid, message
from salsa_ext.core.field_checks import Problems, add_years
from salsa_ext.core.ids import new_id
from salsa_ext.core.occurrence import EventTime, local_date
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.locks import lock
from salsa_ext.database.session import db
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records import record_writing, validation
from salsa_ext.firearms.records.event_kinds import ALERT
from salsa_ext.firearms.records.queries import find_records, query_for_firearm, to_firearm
from salsa_ext.firearms.records.validation import check_firearm
from salsa_ext.firearms.search import criteria
from salsa_ext.reference.calendars import actor_zone, today
from salsa_ext.reference.names import participants

MAX_YEARS: Final = 3
GIVEN_FIELDS: Final = tuple("action priority reason reason_text case_number expires_on".split())
"""Fields of an alert stored as given."""
SECOND_CHECK_ACCOUNTS: Final = 3
"""Number of a state's accounts from which on a second one checks each alert."""
VALIDATION_INTERVAL: Final = timedelta(days=365)
EXPIRY_REMINDER: Final = timedelta(days=30)
"""Time before an alert's last day at which its state is reminded to renew it."""
SECOND_PERSON_NEEDED: Final = message("Another person than who entered an alert checks it.")
SOURCE_WITHDRAWN: Final = message(
    "The record behind this alert was withdrawn. Cancel the alert; if the firearm is sought"
    " for another reason, enter a new one that describes it."
)
FIREARM_MISSING: Final = message(
    "Describe the firearm, or name a record of your state that has it."
)
FIREARM_GIVEN_TWICE: Final = message(
    "Describe the firearm or name the record that has it, not both: leave one of them out."
)
CORRECT_RECORD: Final = message("Correct what this record says, or describe the gun.")


def record(*, actor: Actor, data: AlertData) -> UUID:
    """Record one alert of the own state; raises Invalid or Conflict."""
    return record_many(actor=actor, batch=[data])[0]


def record_many(*, actor: Actor, batch: Sequence[AlertData]) -> list[UUID]:
    """Record alerts, all or none; return their ids in order; raises Invalid or Conflict."""
    require(actor, Permission.ALERT_RECORD)
    own, now, day = actor.own_state(), actor.now(), today(actor)
    guns = _find_firearms(actor, batch)
    for data, gun in zip(batch, guns, strict=True):
        _check_alert(data, gun, day)
    validation.check_alerts(actor, batch, guns)
    accounts = select(func.count()).where(Account.owner_state == own, Account.is_active)
    needs_check = (db.session.scalar(accounts) or 0) >= SECOND_CHECK_ACCOUNTS
    rows: list[dict[str, Any]] = []
    records, events = [], []
    for data, gun in zip(batch, guns, strict=True):
        is_silent = data.action == SILENT_ACTION
        states = () if is_silent else data.visible_to or participants()
        alert_id, record_id = new_id(), new_id()
        row = {name: getattr(data, name) for name in GIVEN_FIELDS} | {
            "id": alert_id,
            "owner_state": own,
            "concerned": sorted({own, *states}),
            "version": 1,
            "record_id": record_id,
            "source_record_id": data.record,
            "visible_to": sorted(data.visible_to) if data.visible_to else None,
            "status": "active",
            "second_check": "waiting" if needs_check else "not_needed",
            "entered_by": actor.account_id,
            "entered_at": now,
            "validate_on": next_validation(day, data.expires_on),
        }
        rows.append(row)
        records.append(
            record_writing.RecordEntry(
                firearm=gun,
                event=ALERT,
                when=EventTime(day),
                document_kind="alert",
                document_id=alert_id,
                owner=own,
                concerned=[own],
                record_id=record_id,
                visibility="silent" if is_silent else "open",
            )
        )
        audit_data = {"action": data.action, "reason": data.reason}
        events.append(AuditEvent(Action.ALERT_RECORDED, "alert", alert_id, data=audit_data))
    record_writing.write_records(records, now)
    insert_many(Alert, rows)
    append_many(actor, events)
    return [row["id"] for row in rows]


def verify(*, actor: Actor, alert_id: UUID, expected_version: int | None) -> None:
    """Verify an alert: it was compared with its source and is valid.

    The first verification is done by another person than the one that entered it, if the state has
    several. Raises NotFound, StaleVersion, Conflict (also if the source record was withdrawn),
    IllegalTransition for an ended alert.
    """
    require(actor, Permission.ALERT_RECORD)
    alert = _lock_alert(alert_id, expected_version, "verify")
    if withdrawn_sources([alert.source_record_id]):
        raise Conflict(SOURCE_WITHDRAWN)
    if alert.second_check == "waiting":
        if is_same_person(actor, alert_id, Action.ALERT_RECORDED):
            raise Conflict(SECOND_PERSON_NEEDED)
        alert.second_check = "done"
    alert.verified_by, alert.verified_at = actor.account_id, actor.now()
    alert.validate_on = next_validation(today(actor), alert.expires_on)
    _store_change(actor, alert, Action.ALERT_VERIFIED)


def cancel(*, actor: Actor, alert_id: UUID, expected_version: int | None, reason: str) -> None:
    """Cancel an alert, ending unanswered hits; raises NotFound, StaleVersion, IllegalTransition."""
    require(actor, Permission.ALERT_RECORD)
    alert = _lock_alert(alert_id, expected_version, "cancel")
    end(actor, alert, "cancelled", reason)
    _store_change(actor, alert, Action.ALERT_CANCELLED)


def end(actor: Actor, alert: Alert, status: str, reason: str | None = None) -> None:
    """End an alert and its hits; no search finds it afterwards."""
    alert.status, alert.ended_at, alert.end_reason = status, actor.now(), reason
    record_writing.void_records([alert.record_id])
    hits.end_hits(actor, alert)


def is_validation_due(actor: Actor, alert: Alert) -> bool:
    """Return whether an alert must be verified again today."""
    verified_on = local_date(alert.verified_at or alert.entered_at, actor_zone(actor))
    return next_validation(verified_on, alert.expires_on) <= today(actor)


def next_validation(day: date, expires_on: date) -> date:
    """Return the day of the next validation. In a year, or 30 days before the last day of the alert."""
    reminder = expires_on - EXPIRY_REMINDER
    return min(day + VALIDATION_INTERVAL, reminder if reminder > day else expires_on)


def _lock_alert(alert_id: UUID, expected_version: int | None, action: str) -> Alert:
    alert = lock(Alert, alert_id, expected_version)
    if alert.status != "active":
        raise IllegalTransition("alert", alert.status, action)
    return alert


def _store_change(actor: Actor, alert: Alert, action: Action) -> None:
    alert.version += 1
    db.session.flush()
    append(actor, AuditEvent(action, "alert", alert.id, data={"version": alert.version}))


def _find_firearms(actor: Actor, batch: Sequence[AlertData]) -> list[Firearm]:
    """Return each alert's gun: as given, or from an own record; raises Invalid."""
    records = find_records([data.record for data in batch if data.record])
    views = {view.record.id: view for view in records if view.record.owner_state == actor.state}
    guns = []
    for data in batch:
        if data.record and data.firearm:
            raise Invalid({"firearm": [FIREARM_GIVEN_TWICE]})
        if data.record:
            if (view := views.get(data.record)) is None:
                raise Invalid({"record": [message("Your state has no such record.")]})
            if view.is_withdrawn:
                problem = message("This record was withdrawn. Describe the firearm.")
                raise Invalid({"record": [problem]})
            guns.append(to_firearm(view))
        elif data.firearm:
            guns.append(data.firearm)
        else:
            raise Invalid({"firearm": [FIREARM_MISSING]})
    return guns


def _check_alert(data: AlertData, gun: Firearm, day: date) -> None:
    """Raise Invalid if an alert contradicts itself or is not searchable."""
    problems, gun_problems = Problems(), Problems()
    if not day < data.expires_on <= add_years(day, MAX_YEARS):
        problem = message(
            "An alert ends after today, and within {years} years. Enter it again if it is"
            " still true then.",
            years=MAX_YEARS,
        )
        problems.add("expires_on", problem)
    if data.reason == "other" and not data.reason_text:
        problems.add("reason_text", message("Say in words why, where no code does."))
    if data.visible_to is not None and data.action == SILENT_ACTION:
        problems.add("visible_to", message("An alert that lets its gun pass shows to no state."))
    known = set(participants())
    for state in data.visible_to or ():
        if state not in known:
            problem = message(
                "{state} is not a participating state. These are: {states}.",
                state=state,
                states=", ".join(sorted(known)),
            )
            problems.add("visible_to", problem)
    check_firearm(gun_problems, "firearm", gun)
    try:
        criteria.marks_to_search(query_for_firearm(gun), "firearm.serial")
    except Invalid as error:
        for path, messages in error.errors.items():
            for each in messages:
                gun_problems.add(path, each)
    if data.record and gun_problems.found:  # the request names no field of the gun
        problems.found["record"] = [
            *chain.from_iterable(gun_problems.found.values()),
            CORRECT_RECORD,
        ]
    else:
        problems.found |= gun_problems.found
    problems.raise_any()
