"""Second persons for the own state's traces: whether one may go, and who is asked where it may not."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db
from salsa_ext.errors import Conflict, say
from salsa_ext.messages.envelopes import Letter
from salsa_ext.models import Trace
from salsa_ext.policy.release import FOR_APPROVERS, for_approver
from salsa_ext.readmodels.approvals import Rule, as_shown, count_approvers, partners, rule_of
from salsa_ext.readmodels.refusals import BY_PERSONS, shown_to
from salsa_ext.services import conversations, deliveries, hidings, legs
from salsa_ext.services.conversations import DECLINED, Word
from salsa_ext.services.notifications import notify_many
from salsa_ext.services.sealing import Vault
from salsa_ext.values import letters
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice

ASKERS: Final = legs.ASKERS
APPROVERS: Final = ("supervisor",)
ASKED_ALREADY: Final = say("A second person was asked already to approve this trace.")


def may_go(actor: Actor, vault: Vault, trace: Trace) -> bool:
    """Tell whether a trace may be sent; where a second person is missing, ask for one.

    No command of its own: the command that calls it has required its permission. A state that
    approves alone writes that down. Who was asked under a rule that changed since is asked no more;
    raises Conflict where the right one was asked already.
    """
    if trace.status == "approved":
        return True
    if is_asked(trace):
        raise Conflict(ASKED_ALREADY)
    if trace.approval_asked_at is not None:
        take_back(actor, vault, trace)
        wait_no_more(trace)
        db.session.flush()
    rule = rule_for(trace)
    if rule.kind == "none":
        return True
    db.session.flush()  # it may be just drafted
    if rule.kind == "alone":
        put(actor, trace, "alone")
        append(actor, Act(Action.TRACE_UNAPPROVED, "trace", trace.id))
        return True
    _ask(actor, vault, trace, rule)
    deliveries.deliver_now(actor, vault)
    return False


def is_asked(trace: Trace) -> bool:
    """Tell whether a draft waits for the very second person whom the state wants by now."""
    if trace.status != "draft" or trace.approval_asked_at is None:
        return False
    rule = rule_for(trace)
    return rule.kind in ("own", "partner") and rule.partner == trace.approved_in


def rule_for(trace: Trace) -> Rule:
    """Return who approves a trace by now."""
    return rule_of(trace.owner_state)


def put(actor: Actor, trace: Trace, kind: str, state: str | None = None) -> None:
    """The one writer of who approved a trace: in the own state by the actor, else of `state`."""
    trace.approval, trace.approved_at, trace.approved_in = kind, actor.now(), state
    trace.approved_by = actor.account_id if kind == "own" else None
    if kind in BY_PERSONS:
        trace.declined_shown = None
    db.session.flush()


@contextmanager
def redescribing(actor: Actor, vault: Vault, trace: Trace) -> Iterator[None]:
    """Let a trace that was not sent follow a new description of its gun meanwhile.

    Who is asked sees the new one, and what has changed of it. What somebody approved holds no more
    where it shows another now: he is asked anew, a partner where the type is another, since of the
    gun he was shown nothing else. Whose words it bears by that changed the draft, and approves it
    not. No command of its own.
    """
    before, shown = _described(trace), _shown(trace)
    yield
    db.session.flush()
    db.session.refresh(
        trace
    )  # as it is kept, to be compared: letters hold no value that JSON has not
    changed = [name for name, value in _described(trace).items() if value != before[name]]
    if not changed:
        return
    append(actor, Act(Action.TRACE_AMENDED, "trace", trace.id, data={"changed": changed}))
    is_of_partner, is_told_otherwise = trace.approved_in is not None, _shown(trace) != shown
    if is_told_otherwise and (is_of_partner or trace.approval == "own"):
        is_lapsed = trace.approval is not None
        ask_anew(actor, vault, trace)
        deliveries.deliver_now(actor, vault)
        if is_lapsed:
            return  # who leads it learns of that
    else:
        with legs.following(trace, to=trace.status):
            pass
        if trace.approval_asked_at is None or not is_told_otherwise:
            return  # nobody was shown what is another now
    _tell_changed(actor, trace)


def _described(trace: Trace) -> dict[str, Any]:
    return {"firearm": trace.firearm, "found_on": trace.found_on}


def _shown(trace: Trace) -> dict[str, Any]:
    """Return what the second person is shown who is asked, or approved: of a partner, or the own state."""
    return for_approver(_draft(trace)) if trace.approved_in else as_shown(trace)


def ask_anew(actor: Actor, vault: Vault, trace: Trace, said_by: str | None = None) -> None:
    """Take back what was approved or asked, and ask by today's rule whom the state wants now.

    No command of its own, and what it sends is delivered by whoever calls it. Who leads the trace
    learns where something falls away that was approved, or that the state `said_by` just said.
    """
    shown, is_lapsed = trace.approval_shown, said_by is not None or trace.approval is not None
    by = said_by or trace.approved_in or trace.owner_state
    take_back(actor, vault, trace)
    with legs.following(trace, to="draft"):
        wait_no_more(trace)
        trace.approval = trace.approved_at = trace.approved_by = None
    if is_lapsed:
        _tell_askers(actor, trace, "approval_lapsed", by)
    rule = rule_for(trace)
    if rule.kind in ("own", "partner"):
        _ask(actor, vault, trace, rule, shown)


@contextmanager
def changing(actor: Actor, vault: Vault, trace: Trace) -> Iterator[None]:
    """Let a draft change meanwhile: who was asked about the old one is asked anew, by today's rule.

    No command of its own.
    """
    was_asked, shown = trace.approval_asked_at is not None, trace.approval_shown
    take_back(actor, vault, trace)
    with legs.following(trace, to="draft"):
        wait_no_more(trace)
        yield
    rule = rule_for(trace)
    if was_asked and rule.kind in ("own", "partner"):
        _ask(actor, vault, trace, rule, shown)
    deliveries.deliver_now(actor, vault)


def wait_no_more(trace: Trace) -> None:
    """Let a draft wait for nobody, as if nobody had been asked; no command of its own."""
    trace.approval_asked_at = trace.approval_in = trace.approved_in = trace.approval_shown = None


def approve(actor: Actor, vault: Vault, trace: Trace) -> None:
    """Let a draft be sent, and tell who leads traces that a person of the own state approved it.

    No command of its own. A partner that was asked has nothing to approve any more.
    """
    take_back(actor, vault, trace)
    with legs.following(trace, to="approved"):
        trace.approval_shown = as_shown(trace)
        put(actor, trace, "own")
    _tell_askers(actor, trace, "trace_approved")
    deliveries.deliver_now(actor, vault)


def decline(actor: Actor, vault: Vault, trace: Trace, text: str) -> None:
    """Let a draft wait for nobody, and tell who leads traces why a person of the own state declined.

    No command of its own. A partner that was asked has nothing to approve any more.
    """
    take_back(actor, vault, trace)
    with legs.following(trace, to="draft"):
        wait_no_more(trace)
        trace.declined_shown = shown_to(trace, trace.owner_state)
    conversations.keep(actor, [Word("trace", trace.id, DECLINED, {"text": text})])
    _tell_askers(actor, trace, "trace_declined")
    deliveries.deliver_now(actor, vault)


def take_back(actor: Actor, vault: Vault, trace: Trace) -> None:
    """Tell a partner that was asked that nothing is to be approved any more; whoever calls it delivers."""
    if trace.approval_in is not None and trace.approval is None:
        assert trace.approved_in is not None, "no partner was asked"
        _tell_partner(actor, vault, trace, trace.approved_in, "approval.withdraw", {})


def hide(
    actor: Actor, vault: Vault, trace: Trace, agencies: Collection[str], of: Collection[str | None]
) -> None:  # fmt: skip
    """Tell partners from which of their agencies a trace is kept by now: those `of` which some came or went.

    Each that was ever asked, whatever it said: it goes on keeping that. A draft that waits asks
    whom the rule names now; where that is nobody, who leads it learns that it waits no more. No
    command of its own; whoever calls it delivers.
    """
    for state in db.session.scalars(partners(Trace.id == trace.id)).all():
        if state in of:
            kept: dict[str, object] = {"hidden_from": hidings.by_state(agencies, state)}
            _tell_partner(actor, vault, trace, state, "approval.hide", kept)
    if trace.status == "draft" and trace.approval_asked_at is not None:
        if not is_asked(trace):
            by = trace.approved_in
            ask_anew(actor, vault, trace)
            if trace.approval_asked_at is None:
                _tell_askers(actor, trace, "approval_lapsed", by)
        elif trace.approved_in is None:
            _tell_where_nobody_may(actor, trace)


def _tell_askers(actor: Actor, trace: Trace, code: str, by: str | None = None) -> None:
    own = trace.owner_state
    notify_many(actor, [Notice(own, ASKERS, code, "trace", trace.id, own, trace.case_number,
                               {"by": by or own})])  # fmt: skip


def _tell_where_nobody_may(actor: Actor, trace: Trace) -> None:
    """Tell who leads a trace that waits for a person of the own state where there is none who may."""
    if not count_approvers(hidings.of(trace.id)):
        _tell_askers(actor, trace, "trace_unapprovable")


def _tell_changed(actor: Actor, trace: Trace) -> None:
    """Tell who leads a trace that its gun is described anew, and who is still asked in the own state."""
    own, is_asked = trace.owner_state, trace.approved_in is None
    whom = (*ASKERS, *APPROVERS) if is_asked and trace.approval_asked_at else ASKERS
    notify_many(actor, [Notice(own, whom, "trace_changed", "trace", trace.id, own,
                               trace.case_number)])  # fmt: skip


def _ask(
    actor: Actor, vault: Vault, trace: Trace, rule: Rule, shown: dict[str, Any] | None = None
) -> None:
    """Ask a second person; `shown` is what was shown to the one who was asked before, if any."""
    trace.approval_shown = shown or as_shown(trace)
    if rule.partner is None:
        _ask_own(actor, trace)
        return
    _wait(actor, trace)
    trace.approved_in = rule.partner
    kept = {"hidden_from": hidings.by_state(hidings.of(trace.id), rule.partner)}
    said = for_approver(_draft(trace)) | kept
    _tell_partner(actor, vault, trace, rule.partner, "approval.ask", said)
    fields = ["urgency_justified" if name == "priority_reason" else name for name in FOR_APPROVERS]
    _write_down(actor, trace, rule.partner, fields)


def _ask_own(actor: Actor, trace: Trace) -> None:
    _wait(actor, trace)
    own = trace.owner_state
    notify_many(actor, [Notice(own, APPROVERS, "trace_to_approve", "trace", trace.id, own,
                               trace.case_number)])  # fmt: skip
    _tell_where_nobody_may(actor, trace)
    _write_down(actor, trace, own)


def _wait(actor: Actor, trace: Trace) -> None:
    with legs.following(trace, to="draft"):
        trace.approval_asked_at = actor.now()


def _write_down(actor: Actor, trace: Trace, whom: str, shown: Collection[str] = ()) -> None:
    said = {"to": whom, "shown": [*shown]}
    append(actor, Act(Action.TRACE_APPROVAL_ASKED, "trace", trace.id, data=said))


def _tell_partner(
    actor: Actor, vault: Vault, trace: Trace, state: str, kind: str, body: dict[str, object]
) -> None:
    db.session.flush()
    told = Letter(kind, trace.case_number, state, {"trace": str(trace.id)} | body)
    envelope = deliveries.send(actor, vault, told)
    if kind == "approval.ask":
        trace.approval_in = envelope.id
        db.session.flush()
    word = Word("trace", trace.id, f"approval_{conversations.kind_of(envelope)}", body, envelope)
    conversations.keep(actor, [word])


def _draft(trace: Trace) -> dict[str, object]:
    """Return a draft as a partner may be shown it: of why it cannot wait, free text, whether it is said."""
    needed_by = trace.needed_by.isoformat() if trace.needed_by else None
    columns = {name: getattr(trace, name) for name in FOR_APPROVERS if name != "type"}
    return columns | {"type": trace.firearm.get("type"), "needed_by": needed_by,
                      "priority_reason": letters.JUSTIFIED if trace.priority_reason else None}  # fmt: skip
