"""Forms by which a state is asked outside the service."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import AuditEvent, append, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.release import Use
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, NotFound, message
from salsa_ext.core.text import ENGLISH, official_language
from salsa_ext.database.session import db
from salsa_ext.disclosure.disclosures import disclosure_event
from salsa_ext.disclosure.sharing import Sharing
from salsa_ext.documents.models import Seizure
from salsa_ext.firearms.records.event_kinds import Event
from salsa_ext.reference.agencies import ContactOffice, agency_label, find_reply_office
from salsa_ext.tracing.requests.answers import groups_in
from salsa_ext.tracing.traces import attempts, trace_results
from salsa_ext.tracing.traces import queries as trace_queries
from salsa_ext.tracing.traces.attempts import ETRACE, Attempt
from salsa_ext.tracing.traces.messages import asking_agency
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.queries import TraceView, get_trace
from salsa_ext.tracing.traces.values import EtraceData, Possessor, RecoveryAddress


def set_etrace_data(*, actor: Actor, trace_id: UUID, data: EtraceData) -> None:
    """Store what is typed for a trace, and all others of its seizure; raises NotFound."""
    require(actor, Permission.TRACE_REQUEST)
    _store(actor, trace_id, data, Action.TRACE_ETRACE_TYPED)


def erase_etrace_data(*, actor: Actor, trace_id: UUID) -> None:
    """Erase what was typed for the traces of a seizure; raises NotFound."""
    require(actor, Permission.TRACE_REQUEST)
    _store(actor, trace_id, None, Action.TRACE_ETRACE_ERASED)


def read_etrace_data(actor: Actor, trace: Trace) -> EtraceData:
    """Return what was typed for a trace; empty where nothing was."""
    require(actor, Permission.TRACE_REQUEST)
    if trace.etrace_data is None:
        return EtraceData()
    values = json.loads(actor.vault.open(trace.etrace_data, _name(trace)))
    possessor, recovery = values.pop("possessor"), values.pop("recovery")
    return EtraceData(
        **values,
        possessor=Possessor(**_with_dates(possessor)) if possessor else None,
        recovery=RecoveryAddress(**recovery) if recovery else None,
    )


def _with_dates(values: Mapping[str, Any]) -> dict[str, Any]:
    days = {name: values[name] for name in ("birth_date", "alias_birth_date")}
    return dict(values) | {name: day and date.fromisoformat(day) for name, day in days.items()}


def _store(actor: Actor, trace_id: UUID, data: EtraceData | None, action: Action) -> None:
    trace = get_trace(actor, trace_id).trace
    same = Trace.id == trace_id
    if trace.seizure_id is not None:
        same = Trace.seizure_id == trace.seizure_id
    query = select(Trace).where(Trace.owner_state == trace.owner_state, same)
    traces = db.session.scalars(query.order_by(Trace.id).with_for_update()).all()
    text = json.dumps(asdict(data), default=date.isoformat).encode() if data else None
    for each in traces:
        each.etrace_data = actor.vault.seal(text, _name(each)) if text else None
    db.session.flush()
    append(actor, AuditEvent(action, "trace", trace_id, data={"traces": len(traces)}))


def _name(trace: Trace) -> str:
    return f"etrace:{trace.id}"


EVENT_GROUPS = ("firearm", "event", "document")
FORM_FIELDS = {"firearm": ("serial",), "event": (), "document": ("document_number",)}
"""Fields on a form by field group."""


@dataclass(frozen=True)
class RequestForm:
    """Contents of a form: trace, leg, seizure, contact, and known events.

    Its contents leave the circle of participants: own information, and of other states only what
    the release rules let go on to the asked state. `agency` is the asking authority, by name and
    code, `office` its contact; neither of a restricted agency. `events` may go on to the asked
    state; `sharing` has by record what else of them may. `attempt` is by which channel it goes,
    `etrace_data` what was typed for it. `language` is that of its words.
    """

    view: TraceView
    leg: TraceLeg
    attempt: Attempt
    seizure: Seizure | None
    agency: str
    office: ContactOffice | None
    events: Sequence[Event]
    sharing: Mapping[str, Sharing]
    etrace_data: EtraceData
    language: str


def form_language(state: str, channel: str) -> str:
    """Return the language of a form: English to ATF, else that of the asked state."""
    return ENGLISH if channel == ETRACE else official_language(state)


def fill_form(
    *,
    actor: Actor,
    trace_id: UUID,
    leg_id: UUID,
    channel: str | None = None,
    language: str | None = None,
) -> RequestForm:
    """Return the form of a leg by a channel in a `language`; raises NotFound, Invalid."""
    require(actor, Permission.TRACE_REQUEST)
    view = trace_queries.load(actor, trace_id)
    leg = next((leg for leg in view.legs if leg.id == leg_id), None)
    if leg is None:
        raise NotFound("leg", leg_id)
    attempt = attempts.find_attempt(leg, channel)
    if attempt is None:
        problem = message("This state takes part, and is asked by the service itself.")
        if attempts.find_attempt(leg, None) is not None:
            problem = message(
                "This state is not asked by this channel. Ask it by the channel first."
            )
        raise Invalid({"leg": [problem]})
    form = build_form(actor, view, leg, attempt)
    result = trace_results.get_result(actor, trace_id)
    use = Use("onward", leg.state)
    onward = [  # own ones, others with consent
        event
        for event in result.events()
        if all(result.sharing[event["record"]].decide(group, use).allowed for group in EVENT_GROUPS)
    ]
    language = language or form.language
    return replace(form, events=onward, sharing=result.sharing, language=language)


def build_form(actor: Actor, view: TraceView, leg: TraceLeg, attempt: Attempt) -> RequestForm:
    """Return the form of a leg by one attempt, without what is known of the gun so far."""
    seizure = trace_queries.find_seizure(actor, view.trace)
    fallback = [seizure.agency] if seizure else []
    agency = asking_agency(actor, view.trace, view.restricted_agencies, fallback)
    office = find_reply_office(
        actor.own_state(), agency, view.restricted_agencies, by_etrace=attempt.channel == ETRACE
    )
    return RequestForm(
        view,
        leg,
        attempt,
        seizure,
        agency_label(agency) if agency else "",
        office,
        (),
        {},
        read_etrace_data(actor, view.trace) if attempt.channel == ETRACE else EtraceData(),
        form_language(leg.state, attempt.channel),
    )


def fill_working_file(*, actor: Actor, trace_id: UUID) -> list[RequestForm]:
    """Return the forms by eTrace of all guns of a trace's seizure, by line; raises Invalid."""
    require(actor, Permission.TRACE_REQUEST)
    forms = [
        build_form(actor, view, leg, attempt)
        for view in trace_queries.load_with_seizure(actor, trace_id)
        for leg in view.legs
        if (attempt := attempts.find_attempt(leg, ETRACE))
    ]
    if not forms:
        problem = message("No gun is asked about by eTrace. Ask the United States by it first.")
        raise Invalid({"channel": [problem]})
    return forms


def audit_form(*, actor: Actor, form: RequestForm, kind: str, sha256: str) -> None:
    """Audit that a form was made, with the file's SHA-256."""
    require(actor, Permission.TRACE_REQUEST)
    trace, leg = form.view.trace, form.leg
    append(actor, _form_event(actor, form, kind, sha256))
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


def audit_working_file(*, actor: Actor, forms: Sequence[RequestForm], sha256: str) -> None:
    """Audit for each trace of a working file that it was made, with the file's SHA-256."""
    require(actor, Permission.TRACE_REQUEST)
    append_many(actor, [_form_event(actor, form, "working_file", sha256) for form in forms])


def _form_event(actor: Actor, form: RequestForm, kind: str, sha256: str) -> AuditEvent:
    data = {
        "leg": str(form.leg.id),
        "to": form.leg.state,
        "channel": form.attempt.channel,
        "kind": kind,
        "file": sha256,
        "language": form.language,
    }
    return AuditEvent(Action.TRACE_FORM_MADE, "trace", form.view.trace.id, data=data)
