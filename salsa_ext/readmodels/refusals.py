"""Traces that a second person declined: who said so, and whether it was sent all the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from salsa_ext.models import Trace
from salsa_ext.policy.release import FOR_APPROVERS
from salsa_ext.readmodels.approvals import DECLINES, as_shown, differences
from salsa_ext.readmodels.requests import MessageView

BY_PERSONS: Final = ("own", "partner")
"""How a second person approved it; `alone` is nobody's word."""


def shown_to(trace: Trace, by: str) -> dict[str, Any]:
    """Return what a second person of the own state, or of a partner, declines who declines a draft."""
    shown = as_shown(trace)
    return shown if by == trace.owner_state else {name: shown[name] for name in FOR_APPROVERS}


def is_declined(trace: Trace) -> bool:
    """Tell whether a second person declined what a trace asks, and none approved it since.

    A draft that asks something else by now was not declined. Once it is sent, it says as it was then.
    """
    if trace.declined_shown is None:
        return False
    return trace.sent_at is not None or not differences(trace.declined_shown, as_shown(trace))


def refusal(trace: Trace, notes: Sequence[MessageView]) -> MessageView | None:
    """Return the last word of a second person that declined a trace as it is.

    A partner of whom nobody is left who may approve says no why, and declined nothing.
    """
    if not is_declined(trace):
        return None
    said = (one for one in reversed(notes) if one.kind in DECLINES and one.data["text"])
    return next(said, None)
