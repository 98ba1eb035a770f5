"""Traces: from a gun that was found, through the records of all states, to its last lawful holder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, select

from salsa_ext.audit import Act, Action, append, append_many
from salsa_ext.db import as_state, db
from salsa_ext.errors import (
    Coded,
    Declined,
    Forbidden,
    IllegalTransition,
    Invalid,
    NotFound,
    StaleVersion,
    say,
)
from salsa_ext.messages import pairs
from salsa_ext.models import Trace, TraceLeg
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.approvals import rule_of
from salsa_ext.readmodels.records import RecordView
from salsa_ext.readmodels.refusals import is_declined, refusal
from salsa_ext.readmodels.requests import messages_of
from salsa_ext.services import (
    approvals,
    candidates,
    deliveries,
    endings,
    hidings,
    legs,
    persons,
    renewals,
    repeats,
    retellings,
    trace_descriptions,
)
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.codes import UNSENT
from salsa_ext.values.inquiries import TraceData, lacking_words
from salsa_ext.values.requests import Sending, Telling

AMENDED: Final = (
    "case_number", "priority", "priority_reason", "legal_basis", "illicit_reason", "circumstances",
    "intended_use", "needed_by", "confidentiality_requested", "firearm", "found_on",
)  # fmt: skip
"""What of a draft may be said anew; who must not see it is set by `hide`."""
POSSIBLE: Final = {
    "draft": ("amend", "approve", "decline", "send", "withdraw"), "approved": ("send", "withdraw"),
    **dict.fromkeys(legs.SENT, ("legs", "feedback", "close", "withdraw")), "closed": ("feedback",),
}  # fmt: skip
"""What moves a trace on, by its status; it can be assigned, noted and hidden whatever that is."""
PLAINLY: Final = Sending()
WRITTEN: Final = (Action.TRACE_REQUESTED, Action.TRACE_AMENDED)
"""By which a person wrote what a second one approves."""
SECOND: Final = say("A second person must approve a trace: one who neither drafted nor changed it, be it by"
                    " its seizure.")  # fmt: skip
BY_COMMAND: Final = say("A second person must approve a trace. By a command --officer tells who decides, and"
                        " who drafted or changed it by one: give it at each, another number to decide, or"
                        " let an account of a supervisor decide.")  # fmt: skip
OF_SEIZURE: Final = say("This gun is as its seizure says: correct that, and the draft follows it.")


def request(*, actor: Actor, vault: Vault, data: TraceData) -> UUID:
    """Ask for the history of a gun, at once unless it is a draft; raises Invalid or Conflict.

    Needs what the International Tracing Instrument asks of a request (III, 17). What states answer
    at once is there when it returns. Where the state wants a second person it waits for one.
    """
    require(actor, Permission.TRACE_REQUEST)
    row = trace_descriptions.row_of(actor, data)
    if not data.confirm_second:
        repeats.await_trace(actor, row)
        repeats.check_trace(actor, row)
    actor = actor.for_purpose(Purpose("investigation", data.case_number, about=(str(row["id"]),)))
    hidings.begin(actor, "trace", [row["id"]], data.hidden_from)
    asked = Act(Action.TRACE_REQUESTED, "trace", row["id"], data={"priority": data.priority})
    db.session.add(trace := Trace(**row))  # written once, as it stands when it was sent
    append(actor, asked)
    if not data.draft:
        _go(actor, vault, trace, is_new=True)
    return trace.id


def amend(*, actor: Actor, vault: Vault, trace_id: UUID, seen: int | None, data: TraceData) -> None:
    """Say anew all that a draft asks; who was asked to approve it is asked anew.

    The gun of a seizure is as its seizure says, and is left out here. Raises NotFound, StaleVersion,
    IllegalTransition, and as `request`.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = take(actor, trace_id, "amend", ("draft",), seen)
    row = trace_descriptions.row_of(actor, _as_seized(trace, data)) | {"id": trace_id}
    if not data.confirm_second:
        repeats.check_trace(actor, row)
    before = {name: getattr(trace, name) for name in AMENDED}
    with approvals.changing(actor.for_purpose(purpose_of(trace)), trace):
        for name in AMENDED:
            setattr(trace, name, row[name])
        db.session.flush()
    changed = [name for name in AMENDED if getattr(trace, name) != before[name]]
    append(actor, Act(Action.TRACE_AMENDED, "trace", trace_id, data={"changed": changed}))


