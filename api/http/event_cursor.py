"""Sealed cursors of board events; the position would reveal other activity."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Final

from salsa_ext.boards.events import EventCursor
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, NotConfigured, message

PADDING: Final = 1024
"""To a multiple of so many bytes each is filled up: how long it is says nothing either."""


def encode_cursor(actor: Actor, code: str, mark: EventCursor) -> str:
    """Encode a position as sealed and padded cursor text."""
    position = json.dumps([mark.since, mark.upto, mark.after_id, mark.at.isoformat()])
    whole = position.ljust(-(-len(position) // PADDING) * PADDING)
    return base64.urlsafe_b64encode(
        actor.vault.seal(whole.encode(), _purpose(actor, code))
    ).decode()


def decode_cursor(actor: Actor, code: str, text: str) -> EventCursor:
    """Decode a cursor; raises Invalid for one of another reader."""
    try:
        sealed = base64.b64decode(text, altchars=b"-_", validate=True)
        position = json.loads(actor.vault.open(sealed, _purpose(actor, code)))
    except (binascii.Error, ValueError, NotConfigured):
        wrong = message("This is no `after` of these events; begin without one.")
        raise Invalid({"after": [wrong]}) from None
    since, upto, beyond, at = position
    return EventCursor(since, upto, beyond, datetime.fromisoformat(at))


def _purpose(actor: Actor, code: str) -> str:
    return f"events of {code} for {actor.state}"
