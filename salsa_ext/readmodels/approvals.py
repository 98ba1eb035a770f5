"""Approval of traces by a second person of the own state: whether one is wanted, and what he is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.errors import Message, say
from salsa_ext.models import Account, Trace
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import RULES
from salsa_ext.readmodels import settings
from salsa_ext.readmodels.requests import MessageView
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
DECLINE: Final = "decline"
OWN_UNABLE: Final = say("Nobody is left in your state who may approve this trace. Let an account of a"
                        " supervisor be opened in an agency that it is not kept from, or keep it from"
                        " fewer agencies.")  # fmt: skip


@dataclass(frozen=True)
class Change:
    """A field of a draft that says something else than what a second person was shown."""

    field: str
    before: Any
    after: Any


def as_shown(trace: Trace) -> dict[str, Any]:
    """Return what a second person of the own state is shown of a draft, as it is kept."""
    asked = {name: getattr(trace, name) for name in ASKED}
    gun = trace.firearm
    said = {field: next((gun[name] for name in names if gun.get(name)), None)
            for field, names in OF_GUN.items()}  # fmt: skip
    said["quantity"] = float(said["quantity"]) if said["quantity"] else None
    days = {name: day.isoformat() for name, day in asked.items() if isinstance(day, date)}
    return asked | days | said | {"marks": gun["marks"]}


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


def rule_of(state: str) -> str:
    """Return whether a state's traces are approved: see TRACE_APPROVALS.

    A state with three persons who may approve does not do so alone, whatever is kept from them.
    """
    wanted = settings.standing(state).settings.trace_approval
    return "own" if wanted == "alone" and count_approvers() >= THREE else wanted


def declined(trace: Trace, notes: Sequence[MessageView]) -> MessageView | None:
    """Return the last word of a second person that did not approve a draft which waits for none."""
    if trace.status != "draft" or trace.approval_asked_at is not None:
        return None
    return next((one for one in reversed(notes) if one.kind == DECLINE), None)


def unapprovable(
    drafts: Sequence[Trace], kept_from: Mapping[UUID, Sequence[str]]
) -> dict[UUID, list[Message]]:
    """Return what to do for each draft for which nobody is left who may approve it."""
    waiting = [one for one in drafts if one.status == "draft" and one.approval_asked_at is not None]
    able = {*approvers()} if waiting else set()
    return {trace.id: [OWN_UNABLE] for trace in waiting if able <= {*kept_from[trace.id]}}
