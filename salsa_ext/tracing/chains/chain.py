"""The chain of a gun: its last lawful point and diversion; pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from salsa_ext.core.dates import Days, days_between, is_before
from salsa_ext.core.errors import Message, message
from salsa_ext.firearms.records.event_kinds import (
    ALERT,
    FINAL_EVENTS,
    LAWFUL,
    ORIGIN_EVENTS,
    SHIPPED,
    Event,
)
from salsa_ext.firearms.records.parties import party_kind
from salsa_ext.guns.possession import (
    Objection,
    custody_conflicts,
    days_to_custody,
    event_date,
    find_contradictions,
    find_diversion,
    first_sales,
    in_order,
)
from salsa_ext.tracing.chains import answers
from salsa_ext.tracing.chains.description_gaps import description_gaps, distinguishing_text
from salsa_ext.tracing.chains.identity import (
    PossibleRecord,
    split_by_gun,
    split_records,
    with_all_events,
)
from salsa_ext.tracing.requests.values import (
    INCOMPLETE_STATUSES,
    SEARCHED_STATUSES,
    WAITING_STATUSES,
)

UNCORRECTED_FIELDS: Final = frozenset(
    ("strength", "bits", "handling", "judgement", "judged_because")
)
"""How sure a record is of the gun, and its handling: as when it was given."""
JUDGED_FIELDS: Final = ("judgement", "judged_because")
POSSIBLE_ONLY: Final = message(
    "No record is certainly of this gun. {count} may be: compare each with it."
)
POSSIBLE_TOO: Final = message(
    "Whether {count} other records are of this gun: compare each with it."
)
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
PERHAPS_AFTER_FIND: Final = message(
    "Its day is not known, and may be after the gun was found. Ask its state for the day."
)


def merge_events(
    before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return earlier and new events of a state, the latest version of each record."""
    by_record = {event["record"]: event for event in before}
    for event in after:
        old = by_record.get(event["record"])
        if old is None or (event["version"] or 0) >= (old["version"] or 0):
            judged = {name: old[name] for name in JUDGED_FIELDS if name in old} if old else {}
            by_record[event["record"]] = event | judged
    return list(by_record.values())


def correct_events(
    events: Sequence[dict[str, Any]],
    corrected: Sequence[dict[str, Any]],
    removed: Iterable[str],
    at: str,
) -> list[dict[str, Any]]:
    """Return a state's events with corrections, without `removed`; changed at `at`."""
    left_out, current = {*removed}, {event["record"]: event for event in corrected}
    result = []
    for event in events:
        new = current.get(event["record"], {}).items()
        changes = {name: value for name, value in new if name not in UNCORRECTED_FIELDS}
        if any(event.get(name) != value for name, value in changes.items()):
            event = event | changes | {"corrected_at": at}
        if event["record"] not in left_out:
            result.append(event)
    return result


@dataclass
class ChainResult:
    """The result of a trace (see the contract); dates are local.

    `several_marks`: the candidate guns bear different marks. `objections` has the reason of each
    conflict by its record; `remarks` name earlier custody of the gun by a state. Nothing is concluded
    from `possible` records.
    """

    outcome: str
    scope: str | None
    reached: str | None
    chain: list[Event]
    ambiguous: bool
    several_marks: bool
    candidates: list[dict[str, Any]]
    conflicts: list[Event]
    possible: list[PossibleRecord]
    last_lawful: Event | None
    point_of_diversion: dict[str, Any] | None
    time_to_crime: Days | None
    since_last_lawful: Days | None
    failure_reason: str | None
    objections: Mapping[str, Message]
    missing: list[Message] = field(default_factory=list)
    remarks: list[Message] = field(default_factory=list)

    @property
    def time_to_crime_days(self) -> int | None:
        """Return the days from the first sale to the find, if both days are known."""
        return self.time_to_crime.exact if self.time_to_crime else None

    @property
    def since_last_lawful_days(self) -> int | None:
        """Return the days from the last lawful point to the find, if both days are known."""
        return self.since_last_lawful.exact if self.since_last_lawful else None

    @property
    def first_sold_in(self) -> str | None:
        """Return the state of the first sale; None if unknown, or one of several candidates."""
        states = {event["state"] for event in first_sales(self.chain)}
        return states.pop() if len(states) == 1 else None

    @property
    def last_exporter(self) -> str | None:
        """Return the state that exported it last by licence; None without an export."""
        exports = [event["state"] for event in self.chain if event["event"] in SHIPPED]
        return exports[-1] if exports and not self.ambiguous else None

    @property
    def is_complete(self) -> bool:
        """Return whether the chain runs from its origin to the last holder."""
        last = self.last_lawful
        if last is None or self.conflicts or self.outcome != "traced" or last["event"] in SHIPPED:
            return False
        return self.chain[0]["event"] in ORIGIN_EVENTS