def _as_seized(trace: Trace, data: TraceData) -> TraceData:
    """Return what a draft shall ask with the gun of its seizure, where it has one; raises Invalid."""
    if trace.seizure_id is None and data.firearm is not None:
        return data
    if trace.seizure_id is None or data.firearm is not None:
        said = OF_SEIZURE if trace.seizure_id else say("Describe the gun.")
        lacking = {path: [text] for path, text in lacking_words(vars(data)).items()}
        raise Invalid(lacking | {"firearm": [said]})
    line = trace_descriptions.line_of(trace.seizure_id, trace.record_id)
    return replace(data, seizure=trace.seizure_id, item=line)


def approve(*, actor: Actor, vault: Vault, trace_id: UUID, seen: int | None) -> None:
    """Approve a draft that others wrote, and tell who leads traces that it can be sent.

    Raises Forbidden, IllegalTransition, StaleVersion.
    """
    require(actor, Permission.TRACE_APPROVE)
    trace = _take_as_second(actor, trace_id, "approve", seen)
    approvals.approve(actor, trace)
    append(actor, Act(Action.TRACE_APPROVED, "trace", trace_id))


def decline(*, actor: Actor, vault: Vault, trace_id: UUID, seen: int | None, data: Telling) -> None:
    """Decline a draft that others wrote, and say why: who wrote it reads it.

    It stays a draft, and may be changed and asked for anew; raises Invalid, and as `approve`.
    """
    require(actor, Permission.TRACE_APPROVE)
    trace = _take_as_second(actor, trace_id, "decline", seen)
    if not data.text:
        raise Invalid({"text": [say("Say why: who drafted it reads it.")]})
    approvals.decline(actor, trace, data.text)
    append(actor, Act(Action.TRACE_DECLINED, "trace", trace_id, data={"by": trace.owner_state}))


def _take_as_second(actor: Actor, trace_id: UUID, action: str, seen: int | None) -> Trace:
    trace = take(actor, trace_id, action, ("draft",), seen)
    if persons.is_same(actor, trace_id, *WRITTEN):
        raise Forbidden(SECOND if actor.account_id else BY_COMMAND)
    return trace


def send(
    *, actor: Actor, vault: Vault, trace_id: UUID, seen: int | None, data: Sending = PLAINLY
) -> None:  # fmt: skip
    """Send a trace that was drafted or approved; one that was sent already stays as it is.

    Where the state wants a second person, a draft waits for one; raises Conflict if it does so already,
    and Declined for one that was declined and would go without one, until that is confirmed.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = take(actor, trace_id, "send", (*UNSENT, *legs.SENT), seen)
    if trace.status not in legs.SENT:
        if not data.confirm_declined:
            _check_not_declined(trace)
        _go(actor.for_purpose(purpose_of(trace)), vault, trace)


def _check_not_declined(trace: Trace) -> None:
    """Raise Declined for a draft that a second person declined and that none has to approve any more."""
    said = refusal(trace, messages_of([trace.id])[trace.id]) if is_declined(trace) else None
    if said is None or rule_of(trace.owner_state) == "own":
        return
    raise Declined(say("A second person of {state} declined this trace. Confirm that it is sent all the"
                       " same, or change it first. What was said: {words}",
                       state=Coded("state", said.sender), words=said.data["text"]))  # fmt: skip


def withdraw(*, actor: Actor, vault: Vault, trace_id: UUID, seen: int | None) -> None:
    """Withdraw a trace; what was answered stays, and nothing more is taken from who answered."""
    require(actor, Permission.TRACE_REQUEST)
    trace = take(actor, trace_id, "withdraw", (*UNSENT, *legs.SENT), seen)
    with legs.following(trace, to="withdrawn"):
        legs.withdraw(actor, vault, trace, for_good=True)
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
            if trace.status in UNSENT:
                _follow(seeing, vault, trace, item)
            elif legs.outcome(trace) != "traced":
                was_read = trace.firearm["serial"]
                trace.firearm = trace_descriptions.as_recorded(item)
                db.session.flush()
                db.session.refresh(trace)  # as it is kept: letters hold no value that JSON has not
                _ask_again(seeing.for_purpose(purpose_of(trace)), vault, trace, was_read)
        db.session.flush()


def redescribe(*, actor: Actor, vault: Vault, items: Sequence[RecordView]) -> None:
    """Let what was not sent of seized guns bear what their seizure now says, for who corrected it.

    A second person who approved what is another now is asked anew; who leads the trace is told.
    """
    require(actor, Permission.SEIZURE_RECORD)
    described = {item.record.id: item for item in items}
    wanted = select(Trace).where(
        Trace.owner_state == actor.own_state(), Trace.record_id.in_(described),
        Trace.status.in_(UNSENT),
    )  # fmt: skip
    with as_state(actor, actor.own_state()):  # also what is kept from the agency that corrected it
        if not db.session.scalar(select(wanted.exists())):
            return
        _keep_others_out(actor, Trace.id.in_(wanted.with_only_columns(Trace.id).correlate(None)))
        for trace in db.session.scalars(wanted.order_by(Trace.id).with_for_update()).all():
            assert trace.record_id is not None
            _follow(replace(actor, agency=None), vault, trace, described[trace.record_id])
        db.session.flush()


def _follow(actor: Actor, vault: Vault, trace: Trace, item: RecordView) -> None:
    with approvals.redescribing(actor.for_purpose(purpose_of(trace)), trace):
        trace.firearm = trace_descriptions.as_recorded(item)
        trace.found_on = item.record.occurred_on


def _ask_again(actor: Actor, vault: Vault, trace: Trace, was_read: str | None) -> None:
    with candidates.searching_once(), legs.following(trace, is_sending=True):
        asked = renewals.ask_again(actor, vault, trace, was_read=was_read)
        db.session.flush()
        deliveries.deliver_now(actor, vault)
    _tell(actor, Action.TRACE_REOPENED, trace, asked)
    legs.tell_to_send(
        actor, trace, sorted(state for state, how in asked.items() if how == "to_send")
    )


def _go(actor: Actor, vault: Vault, trace: Trace, *, is_new: bool = False) -> None:
    """Ask the states, or the second person who has to approve first."""
    if approvals.may_go(actor, trace):
        _ask(actor, vault, trace, is_new=is_new)


def _ask(actor: Actor, vault: Vault, trace: Trace, *, is_new: bool) -> None:
    if not is_declined(trace):
        trace.declined_shown = None
    trace.sent_at = actor.now()
    with candidates.searching_once(), legs.following(trace, is_sending=True):
        legs.ask_all(actor, vault, trace, is_new=is_new)
        deliveries.deliver_now(actor, vault)
    _tell(actor, Action.TRACE_SENT, trace, legs.asked_by(trace))


def _tell(actor: Actor, action: Action, trace: Trace, whom: Mapping[str, str]) -> None:
    """Write down who was asked and who is not yet, and that it was declined before it was sent.

    Each asked state learns that it was, and not which others were; one that is asked later, then.
    """
    said = whom_asked(trace, whom)
    overruled = {"overruled": True} if action == Action.TRACE_SENT and is_declined(trace) else {}
    own = Act(action, "trace", trace.id, data=said | overruled)
    told = [
        Act(action, "trace", trace.id, concerned=[state], hidden=True) for state in said["asked"]
    ]
    append_many(actor, [own, *told])


def whom_asked(trace: Trace, whom: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what is written down of whom a trace asked, and whom not yet (see `legs.asked_by`)."""
    said: dict[str, list[str]] = {"asked": []}
    for state in sorted(whom.keys() - {trace.owner_state}):
        said.setdefault(whom[state], []).append(state)
    return said


