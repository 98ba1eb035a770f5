"""Traces that a second person declined: who said so, and whether it was sent all the same."""

from __future__ import annotations

from collections.abc import Sequence

from salsa_ext.models import Trace
from salsa_ext.readmodels.approvals import DECLINE, as_shown, differences
from salsa_ext.readmodels.requests import MessageView


def is_declined(trace: Trace) -> bool:
    """Tell whether a second person declined what a trace asks, and none approved it since.

    A draft that asks something else by now was not declined. Once it is sent, it says as it was then.
    """
    if trace.declined_shown is None:
        return False
    return trace.sent_at is not None or not differences(trace.declined_shown, as_shown(trace))


def refusal(trace: Trace, notes: Sequence[MessageView]) -> MessageView | None:
    """Return the last word of a second person that declined a trace as it is."""
    if not is_declined(trace):
        return None
    return next((one for one in reversed(notes) if one.kind == DECLINE), None)