def build_chain(
    legs: Sequence[answers.ChainLeg],
    found_on: date,
    asking_state: str,
    firearm: Mapping[str, Any],
    same_find: Collection[str] = (),
    *,
    is_maker_unasked: bool = False,
) -> ChainResult:
    """Order the events of all legs and derive the result.

    A gun is sold new once: several first sales of one serial are candidates, as are several guns
    that fit a misread mark, each by its last lawful event; then only what holds for all is
    concluded (the days, where all are of one day). Sales between dealers and the resale of a gun
    returned to a dealer are no first sales. Conflicts, shown but not used: events after the gun was
    found, and events that contradict earlier ones. `same_find` are the records of the find itself.
    `is_maker_unasked`: the state of the maker was neither asked nor searched.
    """
    recorded = in_order(event for leg in legs for event in leg.events if event["event"] != ALERT)
    events, possible = split_records(recorded, firearm)
    open_count = sum(not each.is_excluded for each in possible)
    after = [
        Objection(event, text) for event in events if (text := _why_after_find(event, found_on))
    ]
    before = _without(events, after)
    sales, guns = first_sales(before), split_by_gun(before)
    is_ambiguous = len(sales) > 1 or len(guns) > 1
    contradictions = [] if is_ambiguous else find_contradictions(before)
    chain = _without(before, contradictions)
    sales = first_sales(chain) if contradictions else sales
    lawful = [] if is_ambiguous else [event for event in chain if event["event"] in LAWFUL]
    last = lawful[-1] if lawful else None
    reached = _reached(last, sales)
    diversion = _confirmed_diversion(find_diversion(last, chain, found_on), last, legs)
    outcome = _outcome(legs, chain, last, reached, contradictions, is_diverted=bool(diversion))
    if open_count and outcome in ("no_record", "not_searched"):
        outcome = "possible_only"
    if outcome == "no_record" and is_maker_unasked:
        outcome = "not_searched"
    seized_before = custody_conflicts(chain, found_on, asking_state, same_find)
    custody = [] if is_ambiguous else [*seized_before]
    conflicts = [*contradictions, *custody, *after]
    missing = [*answers.missing_answers(legs), *description_gaps(firearm, chain)]
    if is_ambiguous:
        missing.append(distinguishing_text(guns))
    if contradictions:
        missing.append(
            message(
                "Which of the records that contradict each other is right, or whether these are two"
                " guns."
            )
        )
    if open_count:
        text = POSSIBLE_TOO if chain else POSSIBLE_ONLY
        missing.insert(0, Message(text.text, {"count": open_count}))
    is_domestic = {event["state"] for event in chain} == {asking_state}
    return ChainResult(
        outcome=outcome,
        scope=("domestic" if is_domestic else "international") if chain else None,
        reached=reached,
        chain=_without(chain, custody),
        ambiguous=is_ambiguous,
        several_marks=len(guns) > 1,
        candidates=_candidates(sales, guns, before, found_on) if is_ambiguous else [],
        conflicts=[objection.event for objection in conflicts],
        possible=possible,
        last_lawful=last,
        point_of_diversion=diversion,
        time_to_crime=_time_to_crime(sales, guns, found_on),
        since_last_lawful=_days_since(last, found_on) if last else None,
        failure_reason=answers.failure_reason(outcome, firearm, legs, chain, found_on),
        objections={objection.event["record"]: objection.why for objection in conflicts},
        missing=missing,
        remarks=[*days_to_custody(custody, sales)],
    )


def _without(events: Sequence[Event], objections: Sequence[Objection]) -> list[Event]:
    left_out = {id(objection.event) for objection in objections}
    return [event for event in events if id(event) not in left_out]


