"""The chain of a gun: its last lawful point and diversion; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from salsa_ext.core.errors import Message, message
from salsa_ext.firearms.records.values import (
    ALERT,
    FINAL_EVENTS,
    LAWFUL,
    Event,
    event_rank,
    party_kind,
)
from salsa_ext.tracing.chains.gaps import (
    circular_referrals,
    description_gaps,
    distinguishing_text,
    has_legible_serial,
)
from salsa_ext.tracing.chains.identity import other_gun_objections, split_by_gun, with_all_events
from salsa_ext.tracing.chains.rules import (
    Objection,
    custody_remarks,
    find_contradictions,
    find_diversion,
    first_sales,
)
from salsa_ext.tracing.requests.values import INCOMPLETE_STATUSES, OPEN_STATUSES, WAITING_STATUSES


def merge_events(
    before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return earlier and new events of a state, each record once.

    Of each record the latest version counts.
    """
    told = {event["record"]: event for event in before}
    for event in after:
        old = told.get(event["record"])
        if old is None or (event["version"] or 0) >= (old["version"] or 0):
            told[event["record"]] = event
    return list(told.values())


UNCORRECTED_FIELDS: Final = frozenset(("strength", "bits", "handling"))
"""How sure a record is of the gun, and how it is handled: said when it was given, and of it still."""


def correct_events(
    events: Sequence[dict[str, Any]],
    corrected: Sequence[dict[str, Any]],
    removed: Iterable[str],
    at: str,
) -> list[dict[str, Any]]:
    """Return a state's events with corrections applied and `removed` ones left out.

    No event is added. A changed event gets `corrected_at`, the moment `at`.
    """
    left_out, now = {*removed}, {event["record"]: event for event in corrected}
    return [
        _correct_event(event, now.get(event["record"]), at)
        for event in events
        if event["record"] not in left_out
    ]


def _correct_event(event: dict[str, Any], now: Event | None, at: str) -> dict[str, Any]:
    new = {name: value for name, value in (now or {}).items() if name not in UNCORRECTED_FIELDS}
    if all(event.get(name) == value for name, value in new.items()):
        return event
    return event | new | {"corrected_at": at}


REACHED_BY_EVENT: Final = {
    "manufacture": "manufacturer",
    "import": "importer",
    "domestic_sale": "first_buyer",
}
REACHED_BY_SHIPPER: Final = {"manufacturer": "manufacturer", "dealer": "dealer", None: None}
"""Holder reached by a chain ending with an export, by giver."""


AFTER_FIND: Final = message(
    "Recorded for a day after the gun was found: another gun, or a wrong record."
)


RETENTION_YEARS: Final = 20
"""Minimum years for which states keep records of guns (ITI IV, 12)."""
MISSING_ANSWER: Final = dict.fromkeys(WAITING_STATUSES, message("The answer of {state}.")) | {
    "clarification": message("The answer of {state}, which asks something first: reply to it."),
    "partial": message("What {state} left out of its answer."),
    "refused": message("The answer of {state}, which refused."),
    "forwarded": message("The answer of the state that {state} named."),
    "withdrawn": message(
        "The answer of {state}: it had given none when the request was withdrawn."
    ),
}
"""What is missing from a state, by the status of its leg."""
MISSING_UNSENT: Final = dict.fromkeys(
    WAITING_STATUSES, message("The answer of {state}: its form is to be sent yet.")
) | {"withdrawn": message("The answer of {state}: its form was not sent before the trace ended.")}
"""What is missing if a state's form was not sent, by status."""


@dataclass(frozen=True)
class ChainLeg:
    """The answer of one asked state so far.

    A non-participating state is asked by another channel. `failure_reason` is the state's own
    reason for knowing no more; `is_late`: no answer in time. `until` is the day to which it
    deferred its answer, `names` the state that it referred to. `is_to_send`: its form by another
    channel was not sent yet.
    """

    state: str
    status: str
    events: Sequence[Event] = ()
    participates: bool = True
    failure_reason: str | None = None
    is_late: bool = False
    until: str | None = None
    referred_to: str | None = None
    is_form_pending: bool = False


