"""Commands on a state's register of licensees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import Action, AuditEvent, append, append_many
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import LICENSEE_ROLES
from salsa_ext.core.errors import CodeLabel, IllegalTransition, Invalid, NotFound, message
from salsa_ext.core.field_checks import Problems, check_date
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.locks import lock
from salsa_ext.database.session import db
from salsa_ext.firearms.records.commands import PartyCollector
from salsa_ext.reference import name_matching
from salsa_ext.reference.agencies import agency_codes
from salsa_ext.reference.calendars import local_days, today
from salsa_ext.trade.events import NewEvent, add_events
from salsa_ext.trade.permits import checks as permit_checks
from salsa_ext.trade.permits.models import Licensee
from salsa_ext.trade.permits.values import (
    LICENCE_TRANSITIONS,
    RENEWABLE_STATUSES,
    LicenceDecision,
    LicenceRenewal,
    LicenseeData,
)

DECISION_ACTIONS = {
    "suspend": Action.LICENSEE_SUSPENDED,
    "reinstate": Action.LICENSEE_REINSTATED,
    "revoke": Action.LICENSEE_REVOKED,
    "close": Action.LICENSEE_CLOSED,
}
DECISION_EVENTS = {
    "suspend": "suspended",
    "reinstate": "reinstated",
    "revoke": "revoked",
    "close": "closed",
}


def record(*, actor: Actor, data: LicenseeData) -> UUID:
    """Record a licensee in the own state's register.

    Raises Invalid or Duplicate.
    """
    return record_many(actor=actor, batch=[data])[0]


def record_many(*, actor: Actor, batch: Sequence[LicenseeData]) -> list[UUID]:
    """Record licensees in one transaction; return their ids in order."""
    require(actor, Permission.LICENSEE_RECORD)
    owner, now = actor.own_state(), actor.now()
    parties = PartyCollector(owner)
    for data in batch:
        _check_licensee(data)
    rows = [_licensee_row(data, owner, parties, now) for data in batch]
    parties.write()
    insert_many(Licensee, rows)
    append_many(
        actor,
        [
            AuditEvent(
                Action.LICENSEE_RECORDED, "licensee", row["id"], data={"number": row["number"]}
            )
            for row in rows
        ],
    )
    ids = [row["id"] for row in rows]
    if ids:
        entered = select(Licensee).where(Licensee.id.in_(ids)).order_by(Licensee.id)
        permit_checks.recheck_permits(actor, db.session.scalars(entered).all())
    return ids


def decide(
    *,
    actor: Actor,
    licensee_id: UUID,
    expected_version: int | None,
    action: str,
    data: LicenceDecision,
) -> None:
    """Suspend, reinstate, revoke or close a licence (CIFTA XIII.1.a).

    `action` is one of these verbs. A firm that closes names the holder of its books, where a trace
    continues. Raises NotFound, StaleVersion, IllegalTransition or Invalid.
    """
    require(actor, Permission.LICENSEE_RECORD)
    licensee = lock(Licensee, licensee_id, expected_version)
    if (status := LICENCE_TRANSITIONS[action].get(licensee.status)) is None:
        raise IllegalTransition("licensee", licensee.status, action)
    _check_decision(actor, licensee, data, status)
    licensee.status, licensee.status_on, licensee.status_reason = status, data.on, data.reason
    licensee.inactive_since = None if status == "active" else licensee.inactive_since or data.on
    licensee.books_with = data.books_with if status == "defunct" else None
    said = {"on": data.on.isoformat(), "status": status}
    books = {"books_with": licensee.books_with} if licensee.books_with else {}
    _record_event(actor, licensee, DECISION_EVENTS[action], data.on, data.reason, said | books)
    _save_change(actor, licensee, DECISION_ACTIONS[action], said)


def renew(
    *, actor: Actor, licensee_id: UUID, expected_version: int | None, data: LicenceRenewal
) -> None:
    """Extend a licence to a later last day.

    Raises NotFound, StaleVersion, IllegalTransition or Invalid.
    """
    require(actor, Permission.LICENSEE_RECORD)
    licensee = lock(Licensee, licensee_id, expected_version)
    if licensee.status not in RENEWABLE_STATUSES:
        raise IllegalTransition("licensee", licensee.status, "renew")
    if licensee.valid_to is None:
        raise Invalid({"valid_to": [message("This licence has no end already.")]})
    if data.valid_to <= licensee.valid_to:
        raise Invalid(
            {
                "valid_to": [
                    message(
                        "The licence is valid until {on} already; give a later day.",
                        on=licensee.valid_to,
                    )
                ]
            }
        )
    licensee.valid_to, on = data.valid_to, today(actor)
    said = {"valid_to": data.valid_to.isoformat()}
    _record_event(
        actor,
        licensee,
        "renewed",
        on,
        None,
        {"on": on.isoformat(), "status": licensee.status} | said,
    )
    _save_change(actor, licensee, Action.LICENSEE_RENEWED, said)


def find(number: str) -> UUID:
    """Return the id of an own licensee by number; raises NotFound."""
    found = db.session.scalar(select(Licensee.id).where(Licensee.number == number))
    if found is None:
        raise NotFound("licensee", number)
    return found


def _record_event(
    actor: Actor, licensee: Licensee, kind: str, on: date, reason: str | None, said: dict[str, Any]
) -> None:
    """Record a decision as an event, effective from `on`."""
    at = local_days(actor).start(licensee.owner_state, on)
    add_events(actor, [NewEvent(licensee, kind, reason, at, said)])


def _save_change(actor: Actor, licensee: Licensee, action: Action, data: dict[str, Any]) -> None:
    licensee.version += 1
    db.session.flush()  # what follows reads it by SQL
    append(actor, AuditEvent(action, "licensee", licensee.id, data=data))
    permit_checks.recheck_permits(actor, [licensee])


def _check_licensee(data: LicenseeData) -> None:
    problems = Problems()
    if not data.roles or not set(data.roles) <= set(LICENSEE_ROLES):
        problems.add("roles", message("One or more of: {roles}.", roles=", ".join(LICENSEE_ROLES)))
    if data.valid_to and data.valid_to < data.valid_from:
        problems.add("valid_to", message("A licence cannot end before it begins."))
    problems.raise_any()


def _check_decision(actor: Actor, licensee: Licensee, data: LicenceDecision, status: str) -> None:
    problems = Problems()
    check_date(problems, "on", data.on, today(actor))
    if data.on < licensee.status_on:
        problems.add(
            "on",
            message(
                "The licensee is {status} since {on}; this cannot lie before.",
                on=licensee.status_on,
                status=CodeLabel("licensee_status", licensee.status),
            ),
        )
    if status == "defunct":
        _check_books(problems, licensee, data.books_with)
    problems.raise_any()


def _check_books(problems: Problems, licensee: Licensee, holder: str | None) -> None:
    """Check that the books go to another licensee or an agency."""
    others = select(Licensee.id).where(
        Licensee.owner_state == licensee.owner_state,
        Licensee.number == holder,
        Licensee.id != licensee.id,
        Licensee.status != "defunct",
    )
    known = holder in agency_codes(licensee.owner_state)
    if not (known or db.session.scalar(others) is not None):
        problems.add(
            "books_with",
            message(
                "Name who holds the books: the number of another licensee of"
                " yours, or the code of an agency."
            ),
        )


def _licensee_row(
    data: LicenseeData, owner: str, parties: PartyCollector, now: datetime
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "owner_state": owner,
        "concerned": [owner],
        "version": 1,
        "number": data.number,
        "roles": sorted(set(data.roles)),
        "party_id": parties.add(data.party, [owner]),
        "name_key": name_matching.name_key(data.party.name),
        "valid_from": data.valid_from,
        "valid_to": data.valid_to,
        "status": "active",
        "status_on": data.valid_from,
        "status_reason": None,
        "inactive_since": None,
        "books_with": None,
        "recorded_at": now,
    }
