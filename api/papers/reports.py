"""The report of a trace: what states said of one gun, in order, in the reader's language."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any, Final
from uuid import UUID

import rfc8785
from babel.dates import format_timedelta

from api.i18n import speaking, worded
from api.papers.rendering import render as render_sheet
from api.papers.sheets import Part, Words, sheet, whole
from salsa_ext.errors import Message, say
from salsa_ext.readmodels import names
from salsa_ext.readmodels.traces import ResultView, TraceView
from salsa_ext.services.trace_reports import Report

MARK: Final = say(
    "Police information. Not for use in court without the consent of the states named."
)
COLUMNS: Final = (
    (say("Date"), 7), (say("State"), 8), (say("Event"), 9), (say("Serial number"), 9),
    (say("From"), 10), (say("To"), 10), (say("Source"), 10), (say("Handling"), 8),
    (say("Confidence"), 7),
)  # fmt: skip
MOST_IN_FIELD: Final = 40
"""Characters of a serial that can be read in half the width of a page."""
KINDS: Final = ("transfer_kind", "report_kind", "seizure_kind")
MOVED: Final = {"export": say("Export"), "import": say("Import")}
SEARCHED: Final = (
    (say("State"), 10), (say("Records searched"), 6), (say("Through"), 8), (say("Said"), 10),
)  # fmt: skip
OVERRULED: Final = say("A second person declined it, and it was sent all the same.")
IN_PART: Final = say("Not all that were asked answered")
ALL_REFUSED: Final = say("All that were asked refused")
ANY: Final = {
    True: say("The mark fits several guns: it may be any of these."),
    False: say("The same serial was sold new more than once: it may be any of these guns."),
}  # fmt: skip
"""What is said of a chain that may be of several guns, by whether these bear different marks."""
CANDIDATES: Final = (
    (say("State"), 10), (say("Serial number"), 9), (say("Event"), 8), (say("Date"), 8),
    (say("Days from sale to seizure"), 8),
)  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A report as a file, with the SHA-256 of what it says and that of the file, in hexadecimal."""

    body: bytes
    content: str
    file: str


def render(report: Report, language: str, at: datetime) -> Made:
    """Return the PDF of a report that was made at a moment, with its hashes."""
    words = Words(language, is_alone=True)
    with speaking(language):
        title, number = words.pair(say("Report of a trace")), report.view.trace.case_number
        issuer = words.state(report.view.trace.owner_state) or ""
        status = None if report.is_for_court else words.pair(MARK)
        sections = _sections(words, report, at)
        made = sheet(words, title, issuer, number, sections, MARK)
        made["number_label"] = words.pair(say("Case number"))
    content = hashlib.sha256(rfc8785.dumps(made | {"status": status})).hexdigest()
    said = [status["a"]] if status else []
    foot = {"a": "\n".join([*map(str, said), f"SHA-256: {content}"]), "b": None}
    body = render_sheet(made | {"status": status, "foot": foot}, at)
    return Made(body, content, hashlib.sha256(body).hexdigest())


def _sections(words: Words, report: Report, at: datetime) -> list[Part]:
    result = report.result
    return [
        *_trace(words, report, at), *gun_of(words, report.view.trace.firearm),
        *find_of(words, report.view.trace, report.seizure, is_numbered=True), *_found(words, result),
        *_strands(words, result),
        *_events(words, say("What contradicts it"), result, result.result.conflicts),
        *_list(words, say("Why it contradicts"), _objections(words, result)),
        *_candidates(words, result),
        *_turn(words, result),
        *_list(words, say("In custody before"), map(worded, result.result.remarks)),
        *words.table(say("Who was searched"), SEARCHED, [
            (words.state(one.state), str(one.records), words.day(one.through) or "–",
             words.code("leg_status", one.said)) for one in result.searched
        ]),
        *_list(words, say("What is missing"), map(worded, result.result.missing)),
        *_list(words, say("States whose consent to use in court is missing"),
               filter(None, map(words.state, report.without_consent))),
    ]  # fmt: skip


def _strands(words: Words, view: ResultView) -> list[Part]:
    """Return the chain in order; of several guns that it may be, one of each, and what may be of any."""
    chain, several = view.result.chain, view.result.candidates
    if len(several) < 2:
        return _events(words, say("Chain, in order"), view, chain)
    guns = [[event for event in chain if event["record"] in gun["records"]] for gun in several]
    apart = {record for gun in several for record in gun["records"]}
    found = words.fields(
        say("Chain, in order"),
        words.field(say("Several guns"), words.both(ANY[view.result.several_marks]), wide=True),
    )
    for number, events in enumerate(guns, 1):
        found += _events(words, say("Gun {number}: {gun}", number=number, gun=_named(events)), view,
                         events)  # fmt: skip
    rest = [event for event in chain if event["record"] not in apart]
    return found + _events(words, say("Of any of these"), view, rest)


