"""From what states said of one gun to its chain, its last lawful point and its diversion; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from salsa_ext.errors import Message, say
from salsa_ext.matching.claims import Objection, objections
from salsa_ext.matching.custody import left_custody
from salsa_ext.matching.diversion import diversion_after
from salsa_ext.matching.events import ALERT, ENDS, LAWFUL, Event, place, side
from salsa_ext.matching.guns import apart, guns
from salsa_ext.matching.missing import circling, is_legible, telling_apart, undescribed
from salsa_ext.matching.other_guns import of_others
from salsa_ext.matching.requests import OPEN, SILENT, WAITING
from salsa_ext.matching.sales import first_sales

REACHED: Final = {
    "manufacture": "manufacturer", "import": "importer", "domestic_sale": "first_buyer",
}  # fmt: skip
SHIPPED_BY: Final = {"manufacturer": "manufacturer", "dealer": "dealer", None: None}
"""Whom a chain reached that ends with an export, by who gave the gun: whether it came is not known."""


AFTER: Final = say("Recorded for a day after the gun was found: another gun, or a wrong record.")


RECORDS_KEPT: Final = 20
"""Years for which states keep their records of guns at the least (International Tracing Instrument IV, 12)."""
LACKING: Final = dict.fromkeys(WAITING, say("The answer of {state}.")) | {
    "clarification": say("The answer of {state}, which asks something first: reply to it."),
    "partial": say("What {state} left out of its answer."),
    "refused": say("The answer of {state}, which refused."),
    "forwarded": say("The answer of the state that {state} named."),
    "withdrawn": say("The answer of {state}: it had given none when the request was withdrawn."),
}
"""What is missing of a state, by the status of its leg."""
UNSENT: Final = dict.fromkeys(
    WAITING, say("The answer of {state}: its form is to be sent yet.")
) | {
    "withdrawn": say("The answer of {state}: its form was not sent before the trace ended."),
}
"""What is missing of a state whose form did not go out, by the same."""


@dataclass(frozen=True)
class Leg:
    """What one asked state has said so far; one that takes no part is asked by another channel.

    `failure_reason` is why it knows no more, as it says; `is_late` where it said nothing in its time.
    `until` is the day to which it put its answer off, `names` the state that it named instead.
    `is_to_send` where its form by another channel did not go out yet.
    """

    state: str
    status: str
    events: Sequence[Event] = ()
    takes_part: bool = True
    failure_reason: str | None = None
    is_late: bool = False
    until: str | None = None
    names: str | None = None
    is_to_send: bool = False


@dataclass
class Result:
    """The result of a trace (see the contract); dates are compared as local dates.

    `several_marks` where the guns that it may be bear different ones. `objections` say of each
    conflict, by its record, why it is one; `remarks` say in whose custody the gun had been before.
    """

    outcome: str
    scope: str | None
    reached: str | None
    chain: list[Event]
    ambiguous: bool
    several_marks: bool
    candidates: list[dict[str, Any]]
    conflicts: list[Event]
    last_lawful: Event | None
    point_of_diversion: dict[str, Any] | None
    time_to_crime_days: int | None
    since_last_lawful_days: int | None
    failure_reason: str | None
    objections: Mapping[str, Message]
    missing: list[Message] = field(default_factory=list)
    remarks: list[Message] = field(default_factory=list)


def build(legs: Sequence[Leg], found_on: date, asking: str, firearm: Mapping[str, Any]) -> Result:
    """Put the events of all legs in order and draw from them what a trace asks.

    A gun is sold new once: several first sales of one serial are candidates, as are several guns
    that a misread mark fits, each by the last that is lawful of it; then nothing is concluded but
    what holds for all (the days, where all are of one day). Sales between dealers
    and the resale of a gun that came back to a dealer are no first sales. What happened after the
    gun was found is a conflict, and shown; so is what contradicts the events before it, and what
    says otherwise than the gun is described: nothing is concluded from the theft of another gun.
    """
    life = _life(legs, found_on, firearm)
    last, chain, against = life.last_lawful, life.chain, life.against
    reached = _reached(last, life.sales)
    diversion = _heard(diversion_after(last, chain, found_on), last, legs)
    # of a draft nobody was asked yet
    is_open = not legs or any(leg.status in WAITING for leg in legs)
    is_known = diversion is not None and not _is_claimed(last, against)
    outcome = _outcome(chain, _is_end(last, reached, against), is_known, is_open)
    told = _told(legs, chain, _age(firearm, chain, found_on))
    return Result(
        outcome=outcome,
        scope=_scope(chain, asking),
        reached=reached,
        chain=chain,
        ambiguous=life.is_ambiguous,
        several_marks=len(life.several) > 1,
        candidates=_candidates(life, found_on) if life.is_ambiguous else [],
        conflicts=[one.event for one in life.conflicts],
        last_lawful=last,
        point_of_diversion=diversion,
        time_to_crime_days=_time_to_crime(life.sales, life.several, found_on),
        since_last_lawful_days=_days(last, found_on) if last else None,
        failure_reason=_failure(outcome, firearm, legs, told),
        objections={one.event["record"]: one.why for one in life.conflicts},
        missing=[*_unanswered(legs), *undescribed(firearm, chain), *_undecided(life)],
        remarks=[] if life.is_ambiguous else [*left_custody(chain, life.sales, found_on, asking)],
    )


@dataclass(frozen=True)
class _Life:
    """What states told of one gun, in order: what happened `before` it was found, and what of it stands.

    `sales` are its first ones, `several` the guns that it may be. What is no part of the chain is
    `against` what stands, of `others`, or of a day `after`.
    """

    before: list[Event]
    chain: list[Event]
    sales: Sequence[Event]
    several: Sequence[Sequence[Event]]
    is_ambiguous: bool
    against: Sequence[Objection]
    others: Sequence[Objection]
    after: Sequence[Objection]

    @property
    def conflicts(self) -> tuple[Objection, ...]:
        """Return all that is no part of the chain."""
        return (*self.against, *self.others, *self.after)

    @property
    def last_lawful(self) -> Event | None:
        """Return the last that is lawful, where it is known of which gun."""
        lawful = [event for event in self.chain if event["event"] in LAWFUL]
        return lawful[-1] if lawful and not self.is_ambiguous else None


def _life(legs: Sequence[Leg], found_on: date, firearm: Mapping[str, Any]) -> _Life:
    events = (event for leg in legs for event in leg.events)
    heard = sorted((event for event in events if event["event"] != ALERT), key=_order)
    others = of_others(heard, firearm)
    told = _without(heard, others)
    before = [event for event in told if _is_before(event, found_on)]
    after = [Objection(event, AFTER) for event in told if not _is_before(event, found_on)]
    sales, several = first_sales(before), guns(before)
    is_ambiguous = len(sales) > 1 or len(several) > 1
    against = [] if is_ambiguous else objections(before)
    chain = _without(before, against)
    sales = first_sales(chain) if against else sales
    return _Life(before, chain, sales, several, is_ambiguous, against, others, after)


def _heard(
    diversion: dict[str, Any] | None, last: Event | None, legs: Sequence[Leg]
) -> dict[str, Any] | None:
    """Return the diversion, unless it is that a late gun did not come to a state that did not say so."""
    if diversion is None or last is None or last.get("shipment_status") != "overdue":
        return diversion
    silent = {leg.state for leg in legs if leg.status in SILENT}
    is_told = diversion["before"] is not None or last["counterpart_state"] not in silent
    return diversion if is_told else None


def is_whole(found: Result) -> bool:
    """Tell whether a chain begins where the gun came to be or came in, and ends with who held it last."""
    last = found.last_lawful
    if last is None or found.conflicts or found.outcome != "traced" or last["event"] == "export":
        return False
    return found.chain[0]["event"] in ("manufacture", "import")


def _without(chain: Sequence[Event], against: Sequence[Objection]) -> list[Event]:
    left_out = {id(one.event) for one in against}
    return [event for event in chain if id(event) not in left_out]


def _is_before(event: Event, found_on: date) -> bool:
    """A gun that was destroyed on the day it was found was found first."""
    return _on(event) < found_on or (_on(event) == found_on and event["event"] not in ENDS)


def _on(event: Event) -> date:
    return date.fromisoformat(event["occurred_on"])


def _order(event: Event) -> tuple[date, int, str]:
    return _on(event), place(event["event"]), event["record"]


def _days(event: Event, found_on: date) -> int:
    return (found_on - _on(event)).days


def _time_to_crime(
    sales: Sequence[Event], several: Sequence[Sequence[Event]], found_on: date
) -> int | None:
    """Return the days since the first sale, where each gun that it may be was sold on one day."""
    is_sold = len(several) <= 1 or all(map(first_sales, several))
    return _days(sales[0], found_on) if is_sold and len({*map(_on, sales)}) == 1 else None


def _candidates(life: _Life, found_on: date) -> list[dict[str, Any]]:
    """Return what it may be: each by its first sale, a gun that has none by what is lawful and last of it."""
    sales, several = life.sales, life.several
    rest = [gun[-1] for gun in several if not any(sale in gun for sale in sales)]
    found = [*sales, *rest] if len(several) > 1 else sales
    of_gun = apart(several, life.before) if len(several) > 1 else [[sale] for sale in sales]
    return [_candidate(event, next((gun for gun in of_gun if event in gun), [event]), found_on,
                       is_sale=event in sales)
            for event in sorted(found, key=_order)]  # fmt: skip


def _candidate(
    event: Event, gun: Sequence[Event], found_on: date, *, is_sale: bool
) -> dict[str, Any]:
    days = _days(event, found_on) if is_sale else None
    return {"record": event["record"], "state": event["state"],
            "occurred_on": event["occurred_on"], "time_to_crime_days": days,
            "records": [one["record"] for one in sorted(gun, key=_order)]}  # fmt: skip


def _is_end(last: Event | None, reached: str | None, against: Sequence[Objection]) -> bool:
    """Tell whether the chain ends with whoever held the gun: not on a way, nor where it is disputed."""
    is_held = reached in ("first_buyer", "last_holder") and not against
    return is_held and last is not None and last["event"] != "export"


def _is_claimed(last: Event | None, against: Sequence[Objection]) -> bool:
    """Tell whether another state than that of the last lawful holder claims the gun too."""
    return any(last is None or one.event["state"] != last["state"] for one in against)


def _outcome(chain: Sequence[Event], is_end: bool, is_diverted: bool, waiting: bool) -> str:
    if is_end or is_diverted:
        return "traced"
    if chain:
        return "partly"
    return "pending" if waiting else "not_traced"


def _scope(chain: Sequence[Event], asking: str) -> str | None:
    if not chain:
        return None
    return "domestic" if {event["state"] for event in chain} == {asking} else "international"


def _reached(last: Event | None, sales: Sequence[Event]) -> str | None:
    if last is None:
        return None
    if last["event"] == "export":
        return SHIPPED_BY.get(side(last, "giver"), "last_holder")
    if last["event"] not in ENDS and side(last, "receiver") == "dealer":
        return "dealer"
    if last["event"] == "domestic_sale" and last not in sales:
        return "last_holder"
    return REACHED.get(last["event"], "last_holder")


def _age(firearm: Mapping[str, Any], chain: Sequence[Event], found_on: date) -> int | None:
    """Return how many years old the gun was when it was found, as far as it is known."""
    made = [_on(event).year for event in chain if event["event"] == "manufacture"]
    year = firearm.get("year") or next(iter(made), None)
    return None if year is None else found_on.year - year


def _told(legs: Sequence[Leg], chain: Sequence[Event], age: int | None) -> str | None:
    """Return why a state knows no more, as it says; nothing while another way is open.

    Where there is a chain, only of a state that told some of it, or that it names: that another one
    never had the gun is no reason. Nor is it too old of which every state still keeps its records.
    """
    asked, circle = {leg.state for leg in legs}, _circle(legs)
    ways = (leg for leg in legs if leg.names not in asked or leg.state in circle)
    if any(leg.status in OPEN and not leg.is_late for leg in ways):
        return None
    named = {event[name] for event in chain for name in ("state", "counterpart_state")}
    said = [leg.failure_reason for leg in legs if not chain or leg.events or leg.state in named]
    is_young = age is not None and age < RECORDS_KEPT
    return next((one for one in said if one and not (is_young and one == "too_old")), None)


def _failure(
    outcome: str, firearm: Mapping[str, Any], legs: Sequence[Leg], told: str | None
) -> str | None:  # fmt: skip
    """Return why a trace led to no end: what states `told` comes before what is concluded.

    A trace that waits has not failed while its states have time, those included whose form is to be
    sent yet; nor has a draft, of which nobody was asked.
    """
    if not legs:
        return None
    if outcome in ("traced", "partly"):
        return told if outcome == "partly" else None
    if not is_legible(firearm):
        return "obliterated" if firearm.get("marking") == "obliterated" else "incomplete_request"
    owed = [leg for leg in legs if leg.status in WAITING or leg.is_late]
    if told or owed:
        return told or _silence(owed)
    return None if firearm.get("make") and firearm.get("calibre") else "incomplete_request"


def _silence(owed: Sequence[Leg]) -> str | None:
    if not any(leg.takes_part for leg in owed):
        return "not_participant" if all(leg.is_late for leg in owed) else None
    return "no_response" if any(leg.is_late and leg.takes_part for leg in owed) else None


def _lacking(leg: Leg) -> Message:
    if leg.is_to_send and leg.status in UNSENT:
        return Message(UNSENT[leg.status].text, {"state": leg.state})
    if leg.status == "deferred" and leg.until:
        return say("The answer of {state}, put off to {on}.", state=leg.state, on=leg.until)
    status = "partial" if leg.status == "withdrawn" and leg.events else leg.status
    return Message(LACKING[status].text, {"state": leg.state})


def _unanswered(legs: Sequence[Leg]) -> Iterator[Message]:
    """Yield what states have not answered: also one that named another, where that leads to no answer."""
    asked = {leg.state for leg in legs}
    nothing = {leg.state for leg in legs if leg.status == "no_record"}
    for leg in legs:
        if leg.status in LACKING and leg.names not in asked:
            yield _lacking(leg)
    circle = _circle(legs)
    for leg in legs:
        told = {"state": leg.state, "partner": leg.names}
        if leg.status == "forwarded" and leg.names in nothing:
            yield say("The answer of {state}, which named {partner}: that has no record.", **told)
        elif leg.state in circle:
            yield say(
                "The answer of {state}, which named {partner}: that leads back to {state}.", **told
            )


def _circle(legs: Sequence[Leg]) -> set[str]:
    return circling({leg.state: leg.names for leg in legs if leg.names})


def _undecided(life: _Life) -> Iterator[Message]:
    """Yield what somebody has to decide of what was told."""
    if life.is_ambiguous:
        yield telling_apart(life.several)
    if life.against:
        yield say(
            "Which of the records that contradict each other is right, or whether these are two guns."
        )
    if life.others:
        yield say(
            "Whether what contradicts the description is of this gun: look at its marks again."
        )