def purpose_of(trace: Trace) -> Purpose:
    """Return why somebody looks who leads a trace on."""
    return Purpose("investigation", trace.case_number, about=(str(trace.id),))


def _find(trace_id: UUID) -> Trace:
    trace = db.session.get(Trace, trace_id, populate_existing=True, with_for_update=True)
    if trace is None:
        raise NotFound("trace", trace_id)
    return trace


def take(
    actor: Actor, trace_id: UUID, action: str, statuses: Sequence[str], seen: int | None = None,
    asking: Sequence[str] = (),
) -> Trace:  # fmt: skip
    """Return a trace of the actor's state, locked, for an action that its status allows.

    What others say to it waits meanwhile, and what is said with those whom the action will be
    `asking`. Raises NotFound, StaleVersion or IllegalTransition.
    """
    _keep_others_out(actor, Trace.id == trace_id, asking)
    trace = _find(trace_id)
    if trace.owner_state != actor.state:
        raise NotFound("trace", trace_id)
    if seen is not None and trace.version != seen:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    if trace.status not in statuses:
        raise IllegalTransition("trace", trace.status, action, POSSIBLE.get(trace.status, ()))
    return trace


def _keep_others_out(
    actor: Actor, of_them: ColumnElement[bool], asking: Sequence[str] = ()
) -> None:
    """Lock the own state with all that may say something to some traces, before those: as who applies it.

    In the other order, two that wait for each other would wait for good; so would they if whom a
    correction is told after the traces were locked after them. Whom traces will ask is known where
    somebody names it (`asking`), and of others found out when they are held.
    """
    own = actor.own_state()
    asked = select(TraceLeg.state).join(Trace, Trace.id == TraceLeg.trace_id).where(
        of_them, TraceLeg.channel == "salsa", TraceLeg.state != own
    )  # fmt: skip
    mine = {(own, other) for other in (*db.session.scalars(asked), *asking)}
    pairs.lock_all(mine | retellings.pairs_told(actor))