@dataclass
class ChainResult:
    """The result of a trace (see the contract); dates are local.

    `several_marks`: the candidate guns bear different marks. `objections` has the reason of each
    conflict by its record; `remarks` name earlier custody of the gun by a state.
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


def build_chain(
    legs: Sequence[ChainLeg], found_on: date, asking_state: str, firearm: Mapping[str, Any]
) -> ChainResult:
    """Order the events of all legs and derive the result.

    A gun is sold new once: several first sales of one serial are candidates, as are several guns
    that fit a misread mark, each by its last lawful event; then only what holds for all is
    concluded (the days, where all are of one day). Sales between dealers and the resale of a gun
    returned to a dealer are no first sales. Conflicts, shown but not used: events after the gun was
    found, events that contradict earlier ones, and events that contradict the description of the
    gun.
    """
    life = _sort_events(legs, found_on, firearm)
    last, chain, against = life.last_lawful, life.chain, life.against
    reached = _reached(last, life.sales)
    diversion = _confirmed_diversion(find_diversion(last, chain, found_on), last, legs)
    # of a draft nobody was asked yet
    is_open = not legs or any(leg.status in WAITING_STATUSES for leg in legs)
    is_known = diversion is not None and not _has_other_claim(last, against)
    outcome = _outcome(chain, _ends_with_holder(last, reached, against), is_known, is_open)
    told = _reported_failure(legs, chain, _age(firearm, chain, found_on))
    return ChainResult(
        outcome=outcome,
        scope=_scope(chain, asking_state),
        reached=reached,
        chain=chain,
        ambiguous=life.is_ambiguous,
        several_marks=len(life.several) > 1,
        candidates=_candidates(life, found_on) if life.is_ambiguous else [],
        conflicts=[one.event for one in life.conflicts],
        last_lawful=last,
        point_of_diversion=diversion,
        time_to_crime_days=_time_to_crime(life.sales, life.several, found_on),
        since_last_lawful_days=_days_since(last, found_on) if last else None,
        failure_reason=_failure_reason(outcome, firearm, legs, told),
        objections={one.event["record"]: one.why for one in life.conflicts},
        missing=[
            *_missing_answers(legs),
            *description_gaps(firearm, chain),
            *_open_decisions(life),
        ],
        remarks=[]
        if life.is_ambiguous
        else [*custody_remarks(chain, life.sales, found_on, asking_state)],
    )


@dataclass(frozen=True)
class _SortedEvents:
    """Events of one gun in time order, split into accepted and rejected.

    `before` are those before it was found, `chain` the accepted ones; `sales` are first sales,
    `several` the candidate guns. Rejected: `against` the chain, of `others`, or `after` the find.
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
        """Return all rejected events."""
        return (*self.against, *self.others, *self.after)

    @property
    def last_lawful(self) -> Event | None:
        """Return the last lawful event, unless the gun is ambiguous."""
        lawful = [event for event in self.chain if event["event"] in LAWFUL]
        return lawful[-1] if lawful and not self.is_ambiguous else None


def _sort_events(
    legs: Sequence[ChainLeg], found_on: date, firearm: Mapping[str, Any]
) -> _SortedEvents:
    events = (event for leg in legs for event in leg.events)
    heard = sorted((event for event in events if event["event"] != ALERT), key=_sort_key)
    others = other_gun_objections(heard, firearm)
    told = _without(heard, others)
    before = [event for event in told if _is_before_find(event, found_on)]
    after = [Objection(event, AFTER_FIND) for event in told if not _is_before_find(event, found_on)]
    sales, several = first_sales(before), split_by_gun(before)
    is_ambiguous = len(sales) > 1 or len(several) > 1
    against = [] if is_ambiguous else find_contradictions(before)
    chain = _without(before, against)
    sales = first_sales(chain) if against else sales
    return _SortedEvents(before, chain, sales, several, is_ambiguous, against, others, after)


