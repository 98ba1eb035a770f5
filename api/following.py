"""From where a reader of events goes on: sealed, since the place itself says how much else went on."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Final

from api.vault import vault
from salsa_ext.errors import Invalid, NotConfigured, say
from salsa_ext.readmodels.board_events import Mark
from salsa_ext.values.actor import Actor

BLOCK: Final = 1024
"""To a multiple of so many bytes each is filled up: how long it is says nothing either."""


def written(actor: Actor, code: str, mark: Mark) -> str:
    """Return a mark as a reader of a post's events has it."""
    said = json.dumps([mark.since, mark.upto, mark.beyond, mark.at.isoformat()])
    whole = said.ljust(-(-len(said) // BLOCK) * BLOCK)
    return base64.urlsafe_b64encode(vault().seal(whole.encode(), _name(actor, code))).decode()


def read(actor: Actor, code: str, text: str) -> Mark:
    """Return the mark that a reader was given; raises Invalid for what is none of his."""
    try:
        sealed = base64.b64decode(text, altchars=b"-_", validate=True)
        said = json.loads(vault().open(sealed, _name(actor, code)))
    except (binascii.Error, ValueError, NotConfigured):
        wrong = say("This is no `after` of these events; begin without one.")
        raise Invalid({"after": [wrong]}) from None
    since, upto, beyond, at = said
    return Mark(since, upto, beyond, datetime.fromisoformat(at))


def _name(actor: Actor, code: str) -> str:
    return f"events of {code} for {actor.state}"
