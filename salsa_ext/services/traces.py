"""Traces: from a gun that was found, through the records of all states, to its last lawful holder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from salsa_ext.audit import Act, Action, append, append_many
from salsa_ext.db import as_state, db, insert_many
from salsa_ext.errors import Forbidden, IllegalTransition, Invalid, NotFound, StaleVersion, say
from salsa_ext.matching import marks
from salsa_ext.messages import pairs
from salsa_ext.messages.strictness import is_case_number
from salsa_ext.models import Seizure, Trace, TraceLeg
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import settings
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.outlooks import UNSENT
from salsa_ext.readmodels.records import RecordView, of_documents
from salsa_ext.readmodels.search import searched_by
from salsa_ext.readmodels.versions import current
from salsa_ext.services import (
    approvals,
    candidates,
    deliveries,
    endings,
    hidings,
    legs,
    readings,
    records,
    renewals,
    repeats,
)
from salsa_ext.services.fields import Problems, check_date
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.ids import new_id
from salsa_ext.values.inquiries import TraceData


def request(*, actor: Actor, vault: Vault, data: TraceData) -> UUID:
    """Ask for the history of a gun, at once unless it is a draft; raises Invalid or Conflict.

    Needs what the International Tracing Instrument asks of a request (III, 17). What states answer
    at once is there when it returns. Where the state wants a second person it waits for one.
    """
    require(actor, Permission.TRACE_REQUEST)
    hidings.check(actor, data.hidden_from)
    row = _row(actor, data)
    if not data.confirm_second:
        repeats.check_trace(actor, row)
    actor = actor.for_purpose(Purpose("investigation", data.case_number, about=str(row["id"])))
    insert_many(Trace, [row])
    hidings.begin(actor, "trace", [row["id"]], data.hidden_from)
    append(actor, Act(Action.TRACE_REQUESTED, "trace", row["id"], data={"priority": data.priority}))
    if not data.draft:
        _go(actor, vault, _find(row["id"]))
    return UUID(str(row["id"]))


def approve(*, actor: Actor, vault: Vault, trace_id: UUID, seen: int | None) -> None:
    """Approve a draft that somebody else wrote; raises Forbidden, IllegalTransition, StaleVersion."""
    require(actor, Permission.TRACE_APPROVE)
    trace = take(actor, trace_id, "approve", ("draft",), seen)
    if trace.requested_by is not None and trace.requested_by == actor.account_id:
        raise Forbidden(say("A second person must approve a trace."))
    approvals.take_back(actor, vault, trace)
    with legs.following(trace, to="approved"):
        approvals.put(actor, trace, "own")
    append(actor, Act(Action.TRACE_APPROVED, "trace", trace_id))


def send(*, actor: Actor, vault: Vault, trace_id: UUID, seen: int | None) -> None:
    """Send a trace that was drafted or approved; one that was sent already stays as it is.

    Where the state wants a second person, a draft waits for one; raises Conflict if it does so already.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = take(actor, trace_id, "send", (*UNSENT, *legs.SENT), seen)
    if trace.status not in legs.SENT:
        _go(actor.for_purpose(purpose_of(trace)), vault, trace)


def withdraw(*, actor: Actor, vault: Vault, trace_id: UUID, seen: int | None) -> None:
    """Withdraw a trace; what was answered stays known to those who answered."""
    require(actor, Permission.TRACE_REQUEST)
    trace = take(actor, trace_id, "withdraw", (*UNSENT, *legs.SENT), seen)
    approvals.take_back(actor, vault, trace)
    with legs.following(trace, to="withdrawn"):
        legs.withdraw(actor, vault, trace)
    append(actor, Act(Action.TRACE_WITHDRAWN, "trace", trace_id))
    deliveries.deliver_now(actor, vault)


