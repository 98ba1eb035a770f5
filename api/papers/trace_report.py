"""Report of a trace, in the reader's language."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any, Final
from uuid import UUID

import rfc8785
from babel.dates import format_timedelta

from api.i18n.messages import translate_event, use_language
from api.papers.sheets import Part, SheetBuilder, build_sheet, render_sheet, unbroken_text
from salsa_ext.core.batches import group_by
from salsa_ext.core.dates import Days
from salsa_ext.core.errors import Message, message
from salsa_ext.reference import names
from salsa_ext.reference.participation.declarations import describe_coverage
from salsa_ext.reference.participation.rules import Declaration
from salsa_ext.tracing.traces.leg_views import leg_label
from salsa_ext.tracing.traces.queries import TraceView
from salsa_ext.tracing.traces.reports import TraceReport
from salsa_ext.tracing.traces.trace_results import ResultView

POLICE_NOTICE: Final = message(
    "Police information. Not for use in court without the consent of the states named."
)
EVENT_COLUMNS: Final = (
    (message("Date"), 7),
    (message("State"), 8),
    (message("Event"), 9),
    (message("Serial number"), 9),
    (message("From"), 10),
    (message("To"), 10),
    (message("Source"), 10),
    (message("Handling"), 8),
    (message("Confidence"), 7),
)
MAX_FIELD_CHARS: Final = 40
"""Characters of a serial that can be read in half the width of a page."""
EVENT_KINDS: Final = ("transfer_kind", "report_kind", "seizure_kind")
SEARCHED_COLUMNS: Final = (
    (message("State"), 10),
    (message("Registers"), 16),
    (message("Through"), 8),
    (message("Answer"), 10),
)
SENT_AFTER_REJECTION: Final = message("A second person declined it, and it was sent all the same.")
PARTLY_ANSWERED: Final = message("Not all that were asked answered")
ALL_REFUSED: Final = message("All that were asked refused")
FOR_IT, AGAINST_IT = message("For:"), message("Against:")
SEVERAL_GUNS: Final = {
    True: message("The mark fits several guns: it may be any of these."),
    False: message("The same serial was sold new more than once: it may be any of these guns."),
}
"""The note on a chain that may be of several guns, by whether these bear different marks."""
CANDIDATE_COLUMNS: Final = (
    (message("State"), 10),
    (message("Serial number"), 9),
    (message("Event"), 8),
    (message("Date"), 8),
    (message("Days from sale to seizure"), 8),
)


@dataclass(frozen=True)
class ReportFile:
    """Report as PDF, with hexadecimal SHA-256 of content and file."""

    body: bytes
    content: str
    file: str


def render_trace_report(report: TraceReport, language: str, at: datetime) -> ReportFile:
    """Return the PDF of a report and its hashes."""
    words = SheetBuilder(language, is_alone=True)
    with use_language(language):
        title, number = words.pair(message("Report of a trace")), report.view.trace.case_number
        issuer = words.state(report.view.trace.owner_state) or ""
        status = None if report.is_for_court else words.pair(POLICE_NOTICE)
        sections = _report_sections(words, report, at)
        document = build_sheet(words, title, issuer, number, sections, POLICE_NOTICE)
        document["number_label"] = words.pair(message("Case number"))
    content = hashlib.sha256(rfc8785.dumps(document | {"status": status})).hexdigest()
    lines = [status["a"]] if status else []
    foot = {"a": "\n".join([*map(str, lines), f"SHA-256: {content}"]), "b": None}
    body = render_sheet(document | {"status": status, "foot": foot}, at)
    return ReportFile(body, content, hashlib.sha256(body).hexdigest())


def _report_sections(words: SheetBuilder, report: TraceReport, at: datetime) -> list[Part]:
    result = report.result
    return [
        *_trace_section(words, report, at),
        *gun_section(words, report.view.trace.firearm),
        *find_section(words, report.view.trace, report.seizure, is_numbered=True),
        *_result_section(words, report.view, result),
        *_chain_section(words, result),
        *_events_section(words, message("What contradicts it"), result, result.result.conflicts),
        *_list_section(words, message("Why it contradicts"), _objections(words, result)),
        *_candidates_section(words, result),
        *_possible_section(words, result),
        *_diversion_section(words, result),
        *_list_section(
            words, message("In custody before"), map(translate_event, result.result.remarks)
        ),
        *words.table(
            message("States searched or asked"),
            SEARCHED_COLUMNS,
            [
                (
                    words.state(searched.state),
                    _registers_text(words, searched.registers),
                    words.day(searched.through) or "–",
                    words.code(
                        "leg_status",
                        leg_label(searched.status, searched.state, result.trace.owner_state),
                    ),
                )
                for searched in result.searched
            ],
        ),
        *_list_section(
            words, message("What is missing"), map(translate_event, result.result.missing)
        ),
        *_list_section(
            words,
            message("States whose consent to use in court is missing"),
            filter(None, map(words.state, report.without_consent)),
        ),
    ]


def _chain_section(words: SheetBuilder, view: ResultView) -> list[Part]:
    """Return the chain; of several possible guns one table each."""
    chain, several = view.result.chain, view.result.candidates
    if len(several) < 2:
        return _events_section(words, message("Chain, in order"), view, chain)
    guns = [[event for event in chain if event["record"] in gun["records"]] for gun in several]
    assigned = {record for gun in several for record in gun["records"]}
    parts = words.fields(
        message("Chain, in order"),
        words.field(
            message("Several guns"), words.both(SEVERAL_GUNS[view.result.several_marks]), wide=True
        ),
    )
    for number, events in enumerate(guns, 1):
        parts += _events_section(
            words,
            message("Gun {number}: {gun}", number=number, gun=_gun_name(events)),
            view,
            events,
        )
    rest = [event for event in chain if event["record"] not in assigned]
    return parts + _events_section(words, message("Of any of these"), view, rest)


def _gun_name(events: Sequence[Mapping[str, Any]]) -> str:
    """Return serial and model of a gun, as last recorded."""
    values = ([event[name] for event in events if event.get(name)] for name in ("serial", "model"))
    return " ".join(recorded[-1] for recorded in values if recorded) or "–"


def _candidates_section(words: SheetBuilder, view: ResultView) -> list[Part]:
    """Return the possible guns, by first sale or by records."""
    candidates, events = view.result.candidates, {event["record"]: event for event in view.events()}
    sold = all(candidate["time_to_crime"] is not None for candidate in candidates)
    title = message("First sales that are possible") if sold else message("Guns that it may be")
    return words.table(
        title,
        CANDIDATE_COLUMNS,
        [
            (
                words.state(candidate["state"]),
                unbroken_text(events[candidate["record"]]["serial"]) or "–",
                event_name(words, events[candidate["record"]]["event"]),
                words.day(candidate["occurred_on"]),
                _days_text(candidate["time_to_crime"]),
            )
            for candidate in candidates
        ],
    )


def _possible_section(words: SheetBuilder, view: ResultView) -> list[Part]:
    """Return the records that may be of the gun, with why and why not; no parties."""
    possible = view.result.possible
    events = [{**each.event, "giver": None, "receiver": None} for each in possible]
    lines = (
        f"{_event_text(words, each.event)}\n{translate_event(FOR_IT)} "
        f"{' '.join(map(translate_event, each.why)) or '–'}\n{translate_event(AGAINST_IT)} "
        f"{' '.join(map(translate_event, each.why_not))}"
        for each in possible
    )
    parts = _events_section(words, message("Records that may be of this gun"), view, events)
    return parts + _list_section(words, message("Why, and why that is not certain"), lines)


def _days_text(days: Days | None) -> str:
    return str(days.amount) if days else "–"


def _objections(words: SheetBuilder, view: ResultView) -> Iterable[str]:
    """Return the reason of each contradicting event."""
    return (
        f"{_event_text(words, event)}: {translate_event(view.result.objections[event['record']])}"
        for event in view.result.conflicts
    )


def _list_section(words: SheetBuilder, title: Message, lines: Iterable[str]) -> list[Part]:
    text = "\n".join(lines)
    return words.fields(title, words.field(message("Named"), text, wide=True)) if text else []


def _trace_section(words: SheetBuilder, report: TraceReport, at: datetime) -> list[Part]:
    trace = report.view.trace
    return words.fields(
        message("Trace"),
        words.field(message("Number"), str(trace.id)),
        words.field(message("Status"), _status_text(words, report.view)),
        words.field(message("Refused by"), _refusing_states(words, report.view)),
        words.field(message("Priority"), words.code("priority", trace.priority)),
        words.field(message("Legal basis"), trace.legal_basis),
        words.field(message("Reason"), words.code("illicit_reason", trace.illicit_reason)),
        words.field(message("Intended use"), words.code("intended_use", trace.intended_use)),
        words.field(message("Second person"), _approval_text(words, trace)),
        words.field(message("Made on"), f"{words.day(at.date())}, {at:%H:%M} UTC"),
        words.field(SENT_AFTER_REJECTION, _rejection_text(words, report), wide=True),
    )


def _status_text(words: SheetBuilder, view: TraceView) -> str | None:
    """Return the status in words, also for refused or partial answers."""
    if view.trace.status == "completed" and view.is_refused_by_all:
        return words.both(ALL_REFUSED)
    if view.is_answered_in_part:
        return words.both(PARTLY_ANSWERED)
    return words.code("trace_status", view.trace.status)


def _registers_text(words: SheetBuilder, registers: Sequence[Declaration]) -> str:
    """Return the registers of a state, those of equal coverage and mode together."""
    alike = group_by(registers, lambda each: (words.both(describe_coverage(each)), each.mode))
    lines = [
        f"{', '.join(words.code('register', each.register) or '' for each in some)}: {coverage}"
        f" · {words.code('register_mode', mode)}"
        for (coverage, mode), some in alike.items()
    ]
    return "; ".join(lines) or words.both(message("none: nothing was searched"))


def _refusing_states(words: SheetBuilder, view: TraceView) -> str | None:
    return ", ".join(filter(None, map(words.state, view.refused_by))) or None


def _rejection_text(words: SheetBuilder, report: TraceReport) -> str | None:
    """Return state, day and reason of an overruled rejection."""
    decline = report.view.overruled_decline
    if decline is None:
        return None
    return f"{words.state(decline.sender)}, {words.day(decline.at.date())}: {decline.data['text']}"


def find_section(
    words: SheetBuilder, trace: Any, seizure: Any, *, is_numbered: bool = False
) -> list[Part]:
    """Return the circumstances of the find, optionally with seizure number."""
    place = (seizure.place_name, seizure.admin1) if seizure else ()
    country = words.state(seizure.country if seizure else trace.owner_state)
    number = seizure.number if seizure and is_numbered else None
    return words.fields(
        message("Circumstances of the find"),
        words.field(message("Found on"), words.day(trace.found_on)),
        words.field(message("Place"), ", ".join(filter(None, (*place, country)))),
        words.field(message("Seizure"), number),
        words.field(
            message("Condition of the mark"), words.code("marking", trace.firearm.get("marking"))
        ),
        words.field(message("Comment"), trace.circumstances, wide=True),
    )


def _approval_text(words: SheetBuilder, trace: Any) -> str | None:
    """Return how the trace was approved."""
    return words.code("trace_approval", trace.approval) if trace.approval else None


def gun_section(words: SheetBuilder, gun: Mapping[str, Any]) -> list[Part]:
    """Return the section of a described gun."""
    marks = "; ".join(
        f"{words.code('mark_kind', mark['kind'])}: {mark['text']}"
        for mark in gun.get("marks") or ()
        if mark["text"] != gun.get("serial")
    )
    return words.fields(
        message("Firearm"),
        words.field(message("Type"), words.code("type", gun.get("type"))),
        words.field(message("Make"), name_or_text(words, "make", gun)),
        words.field(message("Model"), gun.get("model")),
        words.field(message("Calibre"), name_or_text(words, "calibre", gun)),
        words.field(
            message("Serial number"),
            unbroken_text(gun.get("serial")),
            wide=len(gun.get("serial") or "") > MAX_FIELD_CHARS,
        ),
        words.field(
            message("Country of manufacture"), words.state(gun.get("country_of_manufacture"))
        ),
        words.field(message("Year of manufacture"), str(gun["year"]) if gun.get("year") else None),
        words.field(message("Importer's mark"), gun.get("importer_mark")),
        words.field(message("Other marks"), marks or None, wide=True),
    )


def name_or_text(words: SheetBuilder, kind: str, gun: Mapping[str, Any]) -> str | None:
    """Return the name of a make or calibre, else its text."""
    code = gun.get(kind)
    return names.display_name(kind, code, words.language) if code else gun.get(f"{kind}_text")


def _result_section(words: SheetBuilder, trace: TraceView, view: ResultView) -> list[Part]:
    result = view.result
    outcome = words.code("trace_outcome", trace.shown_outcome or result.outcome)
    days, since = result.time_to_crime, result.since_last_lawful
    return words.fields(
        message("Result"),
        words.field(message("Outcome"), outcome),
        words.field(message("Scope"), words.code("trace_scope", result.scope)),
        words.field(message("Reached"), words.code("trace_reached", result.reached)),
        words.field(message("Why it failed"), words.code("failure_reason", result.failure_reason)),
        words.field(message("From the first sale to the find"), _duration_text(words, days)),
        words.field(
            message("From the last lawful point to the find"), _duration_text(words, since)
        ),
    )


def _duration_text(words: SheetBuilder, days: Days | None) -> str | None:
    if days is None:
        return None
    text: str = format_timedelta(
        timedelta(days=days.most), granularity="day", threshold=inf, locale=words.language
    )
    return text.replace(str(days.most), str(days.amount), 1)


def _diversion_section(words: SheetBuilder, view: ResultView) -> list[Part]:
    """Return the last lawful point and the point of diversion."""
    last, diversion = view.result.last_lawful, view.result.point_of_diversion
    texts = {event["record"]: _event_text(words, event) for event in view.events()}
    where = texts[last["record"]] if last else None
    if not diversion:
        return words.fields(
            message("Last lawful point"), words.field(message("Event"), where, wide=True)
        )
    parts = words.field(message("Last lawful point"), where, wide=True)
    before = diversion["before"]
    return words.fields(
        message("Point of diversion"),
        parts,
        words.field(message("It left after"), texts.get(diversion["after"])),
        words.field(message("and before"), texts.get(before) if before else None),
        words.field(message("Kind"), words.code("diversion_kind", diversion["diversion_kind"])),
        words.field(message("What shows it"), translate_event(diversion["why"]), wide=True),
    )


def event_name(words: SheetBuilder, event: str) -> str:
    """Return the name of an event of a chain."""
    kind = next(kind for kind in EVENT_KINDS if event in names.labels(kind, words.language))
    return names.label(kind, event, words.language)


def _event_text(words: SheetBuilder, event: Mapping[str, Any]) -> str:
    return ", ".join(
        filter(
            None,
            (
                event_name(words, event["event"]),
                words.state(event["state"]),
                words.day(event["occurred_on"]),
            ),
        )
    )


def _events_section(
    words: SheetBuilder, title: Message, view: ResultView, events: Sequence[Mapping[str, Any]]
) -> list[Part]:
    return words.table(title, EVENT_COLUMNS, [_event_row(words, view, event) for event in events])


IDENTIFIED_BY_PERSON: Final = message("As a person of that state says")


def _event_row(words: SheetBuilder, view: ResultView, event: Mapping[str, Any]) -> list[Any]:
    handling = view.sharing[event["record"]].statement.handling
    document = words.code("object", event["document_kind"]) or ""
    source = " ".join(filter(None, (document.capitalize(), event.get("document_number"))))
    if corrected := event.get("corrected_at"):
        correction = words.both(message("Corrected since it was answered: {on}", on=corrected[:10]))
        source = f"{source} ({correction})"
    by_hand = event.get("by_hand")
    if by_hand:
        source = " ".join(filter(None, (f"{source}." if source else "", translate_event(by_hand))))
    return [
        words.day_with_month(event["occurred_on"]),
        words.state(event["state"]),
        event_name(words, event["event"]),
        unbroken_text(event["serial"]) or "–",
        _party_text(words, view, event["giver"]),
        _party_text(words, view, event["receiver"]),
        source or "–",
        words.code("handling", handling),
        words.code("strength", event["strength"])
        or ("–" if by_hand else words.both(IDENTIFIED_BY_PERSON)),
    ]


def _party_text(words: SheetBuilder, view: ResultView, holder: Mapping[str, Any] | None) -> str:
    """Return a party by name if readable, else kind and country."""
    if not holder:
        return "–"
    party = view.parties.get(UUID(holder["id"]))
    if party and party.name:
        return f"{party.name} ({party.country})"
    kind = words.code("party_kind", holder["kind"]) or ""
    return f"{kind} ({holder['country']})" if holder.get("country") else kind
