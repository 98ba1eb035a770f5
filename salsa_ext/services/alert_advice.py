"""What somebody does who met an alert: in words, and never on the hit alone."""

from __future__ import annotations

from typing import Final

from salsa_ext.errors import Coded, Message, say
from salsa_ext.services.hits import Made
from salsa_ext.values.codes import ALERT_ACTIONS

COMPARE: Final = "compare"


def rank(hit: Made) -> tuple[bool, int, str]:
    """Order hits of one gun: what is sure before what is possible, then what binds most."""
    return hit.strength != "strong", ALERT_ACTIONS.index(hit.action), str(hit.id)


def of(hit: Made) -> tuple[str, Message]:
    """Return the action of a hit and what it means; a possible one is compared first."""
    state = Coded("state", hit.alert_state)
    if hit.strength != "strong":
        return COMPARE, say("It may be the gun of an alert of {state}: compare marks, make, model and calibre,"
                            " and call {state} before you do anything else.",
                            state=state)  # fmt: skip
    return hit.action, Message(_TEXTS[hit.action].text, {"state": state})


_TEXTS: Final = {
    "seize": say("Hold the gun and call {state}, which asks to seize it. This hit alone is no ground: seize it"
                 " once {state} has confirmed the hit, and by your own law."),
    "hold_and_call": say("Hold the gun and call {state}, which has an alert on it. This hit alone is no ground:"
                         " do nothing more until {state} has confirmed it."),
    "inform_only": say("{state} asks to be told of this gun, and has been. Do not hold it for that: this hit"
                       " alone is no ground."),
}  # fmt: skip
