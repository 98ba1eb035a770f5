"""The register of licensees: entered, suspended, reinstated, revoked, closed, renewed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Act, Action, append, append_many
from salsa_ext.db import db, insert_many
from salsa_ext.errors import Coded, IllegalTransition, Invalid, NotFound, StaleVersion, say
from salsa_ext.matching import names
from salsa_ext.models import Licensee
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.contacts import agency_codes
from salsa_ext.readmodels.days import days, today
from salsa_ext.services import reviews
from salsa_ext.services.events import Note, note_many
from salsa_ext.services.fields import Problems, check_date
from salsa_ext.services.parties import Parties
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import LICENSEE_ROLES
from salsa_ext.values.ids import new_id
from salsa_ext.values.licensees import RENEWABLE, TRANSITIONS, Decision, LicenseeData

ACTIONS = {
    "suspend": Action.LICENSEE_SUSPENDED, "reinstate": Action.LICENSEE_REINSTATED,
    "revoke": Action.LICENSEE_REVOKED, "close": Action.LICENSEE_CLOSED,
}  # fmt: skip
KINDS = {"suspend": "suspended", "reinstate": "reinstated", "revoke": "revoked", "close": "closed"}


@dataclass(frozen=True)
class Renewal:
    """The new last day of a licence."""

    valid_to: date


def record(*, actor: Actor, data: LicenseeData) -> UUID:
    """Enter one licensee into the register of the own state; raises Invalid or Duplicate."""
    return record_many(actor=actor, batch=[data])[0]


def record_many(*, actor: Actor, batch: Sequence[LicenseeData]) -> list[UUID]:
    """Enter licensees in one transaction, all or none; returns their ids in order."""
    require(actor, Permission.LICENSEE_RECORD)
    owner, now = actor.own_state(), actor.now()
    parties = Parties(owner)
    for data in batch:
        _check(data)
    rows = [_row(data, owner, parties, now) for data in batch]
    parties.write()
    insert_many(Licensee, rows)
    append_many(actor, [
        Act(Action.LICENSEE_RECORDED, "licensee", row["id"], data={"number": row["number"]})
        for row in rows
    ])  # fmt: skip
    ids = [row["id"] for row in rows]
    if ids:
        entered = select(Licensee).where(Licensee.id.in_(ids)).order_by(Licensee.id)
        reviews.review(actor, db.session.scalars(entered).all())
    return ids


def decide(
    *, actor: Actor, licensee_id: UUID, seen: int | None, action: str, data: Decision
) -> None:
    """Suspend, reinstate, revoke or close a licence, as `action` says (CIFTA XIII.1.a).

    Raises NotFound, StaleVersion, IllegalTransition, or Invalid. A firm that closes names who holds
    its books: there a trace goes on.
    """
    require(actor, Permission.LICENSEE_RECORD)
    licensee = _take(licensee_id, seen)
    if (status := TRANSITIONS[action].get(licensee.status)) is None:
        raise IllegalTransition("licensee", licensee.status, action)
    _check_decision(actor, licensee, data, status)
    licensee.status, licensee.status_on, licensee.status_reason = status, data.on, data.reason
    licensee.inactive_since = None if status == "active" else licensee.inactive_since or data.on
    licensee.books_with = data.books_with if status == "defunct" else None
    said = {"on": data.on.isoformat(), "status": status}
    books = {"books_with": licensee.books_with} if licensee.books_with else {}
    _tell(actor, licensee, KINDS[action], data.on, data.reason, said | books)
    _keep(actor, licensee, ACTIONS[action], said)


def renew(*, actor: Actor, licensee_id: UUID, seen: int | None, data: Renewal) -> None:
    """Let a licence last longer; raises NotFound, StaleVersion, IllegalTransition, Invalid."""
    require(actor, Permission.LICENSEE_RECORD)
    licensee = _take(licensee_id, seen)
    if licensee.status not in RENEWABLE:
        raise IllegalTransition("licensee", licensee.status, "renew")
    if licensee.valid_to is None:
        raise Invalid({"valid_to": [say("This licence has no end already.")]})
    if data.valid_to <= licensee.valid_to:
        raise Invalid({"valid_to": [say("The licence is valid until {on} already; give a later day.",
                                        on=licensee.valid_to)]})  # fmt: skip
    licensee.valid_to, on = data.valid_to, today(actor)
    said = {"valid_to": data.valid_to.isoformat()}
    _tell(actor, licensee, "renewed", on, None,
          {"on": on.isoformat(), "status": licensee.status} | said)  # fmt: skip
    _keep(actor, licensee, Action.LICENSEE_RENEWED, said)


def find(number: str) -> UUID:
    """Return the id of a licensee of the own state by its number; raises NotFound."""
    found = db.session.scalar(select(Licensee.id).where(Licensee.number == number))
    if found is None:
        raise NotFound("licensee", number)
    return found


def _take(licensee_id: UUID, seen: int | None) -> Licensee:
    licensee = db.session.get(Licensee, licensee_id, populate_existing=True, with_for_update=True)
    if licensee is None:
        raise NotFound("licensee", licensee_id)
    if seen is not None and seen != licensee.version:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    return licensee


def _tell(
    actor: Actor, licensee: Licensee, kind: str, on: date, reason: str | None, said: dict[str, Any]
) -> None:
    """Write a decision down beside those before it; it counts from the day `on` in its state."""
    at = days(actor).start(licensee.owner_state, on)
    note_many(actor, [Note(licensee, kind, reason, at, said)])


def _keep(actor: Actor, licensee: Licensee, action: Action, data: dict[str, Any]) -> None:
    licensee.version += 1
    db.session.flush()  # what follows reads it by SQL
    append(actor, Act(action, "licensee", licensee.id, data=data))
    reviews.review(actor, [licensee])


def _check(data: LicenseeData) -> None:
    problems = Problems()
    if not data.roles or not set(data.roles) <= set(LICENSEE_ROLES):
        problems.add("roles", say("One or more of: {roles}.", roles=", ".join(LICENSEE_ROLES)))
    if data.valid_to and data.valid_to < data.valid_from:
        problems.add("valid_to", say("A licence cannot end before it begins."))
    problems.raise_any()


def _check_decision(actor: Actor, licensee: Licensee, data: Decision, status: str) -> None:
    problems = Problems()
    check_date(problems, "on", data.on, today(actor))
    if data.on < licensee.status_on:
        problems.add("on", say("The licensee is {status} since {on}; this cannot lie before.",
                               on=licensee.status_on,
                               status=Coded("licensee_status", licensee.status)))  # fmt: skip
    if status == "defunct":
        _check_books(problems, licensee, data.books_with)
    problems.raise_any()


def _check_books(problems: Problems, licensee: Licensee, holder: str | None) -> None:
    """The books of a firm that is no more go to another licensee, or to an agency of the state."""
    others = select(Licensee.id).where(
        Licensee.owner_state == licensee.owner_state, Licensee.number == holder,
        Licensee.id != licensee.id, Licensee.status != "defunct",
    )  # fmt: skip
    known = holder in agency_codes(licensee.owner_state)
    if not (known or db.session.scalar(others) is not None):
        problems.add("books_with", say("Name who holds the books: the number of another licensee of"
                                       " yours, or the code of an agency."))  # fmt: skip


def _row(data: LicenseeData, owner: str, parties: Parties, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(), "owner_state": owner, "concerned": [owner], "version": 1,
        "number": data.number, "roles": sorted(set(data.roles)),
        "party_id": parties.add(data.party, [owner]), "name_key": names.key(data.party.name),
        "valid_from": data.valid_from, "valid_to": data.valid_to,
        "status": "active", "status_on": data.valid_from, "status_reason": None,
        "inactive_since": None, "books_with": None, "recorded_at": now,
    }  # fmt: skip
