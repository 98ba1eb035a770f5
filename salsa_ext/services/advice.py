"""What to do with what a check found: what is reported of the gun, in which words, and whom to call."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from salsa_ext.errors import Coded, Message, say
from salsa_ext.matching.evidence import CERTAIN
from salsa_ext.matching.marks import skeleton
from salsa_ext.readmodels.crowds import Candidate, contradict
from salsa_ext.readmodels.marks import Held
from salsa_ext.readmodels.search import MARGIN

REPORTED: Final = {
    "theft": say("Reported stolen by {state}."),
    "loss": say("Reported lost by {state}."),
    "destruction": say("Recorded as destroyed by {state}: it should not exist any more."),
    "deactivation": say("Recorded as deactivated by {state}: it should not fire any more."),
    "seized": say("Seized before: {state} has the record."),
    "found": say("Found before: {state} has the record."),
    "surrendered": say("Surrendered before: {state} has the record."),
    "surrender": say("Reported surrendered by {state}."),
    "recovery": say("Reported recovered by {state}."),
}
"""Events that are told of a gun, what weighs most for an officer first."""
MISSING: Final = ("theft", "loss")
CALL: Final = say("Compare the gun with the record, then call the state that holds it.")
OWN: Final = say("Compare the gun with the record, which your own state holds.")
UNSEEN: Final = say("A state holds something of this serial and lets only its office say what: call it, and"
                    " let it compare the gun.")  # fmt: skip
MAY_BE_UNSEEN: Final = say("A state may hold something of this gun and lets only its office say what: ask it"
                           " before you act.")  # fmt: skip
COMPARE: Final = say("Compare make, model and calibre with the record before you act.")
NONE: Final = say("Not in the records searched; that does not make it lawful.")


@dataclass(frozen=True)
class Reported:
    """The event by which a gun is known to be stolen, lost, seized and so on, and who says so."""

    event: str
    state: str

    @property
    def text(self) -> Message:
        """Return it in words."""
        return Message(REPORTED[self.event].text, {"state": Coded("state", self.state)})


@dataclass(frozen=True)
class Advice:
    """What to do, in words, and the states to call, the one to call first in front."""

    action: str
    text: Message
    states: Sequence[str] = ()
    reported: Reported | None = None


def shown(found: Iterable[Candidate], most: int) -> list[Candidate]:
    """Return the candidates that are shown: none below what is possible, events that are told first of equals.

    What may not be read is placed as it was found, last among equals. What `stays` is shown however
    many are before it.
    """
    worth = [one for one in found if one.evidence.is_worth_a_look]
    worth.sort(key=lambda one: (-one.evidence.bits, not is_told(one)))
    return worth[:most] + [one for one in worth[most:] if stays(one)]


def stays(one: Candidate) -> bool:
    """Tell what no list may leave out: the very mark, and that a gun is missed or was seized."""
    return is_told(one) or one.evidence.near.kind in CERTAIN


def left_out(found: Iterable[Candidate], seen: Sequence[Candidate]) -> int:
    """Return how many candidates are worth a look beside those that are shown."""
    return sum(one.evidence.is_worth_a_look for one in found) - len(seen)


def of(verdict: str, seen: Sequence[Candidate], asker: str | None) -> Advice:
    """Return what to do about what an answer shows; offices of the asker's own state stand last.

    Whom to call first is of what makes the verdict, or nobody where the own state alone holds that.
    """
    if verdict == "no_hit":
        return Advice("none", NONE)
    bearing = _bearing(verdict, seen)
    reported = _reported(bearing)
    first = [reported, *bearing] if reported else bearing
    is_others = any(one.held.state != asker for one in bearing)
    states = _to_call([*first, *seen], asker) if is_others else []
    told = Reported(reported.held.event, reported.held.state) if reported else None
    return Advice(*_said(verdict, bearing, states), states, told)


def _said(
    verdict: str, bearing: Sequence[Candidate], states: Collection[str]
) -> tuple[str, Message]:
    if not any(one.is_open for one in bearing):
        return "call_owner", UNSEEN if verdict == "hit" else MAY_BE_UNSEEN
    if verdict == "possible":
        return "compare", COMPARE
    return ("call_owner", CALL) if states else ("compare", OWN)


def _bearing(verdict: str, seen: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that make the verdict; the records of one gun differ a little."""
    if verdict == "hit":
        return [one for one in seen if one.evidence.strength == "strong"]
    best = max((one.evidence.bits for one in seen), default=0.0)
    return [one for one in seen if one.evidence.bits >= best - MARGIN]


def is_told(one: Candidate) -> bool:
    """Tell whether a record says that its gun is missed, was seized, or the like, and may be read."""
    return one.is_open and one.held.event in REPORTED


def _reported(bearing: Sequence[Candidate]) -> Candidate | None:
    """Return what is reported of the gun: that it is missed, unless that very gun was recovered since."""
    told = [one for one in bearing if is_told(one) and not one.held.is_superseded]
    recovered = [one.held for one in told if one.held.event == "recovery"]
    standing = [
        one for one in told
        if one.held.event not in MISSING or not any(_ends(back, one.held) for back in recovered)
    ]  # fmt: skip
    weight = list(REPORTED)
    return min(standing, key=lambda one: weight.index(one.held.event), default=None)


def _ends(recovered: Held, missed: Held) -> bool:
    """Tell whether a recovery is of the gun that was missed: one that is only near may be another's."""
    is_same = skeleton(recovered.serial_norm) == skeleton(missed.serial_norm)
    is_later = recovered.occurred_on >= missed.occurred_on
    return is_later and is_same and not contradict(recovered, missed)


def _to_call(found: Iterable[Candidate], asker: str | None) -> list[str]:
    """Return the states that hold something, each once; the asker's own last."""
    states = dict.fromkeys(one.held.state for one in found)
    return sorted(states, key=lambda state: state == asker)