def _why_after_find(event: Event, found_on: date) -> Message | None:
    """Return why an event is after the find; a gun destroyed on its day was found first."""
    on = event_date(event)
    if is_before(found_on, on) or (on == found_on and event["event"] in FINAL_EVENTS):
        return AFTER_FIND
    is_end = event["event"] in FINAL_EVENTS and not is_before(on, found_on)
    return PERHAPS_AFTER_FIND if is_end else None


def _days_since(event: Event, found_on: date) -> Days:
    return days_between(event_date(event), found_on)


def _reached(last: Event | None, sales: Sequence[Event]) -> str | None:
    """Return the kind of holder that the chain ends with."""
    if last is None:
        return None
    if last["event"] in SHIPPED:
        return REACHED_BY_SHIPPER.get(party_kind(last, "giver"), "last_holder")
    if last["event"] not in FINAL_EVENTS and party_kind(last, "receiver") == "dealer":
        return "dealer"
    if last["event"] == "domestic_sale" and last not in sales:
        return "last_holder"
    return REACHED_BY_EVENT.get(last["event"], "last_holder")


def _confirmed_diversion(
    diversion: dict[str, Any] | None, last: Event | None, legs: Sequence[answers.ChainLeg]
) -> dict[str, Any] | None:
    """Return the diversion, unless an overdue shipment's recipient owes its answer."""
    if diversion is None or last is None or last.get("shipment_status") != "overdue":
        return diversion
    owing = {leg.state for leg in legs if leg.status in INCOMPLETE_STATUSES}
    is_sure = diversion["before"] is not None or last["counterpart_state"] not in owing
    return diversion if is_sure else None


def _outcome(
    legs: Sequence[answers.ChainLeg],
    chain: Sequence[Event],
    last: Event | None,
    reached: str | None,
    contradictions: Sequence[Objection],
    *,
    is_diverted: bool,
) -> str:
    """Return `traced` for an undisputed last holder or a diversion that no other state disputes.

    Without any event `no_record` only where each state was searched, and gave no reason for knowing
    no more: else nobody knows. An answer in words, as a dealer out of business, is `partly`.
    """
    has_holder = reached in ("first_buyer", "last_holder") and not contradictions
    if has_holder and last is not None and last["event"] not in SHIPPED:
        return "traced"
    claims = {objection.event["state"] for objection in contradictions}
    if is_diverted and last is not None and claims <= {last["state"]}:
        return "traced"
    if chain:
        return "partly"
    if not legs or any(leg.status in WAITING_STATUSES for leg in legs):
        return "pending"
    if any(leg.is_in_words and leg.failure_reason in (None, "dealer_defunct") for leg in legs):
        return "partly"
    is_searched = all(
        leg.status in SEARCHED_STATUSES and leg.failure_reason is None for leg in legs
    )
    return "no_record" if is_searched else "not_searched"


def _time_to_crime(
    sales: Sequence[Event], guns: Sequence[Sequence[Event]], found_on: date
) -> Days | None:
    """Return days since the first sale, if equal for all candidates."""
    is_sold = len(guns) <= 1 or all(map(first_sales, guns))
    days = {_days_since(sale, found_on) for sale in sales}
    return days.pop() if is_sold and len(days) == 1 else None


def _candidates(
    sales: Sequence[Event], guns: Sequence[Sequence[Event]], events: Sequence[Event], found_on: date
) -> list[dict[str, Any]]:
    """Return candidates by their first sale, otherwise by their last lawful event."""
    leading, groups = [*sales], [[sale] for sale in sales]
    if len(guns) > 1:
        leading += [gun[-1] for gun in guns if not any(sale in gun for sale in sales)]
        groups = with_all_events(guns, events)
    return [
        {
            "record": event["record"],
            "state": event["state"],
            "occurred_on": event["occurred_on"],
            "time_to_crime_days": days.exact if event in sales else None,
            "time_to_crime": days if event in sales else None,
            "records": [each["record"] for each in in_order(gun)],
        }
        for event in in_order(leading)
        for days in [_days_since(event, found_on)]
        for gun in [next((group for group in groups if event in group), [event])]
    ]
