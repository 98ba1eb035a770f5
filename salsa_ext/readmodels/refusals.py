"""Traces that a second person declined: who said so, and whether it was sent all the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from salsa_ext.models import Trace
from salsa_ext.readmodels.approvals import DECLINES
from salsa_ext.readmodels.requests import MessageView

BY_PERSONS: Final = ("own", "partner")
"""How a second person approved it; `alone` is nobody's word."""


def refusal(trace: Trace, notes: Sequence[MessageView]) -> MessageView | None:
    """Return the last word of a second person that declined a trace which none approved since.

    A partner of whom nobody is left who may approve says no why, and declined nothing.
    """
    if trace.approval in BY_PERSONS:
        return None
    said = (one for one in reversed(notes) if one.kind in DECLINES and one.data["text"])
    return next(said, None)
