"""Consents: a state asks the origin of a record for a use of it; the origin grants, refuses, revokes.

The third-party rule refuses what nobody consented to. Where the law forces a disclosure the origin
has notice first (CIFTA XII), which asks for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.audit import Act, Action, append, traces_of_case
from salsa_ext.db import as_state, db
from salsa_ext.errors import (
    Coded,
    Conflict,
    IllegalTransition,
    Invalid,
    NotFound,
    StaleVersion,
    say,
)
from salsa_ext.models import AuditEntry, Consent
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.release import FOUND
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import names
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.marks import owner_of
from salsa_ext.readmodels.records import by_id
from salsa_ext.services import locks
from salsa_ext.services.fields import Problems, years_after
from salsa_ext.services.notifications import notify_many
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.changes import Decision
from salsa_ext.values.consents import ConsentData, Granting
from salsa_ext.values.ids import new_id
from salsa_ext.values.notices import Notice

ROLES: Final = ("trace_analyst", "supervisor")
MOST_YEARS: Final = 10
CHANGED: Final = ("version", "status", "answer", "expires_on", "answered_at")
FROM: Final = {"granted": ("asked", "refused"), "refused": ("asked",), "revoked": ("granted",)}
VERBS: Final = {"granted": "grant", "refused": "refuse", "revoked": "revoke"}
ACTIONS: Final = {
    "asked": Action.CONSENT_ASKED, "notified": Action.CONSENT_COMPELLED,
    "granted": Action.CONSENT_GRANTED, "refused": Action.CONSENT_REFUSED,
    "revoked": Action.CONSENT_REVOKED,
}  # fmt: skip
CODES: Final = {status: f"consent_{status}" for status in ACTIONS} | {
    "notified": "consent_compelled"
}


def ask(*, actor: Actor, data: ConsentData) -> UUID:
    """Ask the origin of a record for a use, or give it notice of one that the law forces.

    It is about the traces of its case that the actor sees by now: from whom one of them is kept, the
    consent is. Raises Invalid, also for a record that the actor's state was not given, and Conflict
    where the same was asked and is not answered, or was granted and still stands.
    """
    require(actor, Permission.CONSENT_ASK)
    origin = _origin(actor, data)
    locks.consents_of(actor.own_state(), data.record)
    _check_first(actor, data, origin)
    actor = actor.for_purpose(Purpose("investigation", data.case_number))
    status = "notified" if data.use == "compelled" else "asked"
    row = {
        "id": new_id(), "version": 1, "origin_state": origin, "asking_state": actor.own_state(),
        "record_id": data.record, "use": data.use, "to_state": data.to,
        "case_number": data.case_number, "reason": data.reason, "status": status,
        "answer": None, "expires_on": None, "asked_at": actor.now(), "answered_at": None,
        "asking_agency": actor.agency,
        "about": [UUID(one) for one in traces_of_case(actor, data.case_number, unsent=True)],
    }  # fmt: skip
    _keep(actor, row)
    _tell(actor, row, origin)
    return UUID(str(row["id"]))


def grant(*, actor: Actor, consent_id: UUID, seen: int | None, data: Granting) -> None:
    """Allow a use through a day; what was refused may be granted after all.

    Raises NotFound, Forbidden, StaleVersion, IllegalTransition, Invalid for a day that is past
    or too far ahead.
    """
    require(actor, Permission.CONSENT_DECIDE)
    on = today(actor)
    if data.expires_on < on:
        raise Invalid({"expires_on": [say("This day is past.")]})
    if data.expires_on > (latest := years_after(on, MOST_YEARS)):
        raise Invalid({"expires_on": [say("A consent stands for {years} years at most: until {latest}. Grant it"
                                          " anew where it is needed then.", years=MOST_YEARS,
                                          latest=latest)]})  # fmt: skip
    _decide(actor, consent_id, seen, "granted", data.reason, expires_on=data.expires_on)


def refuse(*, actor: Actor, consent_id: UUID, seen: int | None, data: Decision) -> None:
    """Refuse a use and say why; raises as `grant`."""
    require(actor, Permission.CONSENT_DECIDE)
    _decide(actor, consent_id, seen, "refused", data.reason)


def revoke(*, actor: Actor, consent_id: UUID, seen: int | None, data: Decision) -> None:
    """Take a consent back and say why: nothing is used by it from now on; raises as `grant`."""
    require(actor, Permission.CONSENT_DECIDE)
    _decide(actor, consent_id, seen, "revoked", data.reason)


def _decide(
    actor: Actor, consent_id: UUID, seen: int | None, status: str, answer: str | None,
    **changes: Any,
) -> None:  # fmt: skip
    row = db.session.get(Consent, (consent_id, actor.own_state()), populate_existing=True,
                         with_for_update=True)  # fmt: skip
    if row is None:
        raise NotFound("consent", consent_id)
    require(actor, Permission.CONSENT_DECIDE, row.origin_state)
    if seen is not None and seen != row.version:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    if row.status not in FROM[status]:
        raise IllegalTransition("consent", row.status, VERBS[status])
    kept = {column.key: getattr(row, column.key) for column in Consent.__table__.columns}
    del kept["owner_state"]
    kept |= {"version": row.version + 1, "status": status, "answer": answer,
             "answered_at": actor.now()} | changes  # fmt: skip
    _keep(actor, kept)
    _tell(actor, kept, row.asking_state)


def _keep(actor: Actor, row: Mapping[str, Any]) -> None:
    """Write what both sides keep: the one place that does, so that a message can carry it instead.

    The origin's row comes first, by which two decisions at once wait for each other.
    """
    for state in (row["origin_state"], row["asking_state"]):
        with as_state(actor, state):
            made = insert(Consent).values(owner_state=state, **row)
            changed = {name: getattr(made.excluded, name) for name in CHANGED}
            db.session.execute(
                made.on_conflict_do_update(index_elements=["id", "owner_state"], set_=changed)
            )


def _tell(actor: Actor, row: Mapping[str, Any], other: str) -> None:
    """Write down what was asked or answered for both sides, and tell the other one."""
    said = {"record": str(row["record_id"]), "use": row["use"], "to": row["to_state"]}
    append(actor, Act(ACTIONS[row["status"]], "consent", row["id"], row["origin_state"],
                      [row["origin_state"], row["asking_state"]], said))  # fmt: skip
    notify_many(actor, [
        Notice(other, ROLES, CODES[row["status"]], "consent", row["id"], other,
               row["case_number"], said | {"by": actor.own_state()})
    ])  # fmt: skip


def _origin(actor: Actor, data: ConsentData) -> str:
    """Return the state that owns the record; raises Invalid for all that cannot be asked."""
    problems = Problems()
    origin = _given_by(actor, data.record)
    if origin is None:
        problems.add("record", say("Your state was given no such record."))
    elif origin == actor.state:
        problems.add("record", say("This record is your own state's and needs nobody's consent."))
    if (data.use == "onward") != (data.to is not None):
        problems.add("to", say("Name the third state of an onward use, and of no other."))
    elif data.to is not None and (
        not names.is_state(data.to) or data.to in {origin, actor.state, *names.ended_states()}
    ):
        problems.add("to", say("This is no third state."))
    problems.raise_any()
    return str(origin)


def _check_first(actor: Actor, data: ConsentData, origin: str) -> None:
    """Raise Conflict where the same use of the same record is asked in the same case, or allowed by now."""
    stands = and_(Consent.status == "granted", Consent.expires_on >= today(actor))
    same = select(Consent).where(
        Consent.owner_state == actor.own_state(), Consent.asking_state == actor.own_state(),
        Consent.record_id == data.record, Consent.use == data.use,
        Consent.to_state.is_not_distinct_from(data.to), Consent.case_number == data.case_number,
        or_(Consent.status == "asked", stands),
    )  # fmt: skip
    standing = db.session.scalar(same.order_by(Consent.id.desc()).limit(1))
    if standing is None:
        return
    known = {"state": Coded("state", origin), "case": data.case_number, "number": standing.id}
    if standing.status == "granted":
        raise Conflict(say("{state} allowed this in the case {case} through {until} already, by the consent"
                           " {number}.", until=standing.expires_on, **known), existing=standing.id)  # fmt: skip
    raise Conflict(say("{state} was asked for this in the case {case} already, by the consent {number}. Go"
                       " on with that one.", **known), existing=standing.id)  # fmt: skip


def _given_by(actor: Actor, record_id: UUID) -> str | None:
    """Return who owns a record that concerns the actor's state, is open, or was given to it."""
    if seen := by_id([record_id]):
        return seen[0].record.owner_state
    owner = owner_of(record_id)
    if owner is not None and owner[1] in FOUND["firearm"]:
        return owner[0]
    given = select(AuditEntry.subject_state).where(
        AuditEntry.subject_kind == "record", AuditEntry.subject_id == str(record_id),
        AuditEntry.action == Action.RECORD_DISCLOSED, AuditEntry.subject_state != actor.state,
    )  # fmt: skip
    return db.session.scalar(given.limit(1))