def _named(events: Sequence[Mapping[str, Any]]) -> str:
    """Return the serial and model of a gun, as it was last told."""
    told = ([event[name] for event in events if event.get(name)] for name in ("serial", "model"))
    return " ".join(found[-1] for found in told if found) or "–"


def _candidates(words: Words, view: ResultView) -> list[Part]:
    """Return what it may be, by its first sales alone or by what is recorded of each gun."""
    found, told = view.result.candidates, {event["record"]: event for event in view.events()}
    sold = all(one["time_to_crime_days"] is not None for one in found)
    title = say("First sales that are possible") if sold else say("Guns that it may be")
    return words.table(title, CANDIDATES, [
        (words.state(one["state"]), whole(told[one["record"]]["serial"]) or "–",
         event_name(words, told[one["record"]]["event"]),
         words.day(one["occurred_on"]), _days(one["time_to_crime_days"]) or "–")
        for one in found
    ])  # fmt: skip


def _days(days: int | None) -> str | None:
    return None if days is None else str(days)


def _objections(words: Words, view: ResultView) -> Iterable[str]:
    """Return why each event contradicts the chain, by its day and state."""
    return (
        f"{_event(words, event)}: {worded(view.result.objections[event['record']])}"
        for event in view.result.conflicts
    )


def _list(words: Words, title: Message, lines: Iterable[str]) -> list[Part]:
    text = "\n".join(lines)
    return words.fields(title, words.field(say("Named"), text, wide=True)) if text else []


def _trace(words: Words, report: Report, at: datetime) -> list[Part]:
    trace = report.view.trace
    return words.fields(
        say("Trace"),
        words.field(say("Number"), str(trace.id)),
        words.field(say("Status"), _status(words, report.view)),
        words.field(say("Refused by"), _refused(words, report.view)),
        words.field(say("Priority"), words.code("priority", trace.priority)),
        words.field(say("Legal basis"), trace.legal_basis),
        words.field(say("Reason"), words.code("illicit_reason", trace.illicit_reason)),
        words.field(say("Intended use"), words.code("intended_use", trace.intended_use)),
        words.field(say("Second person"), _second_person(words, trace)),
        words.field(say("Made on"), f"{words.day(at.date())}, {at:%H:%M} UTC"),
        words.field(OVERRULED, _overruled(words, report), wide=True),
    )  # fmt: skip


def _status(words: Words, view: TraceView) -> str | None:
    """Return the status in words; of one that no answer is owed to, whether it has them."""
    if view.trace.status == "answered" and view.is_refused_by_all:
        return words.both(ALL_REFUSED)
    if view.is_answered_in_part:
        return words.both(IN_PART)
    return words.code("trace_status", view.trace.status)


def _refused(words: Words, view: TraceView) -> str | None:
    return ", ".join(filter(None, map(words.state, view.refused_by))) or None


def _overruled(words: Words, report: Report) -> str | None:
    """Return who declined a trace that was sent all the same: the state, the day and why."""
    said = report.view.overruled
    if said is None:
        return None
    return f"{words.state(said.sender)}, {words.day(said.at.date())}: {said.data['text']}"


def find_of(words: Words, trace: Any, seizure: Any, *, is_numbered: bool = False) -> list[Part]:
    """Return how and where a gun was found; with the number of its seizure where that may go along."""
    place = (seizure.place_name, seizure.admin1) if seizure else ()
    country = words.state(seizure.country if seizure else trace.owner_state)
    number = seizure.number if seizure and is_numbered else None
    return words.fields(
        say("Circumstances of the find"),
        words.field(say("Found on"), words.day(trace.found_on)),
        words.field(say("Place"), ", ".join(filter(None, (*place, country)))),
        words.field(say("Seizure"), number),
        words.field(say("Marking"), words.code("marking", trace.firearm.get("marking"))),
        words.field(say("In words"), trace.circumstances, wide=True),
    )


def _second_person(words: Words, trace: Any) -> str | None:
    """Say who approved it where somebody did; and that nobody did, where the state is alone."""
    return words.code("trace_approval", trace.approval) if trace.approval else None


def gun_of(words: Words, gun: Mapping[str, Any]) -> list[Part]:
    """Return the section of a gun as it was described."""
    marks = "; ".join(
        f"{words.code('mark_kind', mark['kind'])}: {mark['text']}"
        for mark in gun.get("marks") or ()
        if mark["text"] != gun.get("serial")
    )
    return words.fields(
        say("Firearm"),
        words.field(say("Type"), words.code("type", gun.get("type"))),
        words.field(say("Make"), title_of(words, "make", gun)),
        words.field(say("Model"), gun.get("model")),
        words.field(say("Calibre"), title_of(words, "calibre", gun)),
        words.field(
            say("Serial number"),
            whole(gun.get("serial")),
            wide=len(gun.get("serial") or "") > MOST_IN_FIELD,
        ),
        words.field(say("Country of manufacture"), words.state(gun.get("country_of_manufacture"))),
        words.field(say("Year of manufacture"), str(gun["year"]) if gun.get("year") else None),
        words.field(say("Importer's mark"), gun.get("importer_mark")),
        words.field(say("Other marks"), marks or None, wide=True),
    )


