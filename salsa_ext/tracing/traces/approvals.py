"""Approval of traces by a second person of the own state."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import AuditEvent, append, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import Account
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import ROLE_PERMISSIONS
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Message, message
from salsa_ext.database.session import db
from salsa_ext.disclosure import restrictions
from salsa_ext.notifications.commands import notify
from salsa_ext.reference import state_settings
from salsa_ext.reference.state_settings import ENOUGH_APPROVERS
from salsa_ext.tracing.requests import message_log
from salsa_ext.tracing.requests.message_log import MessageEntry, MessageView
from salsa_ext.tracing.traces import legs
from salsa_ext.tracing.traces.models import Trace

ALREADY_REQUESTED: Final = message("A second person was asked already to approve this trace.")


def may_send(actor: Actor, trace: Trace, acts: Sequence[AuditEvent] = ()) -> bool:
    """Return whether a trace may be sent; otherwise request its approval.

    Where an approval is required, `acts` are audited before it.

    The calling command has required its permission. A state that approves alone audits that. A
    request under a rule changed since is dropped. Raises Conflict where approval is requested
    already.
    """
    if trace.status == "approved":
        return True
    if is_pending(trace):
        raise Conflict(ALREADY_REQUESTED)
    if trace.approval_requested_at is not None:
        clear_pending(trace)
        db.session.flush()
    rule = approval_rule(trace.owner_state)
    if rule == "none":
        return True
    db.session.flush()  # it may be just drafted
    append_many(actor, acts)
    if rule == "alone":
        _approve(actor, trace, "alone")
        append(actor, AuditEvent(Action.TRACE_UNAPPROVED, "trace", trace.id))
        return True
    _request_approval(actor, trace)
    return False


def is_pending(trace: Trace) -> bool:
    """Return whether a draft waits for the approval required now."""
    is_waiting = trace.status == "draft" and trace.approval_requested_at is not None
    return is_waiting and approval_rule(trace.owner_state) == "own"


@contextmanager
def redescribing(actor: Actor, trace: Trace) -> Iterator[None]:
    """Update an unsent trace after a new description in the block; its approval may lapse."""
    before = {name: getattr(trace, name) for name in ("firearm", "found_on")}
    snapshot = approval_snapshot(trace)
    yield
    db.session.flush()
    db.session.refresh(trace)  # compared as it is stored, with JSON values alone
    changed = [name for name, value in before.items() if getattr(trace, name) != value]
    if not changed:
        return
    append(actor, AuditEvent(Action.TRACE_AMENDED, "trace", trace.id, data={"changed": changed}))
    is_other = approval_snapshot(trace) != snapshot
    if is_other and trace.approval == "own":
        _request_again(actor, trace)
        return
    legs.update_status(trace, status=trace.status)
    if is_other and trace.approval_requested_at is not None:
        notify(actor, trace.owner_state, "trace_changed", trace)


def _request_again(actor: Actor, trace: Trace) -> None:
    """Revoke an approval or its request, and request it again if the state requires it."""
    earlier = trace.approval_snapshot
    clear_pending(trace)
    trace.approval = trace.approved_at = trace.approved_by = None
    legs.update_status(trace, status="draft")
    notify(actor, trace.owner_state, "approval_lapsed", trace, by=trace.owner_state)
    if approval_rule(trace.owner_state) == "own":
        _request_approval(actor, trace, earlier)


@contextmanager
def amending(actor: Actor, trace: Trace) -> Iterator[None]:
    """Amend a draft in the block; a pending approval is requested again. Requires no permission of its own."""
    was_requested, earlier = trace.approval_requested_at is not None, trace.approval_snapshot
    clear_pending(trace)
    yield
    legs.update_status(trace, status="draft")
    if was_requested and approval_rule(trace.owner_state) == "own":
        _request_approval(actor, trace, earlier)


def clear_pending(trace: Trace) -> None:
    """Clear the pending approval of a draft."""
    trace.approval_requested_at = trace.approval_snapshot = None


def approve(actor: Actor, trace: Trace) -> None:
    """Mark a draft as approved, and notify the trace analysts. Requires no permission of its own."""
    trace.approval_snapshot = approval_snapshot(trace)
    trace.declined_snapshot = None
    _approve(actor, trace, "own")
    legs.update_status(trace, status="approved")
    notify(actor, trace.owner_state, "trace_approved", trace, by=trace.owner_state)


def _approve(actor: Actor, trace: Trace, kind: str) -> None:
    trace.approval, trace.approved_at = kind, actor.now()
    trace.approved_by = actor.account_id if kind == "own" else None
    db.session.flush()


def decline(actor: Actor, trace: Trace, text: str) -> None:
    """Mark a draft as declined, and notify the trace analysts. Requires no permission of its own."""
    clear_pending(trace)
    trace.declined_snapshot = approval_snapshot(trace)
    legs.update_status(trace, status="draft")
    message_log.store(actor, [MessageEntry("trace", trace.id, message_log.DECLINE, {"text": text})])
    notify(actor, trace.owner_state, "trace_declined", trace, by=trace.owner_state)


def check_waiting(actor: Actor, trace: Trace) -> None:
    """Check whether a waiting draft can still be approved, after its restrictions changed."""
    if trace.status != "draft" or trace.approval_requested_at is None:
        return
    if is_pending(trace):
        _notify_without_approver(actor, trace)
    else:
        _request_again(actor, trace)


def _notify_without_approver(actor: Actor, trace: Trace) -> None:
    """Notify the trace analysts of a waiting draft without any possible approver."""
    if not count_approvers(restrictions.list_restricted(trace.id)):
        notify(actor, trace.owner_state, "trace_unapprovable", trace, by=trace.owner_state)


def _request_approval(actor: Actor, trace: Trace, snapshot: dict[str, Any] | None = None) -> None:
    """Request approval; `snapshot` is that of an earlier request, if any."""
    trace.approval_snapshot = snapshot or approval_snapshot(trace)
    trace.approval_requested_at = actor.now()
    legs.update_status(trace, status="draft")
    notify(actor, trace.owner_state, "trace_to_approve", trace)
    _notify_without_approver(actor, trace)
    append(actor, AuditEvent(Action.TRACE_APPROVAL_ASKED, "trace", trace.id))


APPROVING_ROLES: Final = tuple(
    role for role, may in ROLE_PERMISSIONS.items() if Permission.TRACE_APPROVE in may
)
APPROVAL_FIELDS: Final = tuple(
    "case_number priority priority_reason legal_basis illicit_reason circumstances intended_use"
    " needed_by confidentiality_requested found_on".split()
)
FIREARM_FIELDS: Final = tuple(
    "type make model calibre serial marking country_of_manufacture year importer_mark category"
    " part_kind origin_kind quantity unit lot headstamp hs_code antique".split()
)
"""Fields of a gun shown to an approver."""
TEXT_FIELDS: Final = {
    "type": ("type", "type_text"),
    "make": ("make_text",),
    "calibre": ("calibre_text",),
}
"""Where a field of a gun is not read by its own name."""
NO_APPROVER: Final = message(
    "Nobody in your state may approve this trace. Ask for a supervisor's account in an agency"
    " that may see it, or restrict access for fewer agencies."
)


@dataclass(frozen=True)
class FieldChange:
    """A field of a draft changed since an approver saw it."""

    field: str
    before: Any
    after: Any


def approval_snapshot(trace: Trace) -> dict[str, Any]:
    """Return the fields of a draft shown to an approver, as stored."""
    fields = {name: getattr(trace, name) for name in APPROVAL_FIELDS}
    days = {name: day.isoformat() for name, day in fields.items() if isinstance(day, date)}
    gun: dict[str, Any] = {}
    for field in FIREARM_FIELDS:
        values = (trace.firearm.get(name) for name in TEXT_FIELDS.get(field, (field,)))
        gun[field] = next(filter(None, values), None)
    gun["quantity"] = float(gun["quantity"]) if gun["quantity"] else None
    return fields | days | gun | {"marks": trace.firearm["marks"]}


def changes_since_request(trace: Trace) -> list[FieldChange]:
    """Return the changes of a draft since approval was requested or given."""
    before = trace.approval_snapshot
    return [] if before is None else changed_fields(before, approval_snapshot(trace))


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """Return the fields that differ; those absent before are left out."""
    return [
        FieldChange(name, before[name], value)
        for name, value in after.items()
        if name in before and before[name] != value
    ]


def approver_agencies() -> list[str]:
    """Return the agency of each own account that may approve traces."""
    accounts = select(Account.agency).where(Account.is_active, Account.role.in_(APPROVING_ROLES))
    return [*db.session.scalars(accounts)]


def count_approvers(restricted: Collection[str] = ()) -> int:
    """Return how many own accounts outside restricted agencies may approve traces."""
    return sum(agency not in restricted for agency in approver_agencies())


def approval_rule(state: str) -> str:
    """Return a state's rule of TRACE_APPROVALS; restricted agencies count as approvers too."""
    rule = state_settings.load_settings(state).settings.trace_approval
    return "own" if rule == "alone" and count_approvers() >= ENOUGH_APPROVERS else rule


