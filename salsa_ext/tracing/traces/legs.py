"""Legs of a trace: ask states, update the trace's status."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import AuditEvent, append_with_rows
from salsa_ext.access.audit_actions import Action
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition, Message, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.locks import lock
from salsa_ext.database.session import db
from salsa_ext.disclosure import restrictions
from salsa_ext.exchange.envelopes import EnvelopeData
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.notice_rules import Notice
from salsa_ext.reference import names
from salsa_ext.reference.calendars import today
from salsa_ext.tracing.chains.answers import ChainLeg
from salsa_ext.tracing.chains.chain import ChainResult
from salsa_ext.tracing.requests import answers
from salsa_ext.tracing.requests.values import (
    LEG_TRANSITIONS,
    NOT_PARTICIPATING,
    OPEN_STATUSES,
    UNANSWERED_STATUSES,
)
from salsa_ext.tracing.traces import messages, routing
from salsa_ext.tracing.traces.attempts import best_status, has_form_to_send, withdraw_attempts
from salsa_ext.tracing.traces.leg_views import (
    build_trace_chain,
    certain_events,
    compare_events,
    legs_by_trace,
    to_chain_leg,
)
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.routing import Reasons, Route
from salsa_ext.tracing.traces.values import SENT_STATUSES

USUAL_CHANNELS: Final = {"USA": "etrace"}
"""The usual channel to a state that does not participate; INTERPOL iARMS for the others."""
ACTIONS_BY_STATUS: Final = {
    "draft": ("amend", "approve", "decline", "send", "withdraw"),
    "approved": ("send", "withdraw"),
    **dict.fromkeys(SENT_STATUSES, ("legs", "compare", "feedback", "close", "withdraw")),
    "closed": ("feedback",),
}
"""Actions that a status allows; assigning, notes and restrictions always are."""


def lock_trace(
    trace_id: UUID, action: str, statuses: Sequence[str], expected_version: int | None = None
) -> Trace:
    """Return an own trace, locked; raises NotFound, StaleVersion, IllegalTransition."""
    trace = lock(Trace, trace_id, expected_version)
    if trace.status not in statuses:
        possible = ACTIONS_BY_STATUS.get(trace.status, ())
        raise IllegalTransition("trace", trace.status, action, possible)
    return trace


def for_trace(trace: Trace) -> list[TraceLeg]:
    """Return the current legs of a trace, in order of creation."""
    return legs_by_trace([trace.id])[trace.id]


def new_legs(
    actor: Actor,
    trace: Trace,
    route: Route,
    known: Collection[str] = (),
    channel: str | None = None,
    reference: str | None = None,
) -> list[TraceLeg]:
    """Return the legs to the states of a route, and those that own records refer to.

    They are not stored yet. Own records answer at once, other states by message, or by `channel`
    where they do not participate. `known` states have a leg already.
    """
    own = trace.owner_state
    legs = [
        _new_leg(actor, trace, route, state, reasons, channel, reference)
        for state, reasons in route.why.items()
    ]
    own_legs = [leg for leg in legs if leg.state == own]
    for leg in own_legs:
        leg.events = own_events(actor, trace, route)
        leg.status = own_status(leg, route)
        leg.answered_at = None if leg.status == NOT_PARTICIPATING else actor.now()
    if ends_at_home(trace, own_legs):
        return [leg for leg in legs if leg.state in (own, *route.by_state)]
    for leg in own_legs:
        referrals = referrals_in(own, certain_events(trace, leg.events))
        for state, reasons in new_referrals(referrals, {*known, *route.why}).items():
            legs.append(_new_leg(actor, trace, route, state, reasons))
    return legs


def _new_leg(
    actor: Actor,
    trace: Trace,
    route: Route,
    state: str,
    reasons: Sequence[Message],
    channel: str | None = None,
    reference: str | None = None,
) -> TraceLeg:
    takes_part = state in route.reach or state == trace.owner_state
    is_asked = takes_part or reference is not None
    return TraceLeg(
        trace_id=trace.id,
        id=new_id(),
        owner_state=trace.owner_state,
        concerned=[trace.owner_state],
        state=state,
        channel="service" if takes_part else channel or USUAL_CHANNELS.get(state, "iarms"),
        status="sent" if is_asked else NOT_PARTICIPATING,
        reasons=stored_reasons(reasons),
        events=[],
        records_through=route.reach.get(state),
        asked_at=actor.now(),
        answered_at=None,
        is_automatic=True,
        reference=None if takes_part else reference,
        request_envelope_id=None,
        question_envelope_id=None,
        failure_reason=None,
        is_form_pending=not is_asked,
        asked_on=today(actor) if reference and not takes_part else None,
        answered_on=None,
        attempts=[],
    )


def own_status(leg: TraceLeg, route: Route) -> str:
    """Return the status of the own leg after its search."""
    if leg.events:
        return "answered"
    return "no_record" if leg.state in route.reach else NOT_PARTICIPATING


def create_legs(
    actor: Actor,
    trace: Trace,
    legs: Sequence[TraceLeg],
    renewed: Sequence[TraceLeg] = (),
    *,
    acts: Sequence[AuditEvent] = (),
    restricted: Collection[str] | None = None,
) -> None:
    """Send the requests of new legs, again those of `renewed`, and store the legs.

    The trace has its new status already. `acts` are audited with them. The restricted agencies are
    read if not given.
    """
    by_message = [leg for leg in legs if leg.status == "sent" and leg.channel == "service"]
    if restricted is None:
        restricted = restrictions.list_restricted(trace.id)
    messages.send_requests(actor, trace, restricted, by_message, renewed)
    columns = TraceLeg.__table__.columns.keys()
    rows = [{name: getattr(leg, name) for name in columns} for leg in legs]
    append_with_rows(actor, acts, {TraceLeg: rows})
    restrictions.add_restrictions(actor, "trace", [leg.id for leg in legs], restricted)


def ends_at_home(trace: Trace, own_legs: Sequence[TraceLeg]) -> bool:
    """Return whether own records show the whole life of the gun."""
    if not any(leg.events for leg in own_legs):
        return False
    own = []
    for leg in own_legs:
        events = compare_events(leg.events, trace.firearm, trace.found_on)
        own.append(ChainLeg(leg.state, leg.status, events))
    return build_trace_chain(trace, own).is_complete


def new_referrals(referrals: Reasons, known: Collection[str]) -> Reasons:
    """Return the states referred to that are not known yet, so that no trace goes in circles."""
    return {
        state: reasons
        for state, reasons in routing.with_successors(referrals).items()
        if names.is_state(state) and state not in known
    }


def ask_referred(actor: Actor, trace: Trace, referrals: Reasons) -> None:
    """Ask the states referred to that were not asked yet; notify analysts of forms to send."""
    if not referrals or trace.status in ("withdrawn", "closed"):
        return
    known = [leg.state for leg in for_trace(trace)]
    if why := new_referrals(referrals, known):
        legs = new_legs(actor, trace, routing.route_to(actor, why), known)
        create_legs(actor, trace, legs)
        notify_forms_to_send(actor, trace, asking_by_state(legs))


def notify_forms_to_send(actor: Actor, trace: Trace, asking: Mapping[str, str]) -> None:
    """Notify trace analysts of the states whose form they have to send."""
    own = trace.owner_state
    notices = [
        Notice(own, "trace_form_to_send", trace, {"by": state})
        for state in sorted(asking)
        if asking[state] == "to_send"
    ]
    notify_many(actor, notices)


def asking_by_state(legs: Sequence[TraceLeg]) -> dict[str, str]:
    """Return how the states of legs are asked: `asked`, or `to_send` by form."""
    return {leg.state: "to_send" if leg.is_form_pending else "asked" for leg in legs}


def asking_events(
    action: Action, trace: Trace, asking: Mapping[str, str], **data: Any
) -> list[AuditEvent]:
    """Return the audit entries of how states are asked, as `asking_by_state` returns it."""
    states: dict[str, list[str]] = {"asked": []}
    for state in sorted(asking.keys() - {trace.owner_state}):
        states.setdefault(asking[state], []).append(state)
    shared = Action.TRACE_SENT if action == Action.TRACE_ASKED else action
    return [AuditEvent(action, "trace", trace.id, data=states | data)] + [
        AuditEvent(shared, "trace", trace.id, concerned=[state], hidden=True)
        for state in states["asked"]
    ]


def apply_action(leg: TraceLeg, action: str) -> None:
    """Apply an action to a leg by the table; raises IllegalTransition."""
    status = LEG_TRANSITIONS.get(leg.status, {}).get(action)
    if status is None:
        raise IllegalTransition("leg", leg.status, action)
    set_status(leg, status)


def set_status(leg: TraceLeg, status: str) -> None:
    """Set the status of a leg, the only place that does."""
    leg.status = status
    db.session.flush()  # while its owner's rows may be written


def update_status(
    trace: Trace, legs: Sequence[TraceLeg] | None = None, *, status: str | None = None
) -> None:
    """Update status, version and outcome of a trace after a change of it or its legs.

    A trace that was sent has the status of its legs, loaded if not given, or `status`.
    """
    if status is not None:
        trace.status = status
    has_outcome = trace.status in (*SENT_STATUSES, "closed")
    if has_outcome and legs is None:
        legs = for_trace(trace)
    if status is None and trace.status in SENT_STATUSES:
        trace.status = trace_status(legs or (), trace.owner_state)
    trace.version += 1
    result = _current_result(trace, legs or ()) if has_outcome else None
    trace.outcome = result.outcome if result else None
    trace.reached = result.reached if result else None
    trace.days_to_crime = result.time_to_crime_days if result else None
    trace.sold_in = result.first_sold_in if result else None
    trace.exported_by = result.last_exporter if result else None
    db.session.flush()


def trace_status(legs: Sequence[TraceLeg], own: str) -> str:
    """Return a trace's status by its legs: sent, in_progress or completed.

    In progress once another state gave any information on the gun, or refused, whatever it was
    asked since; completed where none owes an answer, or is still to be asked by form.
    """
    others = [(leg, best_status(leg)) for leg in legs if leg.state != own or leg.attempts]
    if not any(status in UNANSWERED_STATUSES or has_form_to_send(leg) for leg, status in others):
        return "completed"
    is_unanswered = all(
        status in UNANSWERED_STATUSES and not leg.events and leg.answered_at is None
        for leg, status in others
        if leg.state != own
    )
    return "sent" if is_unanswered else "in_progress"


def _current_result(trace: Trace, legs: Sequence[TraceLeg]) -> ChainResult:
    return build_trace_chain(trace, [to_chain_leg(trace, leg) for leg in legs])


def withdraw_legs(
    trace: Trace, legs: Sequence[TraceLeg], *, for_good: bool = False
) -> list[EnvelopeData]:
    """Withdraw open legs; returns the messages to the asked states.

    Also those that refused or referred to another state: they may still ask or answer. With
    `for_good`, also states that answered are informed: their answers stay, and no more are
    accepted.
    """
    open_legs = [leg for leg in legs if leg.status in OPEN_STATUSES]
    for leg in open_legs:
        apply_action(leg, "withdraw")
    for leg in legs:
        if leg.attempts:
            withdraw_attempts(leg)
        if leg.is_form_pending and leg.status == NOT_PARTICIPATING:
            set_status(leg, "withdrawn")
    return [
        messages.leg_message(trace, leg, "trace.withdraw", {"text": None})
        for leg in (legs if for_good else open_legs)
        if leg.channel == "service" and leg.request_envelope_id is not None
    ]


def referrals_in(
    answering: str, events: Sequence[Mapping[str, Any]], also: Sequence[str] = ()
) -> Reasons:
    """Return the states that the events of an answer refer to, with the reason."""
    named = [event["counterpart_state"] for event in events]
    reason = message("The answer of {state} points to this state.", state=answering)
    return {state: [reason] for state in filter(None, [*named, *also])}


def own_events(actor: Actor, trace: Trace, route: Route) -> list[dict[str, Any]]:
    """Return the events of own records, as JSON."""
    own = trace.owner_state
    records = answers.certainty_by_record(route.by_state.get(own, ()))
    events, _ = answers.answer_events(actor, own, records, by_person=False)
    return events


def stored_reasons(reasons: Sequence[Message]) -> list[dict[str, Any]]:
    """Return reasons as stored, translated when read."""
    return [{"text": reason.text, "params": dict(reason.params)} for reason in reasons]
