"""Notices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from salsa_ext.core.actor import Actor
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.values import Notice
from salsa_ext.trade.permits.models import Permit

PERMIT_RECIPIENTS: Final = ("licensing_officer",)


def notify_states(actor: Actor, permits: Iterable[Permit], code: str) -> None:
    """Notify the other states concerned of a change to permits.

    Model Regulations 9.8; `code` is the notification's code.
    """
    notify_many(
        actor,
        [
            Notice(
                state,
                PERMIT_RECIPIENTS,
                code,
                "permit",
                permit.id,
                permit.owner_state,
                permit.number,
            )
            for permit in permits
            for state in permit.concerned
            if state != actor.state
        ],
    )
