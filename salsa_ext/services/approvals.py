"""Approval of traces by a second person of the own state: whether one is wanted, asked and given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db
from salsa_ext.errors import Conflict, say
from salsa_ext.models import Trace
from salsa_ext.readmodels.approvals import as_shown, count_approvers, rule_of
from salsa_ext.services import conversations, hidings, legs
from salsa_ext.services.conversations import DECLINED, Word
from salsa_ext.services.notifications import notify_many
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice

ASKERS: Final = legs.ASKERS
APPROVERS: Final = ("supervisor",)
ASKED_ALREADY: Final = say("A second person was asked already to approve this trace.")


def may_go(actor: Actor, trace: Trace) -> bool:
    """Tell whether a trace may be sent; where a second person is missing, ask for one.

    No command of its own: the command that calls it has required its permission. A state that
    approves alone writes that down. Raises Conflict where a second person was asked already.
    """
    if trace.status == "approved":
        return True
    if is_asked(trace):
        raise Conflict(ASKED_ALREADY)
    if trace.approval_asked_at is not None:
        wait_no_more(trace)
        db.session.flush()
    rule = rule_of(trace.owner_state)
    if rule == "none":
        return True
    db.session.flush()  # it may be just drafted
    if rule == "alone":
        _approve(actor, trace, "alone")
        append(actor, Act(Action.TRACE_UNAPPROVED, "trace", trace.id))
        return True
    _ask(actor, trace)
    return False


def is_asked(trace: Trace) -> bool:
    """Tell whether a draft waits for a second person, and the state still wants one."""
    is_waiting = trace.status == "draft" and trace.approval_asked_at is not None
    return is_waiting and rule_of(trace.owner_state) == "own"


@contextmanager
def redescribing(actor: Actor, trace: Trace) -> Iterator[None]:
    """Let a trace that was not sent follow a new description of its gun meanwhile.

    Who is asked sees the new one, and what has changed of it. An approval lapses where what was
    approved is another now, and is asked for anew. No command of its own.
    """
    before, shown = _described(trace), as_shown(trace)
    yield
    db.session.flush()
    db.session.refresh(
        trace
    )  # as it is kept, to be compared: letters hold no value that JSON has not
    changed = [name for name, value in _described(trace).items() if value != before[name]]
    if not changed:
        return
    append(actor, Act(Action.TRACE_AMENDED, "trace", trace.id, data={"changed": changed}))
    is_other = as_shown(trace) != shown
    if is_other and trace.approval == "own":
        _ask_anew(actor, trace)
        return
    with legs.following(trace, to=trace.status):
        pass
    if is_other and trace.approval_asked_at is not None:
        _tell_changed(actor, trace)


def _described(trace: Trace) -> dict[str, Any]:
    return {"firearm": trace.firearm, "found_on": trace.found_on}


def _ask_anew(actor: Actor, trace: Trace) -> None:
    """Take back what was approved or asked, and ask a second person if the state still wants one."""
    shown = trace.approval_shown
    with legs.following(trace, to="draft"):
        wait_no_more(trace)
        trace.approval = trace.approved_at = trace.approved_by = None
    _tell_askers(actor, trace, "approval_lapsed")
    if rule_of(trace.owner_state) == "own":
        _ask(actor, trace, shown)


@contextmanager
def changing(actor: Actor, trace: Trace) -> Iterator[None]:
    """Let a draft change meanwhile: who was asked about the old one is asked anew.

    No command of its own.
    """
    was_asked, shown = trace.approval_asked_at is not None, trace.approval_shown
    with legs.following(trace, to="draft"):
        wait_no_more(trace)
        yield
    if was_asked and rule_of(trace.owner_state) == "own":
        _ask(actor, trace, shown)


def wait_no_more(trace: Trace) -> None:
    """Let a draft wait for nobody, as if nobody had been asked; no command of its own."""
    trace.approval_asked_at = trace.approval_shown = None


def approve(actor: Actor, trace: Trace) -> None:
    """Let a draft be sent, and notify who leads traces; no command of its own."""
    with legs.following(trace, to="approved"):
        trace.approval_shown = as_shown(trace)
        trace.declined_shown = None
        _approve(actor, trace, "own")
    _tell_askers(actor, trace, "trace_approved")


def _approve(actor: Actor, trace: Trace, kind: str) -> None:
    trace.approval, trace.approved_at = kind, actor.now()
    trace.approved_by = actor.account_id if kind == "own" else None
    db.session.flush()


def decline(actor: Actor, trace: Trace, text: str) -> None:
    """Let a draft wait for nobody, and notify who leads traces of the reason; no command of its own."""
    with legs.following(trace, to="draft"):
        wait_no_more(trace)
        trace.declined_shown = as_shown(trace)
    conversations.keep(actor, [Word("trace", trace.id, DECLINED, {"text": text})])
    _tell_askers(actor, trace, "trace_declined")


def check_waiting(actor: Actor, trace: Trace) -> None:
    """Check a draft that waits, after it was kept from agencies: whether somebody may still approve it.

    One that the state wants nobody to approve any more waits no more. No command of its own.
    """
    if trace.status != "draft" or trace.approval_asked_at is None:
        return
    if is_asked(trace):
        _tell_where_nobody_may(actor, trace)
    else:
        _ask_anew(actor, trace)


def _tell_askers(actor: Actor, trace: Trace, code: str) -> None:
    own = trace.owner_state
    notify_many(actor, [Notice(own, ASKERS, code, "trace", trace.id, own, trace.case_number,
                               {"by": own})])  # fmt: skip


def _tell_where_nobody_may(actor: Actor, trace: Trace) -> None:
    """Tell who leads a trace that waits for a person of the own state where there is none who may."""
    if not count_approvers(hidings.of(trace.id)):
        _tell_askers(actor, trace, "trace_unapprovable")


def _tell_changed(actor: Actor, trace: Trace) -> None:
    """Tell who leads a trace, and who is asked to approve it, that its gun is described anew."""
    own = trace.owner_state
    notify_many(actor, [Notice(own, (*ASKERS, *APPROVERS), "trace_changed", "trace", trace.id, own,
                               trace.case_number)])  # fmt: skip


def _ask(actor: Actor, trace: Trace, shown: dict[str, Any] | None = None) -> None:
    """Ask a second person; `shown` is what was shown to the one who was asked before, if any."""
    trace.approval_shown = shown or as_shown(trace)
    with legs.following(trace, to="draft"):
        trace.approval_asked_at = actor.now()
    own = trace.owner_state
    notify_many(actor, [Notice(own, APPROVERS, "trace_to_approve", "trace", trace.id, own,
                               trace.case_number)])  # fmt: skip
    _tell_where_nobody_may(actor, trace)
    append(actor, Act(Action.TRACE_APPROVAL_ASKED, "trace", trace.id))