def title_of(words: Words, kind: str, gun: Mapping[str, Any]) -> str | None:
    """Return a make or calibre by its name, else as it was written."""
    code = gun.get(kind)
    return names.title(kind, code, words.language) if code else gun.get(f"{kind}_text")


def _found(words: Words, view: ResultView) -> list[Part]:
    result = view.result
    days, since = result.time_to_crime_days, result.since_last_lawful_days
    return words.fields(
        say("Result"),
        words.field(say("Outcome"), words.code("trace_outcome", result.outcome)),
        words.field(say("Scope"), words.code("trace_scope", result.scope)),
        words.field(say("Reached"), words.code("trace_reached", result.reached)),
        words.field(say("Why it failed"), words.code("failure_reason", result.failure_reason)),
        words.field(say("From the first sale to the find"), _lasting(words, days)),
        words.field(say("From the last lawful point to the find"), _lasting(words, since)),
    )


def _lasting(words: Words, days: int | None) -> str | None:
    """Return a number of days in words, as the page has it."""
    if days is None:
        return None
    said: str = format_timedelta(
        timedelta(days=days), granularity="day", threshold=inf, locale=words.language
    )
    return said


def _turn(words: Words, view: ResultView) -> list[Part]:
    """Return where the gun was last lawful, and between which events it left the lawful world."""
    last, diversion = view.result.last_lawful, view.result.point_of_diversion
    told = {event["record"]: _event(words, event) for event in view.events()}
    where = told[last["record"]] if last else None
    if not diversion:
        return words.fields(say("Last lawful point"), words.field(say("Event"), where, wide=True))
    shown = words.field(say("Last lawful point"), where, wide=True)
    before = diversion["before"]
    return words.fields(
        say("Point of diversion"), shown,
        words.field(say("It left after"), told.get(diversion["after"])),
        words.field(say("and before"), told.get(before) if before else None),
        words.field(say("Kind"), words.code("diversion_kind", diversion["diversion_kind"])),
        words.field(say("What shows it"), worded(diversion["why"]), wide=True),
    )  # fmt: skip


def event_name(words: Words, event: str) -> str:
    """Return the name of an event, which is a kind of transfer, report or seizure, or a movement."""
    if event in MOVED:
        return words.both(MOVED[event])
    kind = next(kind for kind in KINDS if event in names.labels(kind, words.language))
    return names.label(kind, event, words.language)


def _event(words: Words, event: Mapping[str, Any]) -> str:
    return ", ".join(filter(None, (
        event_name(words, event["event"]), words.state(event["state"]),
        words.day(event["occurred_on"]),
    )))  # fmt: skip


def _events(
    words: Words, title: Message, view: ResultView, events: Sequence[Mapping[str, Any]]
) -> list[Part]:
    return words.table(title, COLUMNS, [_row(words, view, event) for event in events])


BY_A_PERSON: Final = say("As a person of that state says")


def _row(words: Words, view: ResultView, event: Mapping[str, Any]) -> list[Any]:
    handling = view.sharing[event["record"]].said.handling
    document = words.code("object", event["document_kind"]) or ""
    source = " ".join(filter(None, (document.capitalize(), event.get("document_number"))))
    if corrected := event.get("corrected_at"):
        said = words.both(say("Corrected since it was answered: {on}", on=corrected[:10]))
        source = f"{source} ({said})"
    by_hand = event.get("by_hand")
    if by_hand:
        source = " ".join(filter(None, (f"{source}." if source else "", worded(by_hand))))
    return [
        words.in_letters(event["occurred_on"]), words.state(event["state"]),
        event_name(words, event["event"]), whole(event["serial"]) or "–",
        _side(words, view, event["giver"]), _side(words, view, event["receiver"]), source or "–",
        words.code("handling", handling),
        words.code("strength", event["strength"]) or ("–" if by_hand else words.both(BY_A_PERSON)),
    ]  # fmt: skip


def _side(words: Words, view: ResultView, side: Mapping[str, Any] | None) -> str:
    """Return a party by name where it may be read, else by its kind and country."""
    if not side:
        return "–"
    party = view.parties.get(UUID(side["id"]))
    if party and party.name:
        return f"{party.name} ({party.country})"
    kind = words.code("party_kind", side["kind"]) or ""
    return f"{kind} ({side['country']})" if side.get("country") else kind
