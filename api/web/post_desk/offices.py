"""Whom to call in a state from a barrier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from api.schemas.checks import ContactResponse
from salsa_ext.readmodels import contacts
from salsa_ext.readmodels.contacts import AT_POST
from salsa_ext.values.actor import Actor

MOST: Final = 200


def offices_of(actor: Actor, state: str, post: str) -> Sequence[dict[str, Any]]:
    """Return the offices of a state that are called from a post: those of who stands there first."""
    here = contacts.placed_at(state, post)
    found = contacts.list_contacts(actor, {"state": state}, MOST, None).items
    called = sorted(
        (one for one in found if one.kind in AT_POST),
        key=lambda one: (one.agency not in here, AT_POST.index(one.kind)),
    )
    said: list[dict[str, Any]] = ContactResponse(many=True).dump(called)
    return said
