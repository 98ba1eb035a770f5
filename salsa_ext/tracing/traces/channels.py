"""States outside the exchange: their channel, form, and answers recorded by officers.

Nothing here is the state's own message: an officer of the asking state records when a form was
sent, and from the reply what was answered on which day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import Action, AuditEvent, append, append_many
from salsa_ext.access.permissions import Permission
from salsa_ext.access.release import Use
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition, Invalid, NotFound, message
from salsa_ext.core.field_checks import Problems, check_date
from salsa_ext.database.session import db
from salsa_ext.disclosure.disclosures import disclosure_event
from salsa_ext.disclosure.sharing import Sharing
from salsa_ext.documents.models import Seizure
from salsa_ext.firearms.records.event_kinds import Event
from salsa_ext.reference.agencies import agency_label
from salsa_ext.reference.calendars import local_days, today
from salsa_ext.reference.contact_offices import ContactOffice, find_reply_office
from salsa_ext.tracing.chains.chain import merge_events
from salsa_ext.tracing.requests import answers, message_log
from salsa_ext.tracing.requests.answers import groups_in
from salsa_ext.tracing.requests.lifecycle import FINAL_ACTIONS
from salsa_ext.tracing.requests.message_log import MessageEntry, messages_by_subject
from salsa_ext.tracing.requests.values import NOT_PARTICIPATING, UNANSWERED_STATUSES
from salsa_ext.tracing.traces import legs, trace_results
from salsa_ext.tracing.traces import queries as trace_queries
from salsa_ext.tracing.traces.leg_views import FORM_SENT
from salsa_ext.tracing.traces.messages import asking_agency
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.queries import TraceView
from salsa_ext.tracing.traces.values import ChannelData, ReplyData

ACTION_BY_STATUS: Final = {
    "acknowledged": "acknowledge",
    "answered": "answer",
    "partial": "restrict",
    "no_record": "no_record",
    "refused": "refuse",
}
"""Statuses an officer may record from any status, with the action."""


def may_change_channel(leg: TraceLeg) -> bool:
    """Return whether a leg's channel may change: until its answer."""
    return leg.channel != "salsa" and leg.status in UNANSWERED_STATUSES


def set_channel(actor: Actor, trace: Trace, leg: TraceLeg, data: ChannelData) -> bool:
    """Set a leg's channel; returns whether the form is reported sent.

    On `sent_on`, or today; a new reference also reports it. Raises Invalid for a future day or one
    before the gun was found.
    """
    problems = Problems()
    _check_day(problems, actor, trace, "sent_on", data.sent_on)
    problems.raise_any()
    is_reported = data.sent or data.sent_on is not None
    is_sent = is_reported or data.reference not in (None, leg.reference)
    is_asked_again = leg.is_form_pending or data.channel != leg.channel
    if is_asked_again:
        leg.is_form_pending = not is_sent
        leg.asked_on = leg.asked_on if data.channel == leg.channel else None
    if data.sent_on or (is_sent and is_asked_again):
        _set_asked(actor, leg, data.sent_on or today(actor))
    leg.channel, leg.reference = data.channel, data.reference
    if leg.status == NOT_PARTICIPATING and not leg.is_form_pending:
        leg.status = "sent"
    db.session.flush()
    if is_reported:
        entry = {"channel": data.channel, "sent_on": _iso(leg.asked_on)}
        message_log.store(actor, [MessageEntry("leg", leg.id, FORM_SENT, entry)])
    return is_reported


def record_answer(actor: Actor, trace: Trace, leg: TraceLeg, data: ReplyData) -> dict[str, Any]:
    """Record an answer by another channel; raises Invalid.

    Replaces the recorded one, unless `is_additional`. Returns what it replaced, for the
    audit.
    """
    action = _check_reply(actor, trace, leg, data)
    is_final = action in FINAL_ACTIONS
    replaces = is_final or leg.status not in UNANSWERED_STATUSES
    replaced: dict[str, Any] = {}
    if replaces and not data.is_additional and leg.answered_at is not None:
        records = [event["record"] for event in leg.events]
        on = _iso(leg.answered_on)
        replaced["replaced"] = {"status": leg.status, "answered_on": on, "events": records}
    if leg.status == "withdrawn":
        raise IllegalTransition("leg", leg.status, action)
    legs.set_status(leg, data.status or leg.status)
    leg.is_automatic = False
    if data.sent_on is not None:
        leg.is_form_pending = False
        _set_asked(actor, leg, data.sent_on)
    elif leg.is_form_pending:
        # that an earlier form arrived proves nothing of the next one
        leg.is_form_pending = not is_final and (
            bool(leg.reference)
            or any(entry.kind == FORM_SENT for entry in messages_by_subject([leg.id])[leg.id])
        )
    leg.reference = data.reference or leg.reference
    events: list[dict[str, Any]] = []
    if replaces:
        leg.answered_at = actor.now() if is_final else None
        leg.answered_on = data.answered_on if is_final else None
        leg.failure_reason = data.failure_reason
        said_on = {"said_on": _iso(leg.answered_on)}
        for event in data.events:
            events.append(answers.manual_event(leg.state, event, "H1") | said_on)
        leg.events = merge_events(leg.events, events) if data.is_additional else events
    db.session.flush()
    days = {"sent_on": _iso(data.sent_on), "answered_on": _iso(data.answered_on)}
    entry = {name: day for name, day in days.items() if day} | {
        "text": data.text,
        "status": leg.status,
        "points_to": [*data.points_to],
        "failure_reason": data.failure_reason,
        "events": events,
    }
    message_log.store(actor, [MessageEntry("leg", leg.id, "by_hand", entry)])
    legs.ask_referred(actor, trace, legs.referrals_in(leg.state, leg.events, [*data.points_to]))
    legs.update_status(trace)
    return replaced


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _set_asked(actor: Actor, leg: TraceLeg, on: date) -> None:
    """Set when a form was sent: the day, of today the time."""
    is_today = on == today(actor)
    leg.asked_on = on
    leg.asked_at = actor.now() if is_today else local_days(actor).start(leg.owner_state, on)