def _confirmed_diversion(
    diversion: dict[str, Any] | None, last: Event | None, legs: Sequence[ChainLeg]
) -> dict[str, Any] | None:
    """Return the diversion, unless it rests on a late shipment's unheard recipient."""
    if diversion is None or last is None or last.get("shipment_status") != "overdue":
        return diversion
    silent = {leg.state for leg in legs if leg.status in INCOMPLETE_STATUSES}
    is_told = diversion["before"] is not None or last["counterpart_state"] not in silent
    return diversion if is_told else None


def is_complete(found: ChainResult) -> bool:
    """Return whether a chain runs from its origin to the last holder."""
    last = found.last_lawful
    if last is None or found.conflicts or found.outcome != "traced" or last["event"] == "export":
        return False
    return found.chain[0]["event"] in ("manufacture", "import")


def _without(chain: Sequence[Event], against: Sequence[Objection]) -> list[Event]:
    left_out = {id(one.event) for one in against}
    return [event for event in chain if id(event) not in left_out]


def _is_before_find(event: Event, found_on: date) -> bool:
    """A gun destroyed on the day of its find was found first."""
    return _event_date(event) < found_on or (
        _event_date(event) == found_on and event["event"] not in FINAL_EVENTS
    )


def _event_date(event: Event) -> date:
    return date.fromisoformat(event["occurred_on"])


def _sort_key(event: Event) -> tuple[date, int, str]:
    return _event_date(event), event_rank(event["event"]), event["record"]


def _days_since(event: Event, found_on: date) -> int:
    return (found_on - _event_date(event)).days


def _time_to_crime(
    sales: Sequence[Event], several: Sequence[Sequence[Event]], found_on: date
) -> int | None:
    """Return days since the first sale, if equal for all candidates."""
    is_sold = len(several) <= 1 or all(map(first_sales, several))
    return (
        _days_since(sales[0], found_on)
        if is_sold and len({*map(_event_date, sales)}) == 1
        else None
    )


def _candidates(life: _SortedEvents, found_on: date) -> list[dict[str, Any]]:
    """Return candidates by their first sale, otherwise by their last lawful event."""
    sales, several = life.sales, life.several
    rest = [gun[-1] for gun in several if not any(sale in gun for sale in sales)]
    found = [*sales, *rest] if len(several) > 1 else sales
    of_gun = (
        with_all_events(several, life.before) if len(several) > 1 else [[sale] for sale in sales]
    )
    return [
        _candidate(
            event,
            next((gun for gun in of_gun if event in gun), [event]),
            found_on,
            is_sale=event in sales,
        )
        for event in sorted(found, key=_sort_key)
    ]


def _candidate(
    event: Event, gun: Sequence[Event], found_on: date, *, is_sale: bool
) -> dict[str, Any]:
    days = _days_since(event, found_on) if is_sale else None
    return {
        "record": event["record"],
        "state": event["state"],
        "occurred_on": event["occurred_on"],
        "time_to_crime_days": days,
        "records": [one["record"] for one in sorted(gun, key=_sort_key)],
    }


def _ends_with_holder(
    last: Event | None, reached: str | None, against: Sequence[Objection]
) -> bool:
    """Return whether the chain ends with an undisputed holder."""
    is_held = reached in ("first_buyer", "last_holder") and not against
    return is_held and last is not None and last["event"] != "export"


def _has_other_claim(last: Event | None, against: Sequence[Objection]) -> bool:
    """Return whether another state than the last lawful holder's claims the gun."""
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
        return REACHED_BY_SHIPPER.get(party_kind(last, "giver"), "last_holder")
    if last["event"] not in FINAL_EVENTS and party_kind(last, "receiver") == "dealer":
        return "dealer"
    if last["event"] == "domestic_sale" and last not in sales:
        return "last_holder"
    return REACHED_BY_EVENT.get(last["event"], "last_holder")