def close(*, actor: Actor, vault: Vault, trace_id: UUID, seen: int | None) -> None:
    """Close a trace that was sent; its result stays readable.

    What still waits is withdrawn, and each state that helped learns what came of it, unless a person
    told it already.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = take(actor, trace_id, "close", legs.SENT, seen)
    with legs.following(trace, to="closed"):
        legs.withdraw(actor, vault, trace)
    told = endings.tell(actor, vault, trace)
    append(actor, Act(Action.TRACE_CLOSED, "trace", trace_id, data={"told": told}))
    deliveries.deliver_now(actor, vault)


def reopen(*, actor: Actor, vault: Vault, item: RecordView) -> None:
    """Ask anew in every open trace of the gun that did not reach its end, for a mark that was added.

    What was not sent yet gets the new description, and waits anew for who approved the old one; a
    trace that was traced, closed or withdrawn stays as it is.
    """
    require(actor, Permission.MARK_RECORD, item.record.owner_state)
    about = (Trace.owner_state == item.record.owner_state, Trace.record_id == item.record.id)
    wanted = select(Trace).where(*about, Trace.status.in_((*UNSENT, *legs.SENT)))
    with as_state(actor, actor.own_state()):  # also what is kept from the agency that learned of it
        seeing = replace(actor, agency=None)
        _keep_others_out(actor, Trace.id.in_(wanted.with_only_columns(Trace.id).correlate(None)))
        for trace in db.session.scalars(wanted.order_by(Trace.id).with_for_update()).all():
            if trace.status in UNSENT or legs.outcome(trace) != "traced":
                trace.firearm = _as_recorded(item)
                db.session.flush()
                db.session.refresh(trace)  # as it is kept: letters hold no value that JSON has not
                _ask_again(seeing.for_purpose(purpose_of(trace)), vault, trace)
        db.session.flush()


def redescribe(*, actor: Actor, items: Sequence[RecordView]) -> None:
    """Let drafts of seized guns bear what their seizure now says, for the command that corrected it.

    One that a second person approved, or was asked to, stays as he saw it.
    """
    require(actor, Permission.SEIZURE_RECORD)
    described = {item.record.id: item for item in items}
    wanted = select(Trace).where(
        Trace.owner_state == actor.own_state(), Trace.record_id.in_(described),
        Trace.status == "draft", Trace.approval_asked_at.is_(None),
    )  # fmt: skip
    with as_state(actor, actor.own_state()):  # also what is kept from the agency that corrected it
        for trace in db.session.scalars(wanted.order_by(Trace.id).with_for_update()).all():
            assert trace.record_id is not None
            trace.firearm = _as_recorded(described[trace.record_id])
            trace.version += 1
        db.session.flush()


def _ask_again(actor: Actor, vault: Vault, trace: Trace) -> None:
    if trace.status in UNSENT:
        approvals.describe_anew(actor, vault, trace)
        return
    with candidates.searching_once(), legs.following(trace, is_sending=True):
        asked = renewals.ask_again(actor, vault, trace)
        db.session.flush()
        deliveries.deliver_now(actor, vault)
    _tell(actor, Action.TRACE_REOPENED, trace, asked)


def _go(actor: Actor, vault: Vault, trace: Trace) -> None:
    """Ask the states, or the second person who has to approve first."""
    if approvals.may_go(actor, vault, trace):
        _ask(actor, vault, trace)


def _ask(actor: Actor, vault: Vault, trace: Trace) -> None:
    trace.sent_at = actor.now()
    with candidates.searching_once(), legs.following(trace, is_sending=True):
        legs.ask_all(actor, vault, trace)
        deliveries.deliver_now(actor, vault)
    states = sorted(legs.states_of(trace) - {actor.own_state()})
    _tell(actor, Action.TRACE_SENT, trace, states)


def _tell(actor: Actor, action: Action, trace: Trace, states: Sequence[str]) -> None:
    """Write down who was asked; each asked state learns that it was, and not which others were."""
    own = Act(action, "trace", trace.id, data={"asked": states})
    told = [Act(action, "trace", trace.id, concerned=[state], hidden=True) for state in states]
    append_many(actor, [own, *told])


def purpose_of(trace: Trace) -> Purpose:
    """Return why somebody looks who leads a trace on."""
    return Purpose("investigation", trace.case_number, about=str(trace.id))


def _find(trace_id: UUID) -> Trace:
    trace = db.session.get(Trace, trace_id, populate_existing=True, with_for_update=True)
    if trace is None:
        raise NotFound("trace", trace_id)
    return trace


def take(
    actor: Actor, trace_id: UUID, action: str, statuses: Sequence[str], seen: int | None = None
) -> Trace:
    """Return a trace of the actor's state, locked, for an action that its status allows.

    What others say to it waits meanwhile. Raises NotFound, StaleVersion or IllegalTransition.
    """
    _keep_others_out(actor, Trace.id == trace_id)
    trace = _find(trace_id)
    if trace.owner_state != actor.state:
        raise NotFound("trace", trace_id)
    if seen is not None and trace.version != seen:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    if trace.status not in statuses:
        raise IllegalTransition("trace", trace.status, action)
    return trace


def _keep_others_out(actor: Actor, of_them: ColumnElement[bool]) -> None:
    """Lock the own state with all that may say something to some traces, before those: as who applies it.

    In the other order, two that wait for each other would wait for good.
    """
    own = actor.own_state()
    asked = select(TraceLeg.state).join(Trace, Trace.id == TraceLeg.trace_id).where(
        of_them, TraceLeg.channel == "salsa", TraceLeg.state != own
    )  # fmt: skip
    approving = select(Trace.approved_in).where(of_them, Trace.approved_in.is_not(None))
    partner = settings.standing(own).settings.trace_approver
    others = db.session.scalars(asked.union(approving))
    pairs.lock(own, {*others, *([partner] if partner else [])})


def _row(actor: Actor, data: TraceData) -> dict[str, Any]:
    seizure, item = _seized(actor, data)
    firearm = _description(item, data)
    on = today(actor)
    found_on = seizure.occurred_on if seizure else data.found_on
    if found_on is None:
        raise Invalid({"found_on": [say("Say on which day the gun was found.")]})
    _check(data, firearm, found_on, on)
    return {
        "id": new_id(), "version": 1,
        "owner_state": actor.own_state(), "concerned": [actor.own_state()],
        "status": "draft", "case_number": data.case_number,
        "seizure_id": data.seizure, "record_id": item.record.id if item else None,
        "firearm": firearm, "found_on": found_on,
        "priority": data.priority, "priority_reason": data.priority_reason,
        "legal_basis": data.legal_basis, "illicit_reason": data.illicit_reason,
        "circumstances": data.circumstances, "intended_use": data.intended_use,
        "needed_by": data.needed_by, "confidentiality_requested": data.confidentiality_requested,
        "requested_by": actor.account_id, "created_at": actor.now(), "sent_at": None,
        "assignee_id": None, "profile": None, "approval": None, "approval_asked_at": None,
        "approval_in": None, "approved_at": None, "approved_by": None, "approved_in": None,
    }  # fmt: skip


def _seized(actor: Actor, data: TraceData) -> tuple[Seizure | None, RecordView | None]:
    if (data.seizure is None) == (data.firearm is None):
        raise Invalid({"seizure": [say("Give a seizure with its item, or the firearm; not both.")]})
    if data.seizure is None:
        return None, None
    own = current(Seizure).where(Seizure.id == data.seizure, Seizure.owner_state == actor.state)
    seizure = db.session.scalars(own).first()
    if seizure is None:
        raise Invalid({"seizure": [say("There is no such seizure.")]})
    items = {view.record.line: view for view in of_documents([seizure.id])[seizure.id]}
    if data.item not in items:
        raise Invalid({"item": [say("The seizure has no line {line}.", line=data.item)]})
    return seizure, items[data.item]


def _description(item: RecordView | None, data: TraceData) -> dict[str, Any]:
    """Return the gun as it will be sent: the firearm fields and every mark."""
    if item is None:
        assert data.firearm is not None
        borne = readings.with_further(data.firearm).marks
        return records.describe(data.firearm) | {"marks": [*map(_as_sent, borne)]}
    return _as_recorded(item)


def _as_recorded(item: RecordView) -> dict[str, Any]:
    """Return a seized gun as it is recorded, with every mark."""
    fields = {name: getattr(item.record, name) for name in records.FIELDS}
    return fields | {"marks": [*map(_as_sent, item.marks)]}


def _as_sent(mark: Any) -> dict[str, Any]:
    names = ("kind", "text", "state", "year", "location", "condition", "method")
    return {name: getattr(mark, name) for name in names}


def _check(data: TraceData, firearm: dict[str, Any], found_on: date, on: date) -> None:
    problems = Problems()
    check_date(problems, "found_on", found_on, on)
    if data.needed_by and data.needed_by < on:
        problems.add("needed_by", say("This day is past."))
    if not is_case_number(data.case_number):  # it stands on every letter
        problems.add("case_number", say("A case number has 1 to 100 printable characters."))
    if data.priority in ("flash", "urgent") and not data.priority_reason:
        problems.add("priority_reason", say("Say why this cannot wait."))
    problems.raise_any()
    # A description can be completed; a seized gun bears what it bears, and the result says why
    # that was not enough.
    if data.firearm and firearm["serial"] and marks.key(firearm["serial"]):
        searched_by(candidates.as_query(firearm), "firearm.serial")
