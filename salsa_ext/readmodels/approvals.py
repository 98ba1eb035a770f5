"""Second persons for traces: what a state wants, and what other states ask of the own one's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select

from salsa_ext.db import db
from salsa_ext.errors import Coded, Message, NotFound, say
from salsa_ext.models import Account, Outbox, Trace, TraceApproval, TraceMessage
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import RULES, require
from salsa_ext.readmodels import settings
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.readmodels.requests import MessageView
from salsa_ext.values.actor import Actor
from salsa_ext.values.settings import THREE

APPROVING: Final = tuple(role for role, may in RULES.items() if Permission.TRACE_APPROVE in may)


ASKED: Final = (
    "case_number", "priority", "priority_reason", "legal_basis", "illicit_reason", "circumstances",
    "intended_use", "needed_by", "confidentiality_requested", "found_on",
)  # fmt: skip
OF_GUN: Final = {
    "type": ("type", "type_text"), "make": ("make_text",), "model": ("model",),
    "calibre": ("calibre_text",), "serial": ("serial",), "marking": ("marking",),
    "country_of_manufacture": ("country_of_manufacture",), "year": ("year",),
    "importer_mark": ("importer_mark",), "category": ("category",), "part_kind": ("part_kind",),
    "origin_kind": ("origin_kind",), "quantity": ("quantity",), "unit": ("unit",), "lot": ("lot",),
    "headstamp": ("headstamp",), "hs_code": ("hs_code",), "antique": ("antique",),
}  # fmt: skip
"""What a second person of the own state is shown of a gun, by what of it says that: all that letters say."""
DECLINES: Final = ("decline", "approval_decline")
OWN_UNABLE: Final = say("Nobody is left in your state who may approve this trace. Let an account of a"
                        " supervisor be opened in an agency that it is not kept from, or keep it from"
                        " fewer agencies.")  # fmt: skip


@dataclass(frozen=True)
class Change:
    """A field of a draft that says something else than what a second person was shown."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Rule:
    """Who approves a state's traces by now: see TRACE_APPROVALS; `partner` is the state that does."""

    kind: str
    partner: str | None = None


def list_approvals(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[TraceApproval]:
    """Return a page of the traces that other states ask yours to approve, newest first."""
    require(actor, Permission.TRACE_APPROVE)
    query = select(TraceApproval)
    for name in ("status", "asking_state"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(TraceApproval, name) == value)
    return page(query, TraceApproval.id, limit, cursor)


def get_approval(actor: Actor, approval_id: UUID) -> TraceApproval:
    """Return one trace that another state asks yours to approve; raises NotFound."""
    require(actor, Permission.TRACE_APPROVE)
    return read(approval_id)


def version(actor: Actor, approval_id: UUID) -> int:
    """Return the version that stands, for If-Match; raises NotFound."""
    return read(approval_id).version


def read(approval_id: UUID) -> TraceApproval:
    """Return one of the own state, for a command that just decided it."""
    found = db.session.get(TraceApproval, approval_id, populate_existing=True)
    if found is None:
        raise NotFound("approval", approval_id)
    return found


def as_shown(trace: Trace) -> dict[str, Any]:
    """Return what a second person of the own state is shown of a draft, as it is kept."""
    asked = {name: getattr(trace, name) for name in ASKED}
    gun = trace.firearm
    said = {field: next((gun[name] for name in names if gun.get(name)), None)
            for field, names in OF_GUN.items()}  # fmt: skip
    said["quantity"] = float(said["quantity"]) if said["quantity"] else None
    days = {name: day.isoformat() for name, day in asked.items() if isinstance(day, date)}
    return asked | days | said | {"marks": gun["marks"]}


def as_asked(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a partner's second person is shown of what a letter said: that it cannot wait, never why."""
    shown = {name: value for name, value in said.items() if name != "priority_reason"}
    if "changed" in shown:
        shown["changed"] = [one for one in shown["changed"] if one["field"] != "priority_reason"]
    return {"urgency_justified": said.get("priority_reason") is not None} | shown


def changes_of(trace: Trace) -> list[Change]:
    """Return what of a draft is another than what the second person was last shown, or approved."""
    return (
        [] if trace.approval_shown is None else differences(trace.approval_shown, as_shown(trace))
    )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Return the fields that say something else than before; what was not shown then is left out."""
    return [Change(name, before[name], value) for name, value in after.items()
            if name in before and before[name] != value]  # fmt: skip


def approvers() -> list[str]:
    """Return the agency of each person of the own state who may approve a trace."""
    mine = select(Account.agency).where(Account.is_active, Account.role.in_(APPROVING))
    return [*db.session.scalars(mine)]


def count_approvers(kept_from: Collection[str] = ()) -> int:
    """Return how many persons of the own state may approve a trace, of other agencies than these."""
    return sum(agency not in kept_from for agency in approvers())


def rule_of(state: str) -> Rule:
    """Return who approves the traces of a state: with three persons of its own, one of them.

    They count whatever is kept from them, or whoever hides a trace from one did without a second person.
    """
    wanted = settings.standing(state).settings
    if wanted.trace_approval in ("partner", "alone") and count_approvers() >= THREE:
        return Rule("own")
    partner = wanted.trace_approver if wanted.trace_approval == "partner" else None
    return Rule(wanted.trace_approval, partner)


def partners(of_them: ColumnElement[bool]) -> Select[str]:
    """Return the query of the states that were ever asked to approve some of the own state's traces."""
    sent = and_(Outbox.owner_state == TraceMessage.owner_state,
                Outbox.id == TraceMessage.envelope_id)  # fmt: skip
    asked = select(Outbox.recipient).join(TraceMessage, sent)
    of_trace = asked.join(Trace, Trace.id == TraceMessage.subject_id)
    return of_trace.where(of_them, TraceMessage.kind == "approval_ask").distinct()


def declined(trace: Trace, notes: Sequence[MessageView]) -> MessageView | None:
    """Return the last word of a second person that did not approve a draft which waits for none."""
    if trace.status != "draft" or trace.approval_asked_at is not None:
        return None
    return next((one for one in reversed(notes) if one.kind in DECLINES), None)


def unapprovable(
    drafts: Sequence[Trace], kept_from: Mapping[UUID, Sequence[str]],
    notes: Mapping[UUID, Sequence[MessageView]],
) -> dict[UUID, list[Message]]:  # fmt: skip
    """Return what to do for each draft for which nobody is left who may approve it, here or with a partner."""
    waiting = [trace for trace in drafts if _waits_here(trace)]
    able = {*approvers()} if waiting else set()
    lost = {trace.id: [OWN_UNABLE] for trace in waiting if able <= {*kept_from[trace.id]}}
    for trace in drafts:
        last = declined(trace, notes.get(trace.id, ()))
        if last and last.kind == "approval_decline" and not last.data["text"]:
            lost[trace.id] = [_lost_at(last.sender)]
    return lost


def _lost_at(partner: str) -> Message:
    return say("Nobody is left in {state} who may approve this trace. Let a supervisor of your own state"
               " approve it, keep it from fewer agencies there, or name another partner in the"
               " settings.", state=Coded("state", partner))  # fmt: skip


def _waits_here(trace: Trace) -> bool:
    """Tell whether a draft waits for a second person of the own state."""
    is_asked = trace.status == "draft" and trace.approval_asked_at is not None
    return is_asked and trace.approved_in is None