def _age(firearm: Mapping[str, Any], chain: Sequence[Event], found_on: date) -> int | None:
    """Return the age of the gun in years when found, if known."""
    made = [_event_date(event).year for event in chain if event["event"] == "manufacture"]
    year = firearm.get("year") or next(iter(made), None)
    return None if year is None else found_on.year - year


def _reported_failure(
    legs: Sequence[ChainLeg], chain: Sequence[Event], age: int | None
) -> str | None:
    """Return a state's own failure reason; None while answers are owed.

    With a chain, only from a state in it or named by it. `too_old` does not count for a gun so
    young that every state still keeps its records.
    """
    asked, circle = {leg.state for leg in legs}, _circular_states(legs)
    ways = (leg for leg in legs if leg.referred_to not in asked or leg.state in circle)
    if any(leg.status in OPEN_STATUSES and not leg.is_late for leg in ways):
        return None
    named = {event[name] for event in chain for name in ("state", "counterpart_state")}
    said = [leg.failure_reason for leg in legs if not chain or leg.events or leg.state in named]
    is_young = age is not None and age < RETENTION_YEARS
    return next((one for one in said if one and not (is_young and one == "too_old")), None)


def _failure_reason(
    outcome: str, firearm: Mapping[str, Any], legs: Sequence[ChainLeg], told: str | None
) -> str | None:
    """Return why a trace failed: reported reasons come before derived ones.

    A trace has not failed while its states have time, including those whose form is to be sent; nor
    has a draft.
    """
    if not legs:
        return None
    if outcome in ("traced", "partly"):
        return told if outcome == "partly" else None
    if not has_legible_serial(firearm):
        return "obliterated" if firearm.get("marking") == "obliterated" else "incomplete_request"
    owed = [leg for leg in legs if leg.status in WAITING_STATUSES or leg.is_late]
    if told or owed:
        return told or _no_response_reason(owed)
    return None if firearm.get("make") and firearm.get("calibre") else "incomplete_request"


def _no_response_reason(owed: Sequence[ChainLeg]) -> str | None:
    if not any(leg.participates for leg in owed):
        return "not_participant" if all(leg.is_late for leg in owed) else None
    return "no_response" if any(leg.is_late and leg.participates for leg in owed) else None


def _missing_answer(leg: ChainLeg) -> Message:
    if leg.is_form_pending and leg.status in MISSING_UNSENT:
        return Message(MISSING_UNSENT[leg.status].text, {"state": leg.state})
    if leg.status == "deferred" and leg.until:
        return message("The answer of {state}, put off to {on}.", state=leg.state, on=leg.until)
    status = "partial" if leg.status == "withdrawn" and leg.events else leg.status
    return Message(MISSING_ANSWER[status].text, {"state": leg.state})


def _missing_answers(legs: Sequence[ChainLeg]) -> Iterator[Message]:
    """Yield missing answers, including referrals that lead to no answer."""
    asked = {leg.state for leg in legs}
    nothing = {leg.state for leg in legs if leg.status == "no_record"}
    for leg in legs:
        if leg.status in MISSING_ANSWER and leg.referred_to not in asked:
            yield _missing_answer(leg)
    circle = _circular_states(legs)
    for leg in legs:
        told = {"state": leg.state, "partner": leg.referred_to}
        if leg.status == "forwarded" and leg.referred_to in nothing:
            yield message(
                "The answer of {state}, which named {partner}: that has no record.", **told
            )
        elif leg.state in circle:
            yield message(
                "The answer of {state}, which named {partner}: that leads back to {state}.", **told
            )


def _circular_states(legs: Sequence[ChainLeg]) -> set[str]:
    return circular_referrals({leg.state: leg.referred_to for leg in legs if leg.referred_to})


def _open_decisions(life: _SortedEvents) -> Iterator[Message]:
    """Yield what a person has to decide about the events."""
    if life.is_ambiguous:
        yield distinguishing_text(life.several)
    if life.against:
        yield message(
            "Which of the records that contradict each other is right, or whether these are two guns."
        )
    if life.others:
        yield message(
            "Whether what contradicts the description is of this gun: look at its marks again."
        )