def _check_reply(actor: Actor, trace: Trace, leg: TraceLeg, data: ReplyData) -> str:
    """Return the action of a recorded answer; raises Invalid."""
    problems = Problems()
    if not data.text:
        problems.add("text", message("This field is required."))
    if data.status is None:
        problems.add("status", message("Say what came back by the other channel."))
    if data.events and data.status not in ("answered", "partial"):
        problems.add("events", message("Events belong to an answer."))
    if data.is_additional and data.status not in ("answered", "partial"):
        problem = message(
            "Only an answer can be added to another. Leave this out to correct what was recorded."
        )
        problems.add("additional", problem)
    if data.failure_reason and data.status not in ("partial", "no_record"):
        problem = message(
            "Only an answer in part, or that there is no record, says why no more is known."
        )
        problems.add("failure_reason", problem)
    _check_day(problems, actor, trace, "sent_on", data.sent_on)
    _check_day(problems, actor, trace, "answered_on", data.answered_on)
    if data.answered_on and data.status and ACTION_BY_STATUS[data.status] not in FINAL_ACTIONS:
        problem = message("Nothing was answered yet: leave the day out, or say what was answered.")
        problems.add("answered_on", problem)
    sent_on = data.sent_on or leg.asked_on
    if sent_on and data.answered_on and data.answered_on < sent_on:
        problem = message(
            "Before the form went out, on {on}: correct the one day or the other.", on=sent_on
        )
        problems.add("answered_on", problem)
    for at, event in enumerate(data.events):
        path = f"events.{at}.occurred_on"
        check_date(problems, path, event.occurred_on, today(actor))
        if data.answered_on and event.occurred_on > data.answered_on:
            problem = message(
                "After the day of the answer, {on}: correct the one day or the other.",
                on=data.answered_on,
            )
            problems.add(path, problem)
    problems.raise_any()
    return ACTION_BY_STATUS[data.status or ""]


def _check_day(problems: Problems, actor: Actor, trace: Trace, path: str, on: date | None) -> None:
    """Check that a day is between the find and today."""
    now = today(actor)
    if on is not None and on > now:
        problems.add(path, message("This date lies in the future; today is {today}.", today=now))
    elif on is not None and on < min(trace.found_on, now):
        problem = message(
            "Before the gun was found, on {on}: say that day or a later one.", on=trace.found_on
        )
        problems.add(path, problem)


EVENT_GROUPS = ("firearm", "event", "document")
FORM_FIELDS = {"firearm": ("serial",), "event": (), "document": ("document_number",)}
"""Fields on a form by field group."""


@dataclass(frozen=True)
class RequestForm:
    """Contents of a form: trace, leg, seizure, contact, and known events.

    Its contents leave the circle of participants: own information, and of other states only what
    the release rules let go on to the asked state. `agency` is the asking authority, by name and
    code, `office` its contact; neither of a restricted agency. `events` may go on to the asked
    state; `sharing` has by record what else of them may.
    """

    view: TraceView
    leg: TraceLeg
    seizure: Seizure | None
    agency: str
    office: ContactOffice | None
    events: Sequence[Event]
    sharing: Mapping[str, Sharing]


def fill_form(*, actor: Actor, trace_id: UUID, leg_id: UUID) -> RequestForm:
    """Return the form of a leg; raises NotFound, Invalid."""
    require(actor, Permission.TRACE_REQUEST)
    view = trace_queries.load(actor, trace_id)
    leg = next((leg for leg in view.legs if leg.id == leg_id), None)
    if leg is None:
        raise NotFound("leg", leg_id)
    if leg.channel == "salsa":
        problem = message("This state takes part, and is asked by the service itself.")
        raise Invalid({"leg": [problem]})
    result = trace_results.get_result(actor, trace_id)
    seizure = trace_queries.find_seizure(actor, view.trace)
    fallback = [seizure.agency] if seizure else []
    agency = asking_agency(actor, view.trace, view.restricted_agencies, fallback)
    use = Use("onward", leg.state)
    onward = [  # own ones, others with consent
        event
        for event in result.events()
        if all(result.sharing[event["record"]].decide(group, use).allowed for group in EVENT_GROUPS)
    ]
    return RequestForm(
        view,
        leg,
        seizure,
        agency_label(agency) if agency else "",
        find_reply_office(actor.own_state(), agency, view.restricted_agencies),
        onward,
        result.sharing,
    )


def audit_form(*, actor: Actor, form: RequestForm, kind: str, sha256: str) -> None:
    """Audit that a form was made, with the file's SHA-256.

    Each state with an event on it sees in its audit to which state it goes.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace, leg = form.view.trace, form.leg
    data = {
        "leg": str(leg.id),
        "to": leg.state,
        "channel": leg.channel,
        "kind": kind,
        "file": sha256,
        "language": actor.language,
    }
    append(actor, AuditEvent(Action.TRACE_FORM_MADE, "trace", trace.id, data=data))
    entries = []
    for event in form.events:
        if not form.sharing[event["record"]].is_own:
            disclosed = {
                "version": event["version"],
                "handling": event["handling"],
                "groups": groups_in(event, FORM_FIELDS),
                "to": leg.state,
                "through": "form",
            }
            entries.append(disclosure_event(event["record"], event["state"], disclosed))
    append_many(actor.for_trace(trace.case_number, trace.id), entries)