def last_decline(trace: Trace, notes: Sequence[MessageView]) -> MessageView | None:
    """Return the last decline of a draft without a pending approval."""
    if trace.status != "draft" or trace.approval_requested_at is not None:
        return None
    return _last_decline(notes)


def without_approver(
    drafts: Sequence[Trace], restricted: Mapping[UUID, Sequence[str]]
) -> dict[UUID, list[Message]]:
    """Return advice for each waiting draft without any possible approver."""
    waiting = [
        trace
        for trace in drafts
        if trace.status == "draft" and trace.approval_requested_at is not None
    ]
    able = {*approver_agencies()} if waiting else set()
    return {trace.id: [NO_APPROVER] for trace in waiting if able <= {*restricted[trace.id]}}


def is_declined(trace: Trace) -> bool:
    """Return whether a trace is declined as it is, and not approved."""
    if trace.declined_snapshot is None:
        return False
    return trace.sent_at is not None or not changed_fields(
        trace.declined_snapshot, approval_snapshot(trace)
    )


def current_decline(trace: Trace, notes: Sequence[MessageView]) -> MessageView | None:
    """Return the last decline of a trace as it is, or None."""
    return _last_decline(notes) if is_declined(trace) else None


def _last_decline(notes: Sequence[MessageView]) -> MessageView | None:
    return next((note for note in reversed(notes) if note.kind == message_log.DECLINE), None)
