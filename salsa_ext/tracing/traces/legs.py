"""Legs of a trace: ask states, update the trace's status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from salsa_ext.access.audit import Action, AuditEvent, append_many
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition, Message, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db, execute_raw
from salsa_ext.disclosure import restrictions
from salsa_ext.exchange import pair_locks
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.notice_rules import Notice
from salsa_ext.reference import names
from salsa_ext.reference.calendars import today
from salsa_ext.statistics import rollups
from salsa_ext.tracing.chains.chain import ChainLeg
from salsa_ext.tracing.requests import answers
from salsa_ext.tracing.requests.lifecycle import next_status
from salsa_ext.tracing.requests.values import OPEN_STATUSES, WAITING_STATUSES
from salsa_ext.tracing.traces import messages, routing
from salsa_ext.tracing.traces.figures import COUNTED_STATUSES, trace_key
from salsa_ext.tracing.traces.leg_views import (
    build_trace_chain,
    compare_events,
    legs_by_trace,
    to_chain_leg,
)
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.routing import Reasons, Route
from salsa_ext.tracing.traces.values import SENT_STATUSES

SENDING_STATUS: Final = "approved"
"""Status of a trace while its requests are sent; statistics skip it."""
_ASKING_BY_STATE: Final = (
    "SELECT state, CASE WHEN is_form_pending THEN 'to_send'"
    " WHEN channel <> 'salsa' OR request_envelope_id IS NOT NULL THEN 'asked' ELSE 'to_ask' END"
    " FROM trace_leg WHERE trace_id = %s"
)


def for_trace(trace: Trace) -> list[TraceLeg]:
    """Return the current legs of a trace, in order of creation."""
    return legs_by_trace([trace.id])[trace.id]


def create_legs(
    actor: Actor,
    trace: Trace,
    route: Route,
    channel: str | None = None,
    reference: str | None = None,
    *,
    waits: bool = False,
) -> None:
    """Create legs and ask their states, and each state that an own record refers to.

    Own records at once, other states by message, or by `channel` where they do not participate. A
    transaction that holds a trace or a pair does not wait for another pair: its holder may wait for
    this one. A state whose pair is locked is asked by the worker (`jobs.send_pending_requests`).
    Only for a new trace, which nobody else can hold, busy pairs are waited for (`waits`).
    """
    own = trace.owner_state
    rows: list[dict[str, Any]] = []
    for state, reasons in route.why.items():
        takes_part = state in route.reach
        row: dict[str, Any] = {
            "trace_id": trace.id,
            "id": new_id(),
            "owner_state": own,
            "concerned": [own],
            "state": state,
            "channel": "salsa" if takes_part else channel or "iarms",
            "status": "sent",
            "reasons": stored_reasons(reasons),
            "events": [],
            "records_through": route.reach.get(state),
            "asked_at": actor.now(),
            "answered_at": None,
            "is_automatic": True,
            "reference": None if takes_part else reference,
            "request_envelope_id": None,
            "is_form_pending": not (takes_part or reference),
            "asked_on": today(actor) if reference and not takes_part else None,
        }
        rows.append(row | own_answer(actor, trace, route) if state == own else row)
    own_rows = [row for row in rows if row["state"] == own]
    if at_home := ends_at_home(trace, own_rows):
        rows = [row for row in rows if row["state"] in (own, *route.by_state)]
    rows_to_ask = [row for row in rows if row["status"] == "sent" and row["channel"] == "salsa"]
    states = [row["state"] for row in rows_to_ask]
    if waits:
        pair_locks.lock_with(own, states)
    else:
        free = pair_locks.try_lock_each(own, states)
        rows_to_ask = [row for row in rows_to_ask if row["state"] in free]
    restricted = restrictions.list_restricted(trace.id)
    legs = [(row["state"], row["id"]) for row in rows_to_ask]
    envelopes = messages.send_requests(actor, trace, "trace.request", legs, restricted)
    for row, envelope in zip(rows_to_ask, envelopes, strict=True):
        row["request_envelope_id"] = envelope.id
    db.session.flush()  # what they are legs of may be new
    insert_many(TraceLeg, rows)
    restrictions.add_restrictions(actor, "trace", [row["id"] for row in rows], restricted)
    messages.store_requests(actor, envelopes)
    ask_referred(actor, trace, {} if at_home else referrals_in(own_rows))


def ask_pending(actor: Actor, trace: Trace, leg: TraceLeg) -> None:
    """Send a leg's pending request; the caller holds the lock."""
    restricted = restrictions.list_restricted(trace.id)
    envelopes = messages.send_requests(
        actor, trace, "trace.request", [(leg.state, leg.id)], restricted
    )
    leg.request_envelope_id, leg.asked_at = envelopes[0].id, actor.now()
    db.session.flush()
    messages.store_requests(actor, envelopes)


def ends_at_home(trace: Trace, own_rows: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether own records show the whole life of the gun.

    From its origin here to its last lawful holder. States whose records have a mark like its own
    are asked all the same: they may claim it.
    """
    own = []
    for row in own_rows:
        events = compare_events(row["events"], trace.firearm, trace.found_on)
        own.append(ChainLeg(row["state"], row["status"], events))
    return build_trace_chain(trace, own).is_complete


def ask_referred(actor: Actor, trace: Trace, referrals: Reasons) -> list[str]:
    """Ask the states referred to that were not asked yet; returns them.

    So a trace does not go in circles. Codes of no state are skipped; no state is asked after the
    end of a trace.
    """
    referrals = routing.with_successors(referrals)
    asking = asking_by_state(trace) if referrals else {}
    why = {
        state: reasons
        for state, reasons in referrals.items()
        if names.is_state(state) and state not in asking
    }
    if why and trace.status not in ("withdrawn", "closed"):
        create_legs(actor, trace, routing.route_to(why))
        return list(why)
    return []


def ask_referred_and_notify(actor: Actor, trace: Trace, referrals: Reasons) -> None:
    """Ask the states referred to, and notify analysts of forms to send."""
    states = ask_referred(actor, trace, referrals)
    asking = asking_by_state(trace) if states else {}
    notify_forms_to_send(actor, trace, {state: asking[state] for state in states})


def notify_forms_to_send(actor: Actor, trace: Trace, asking: Mapping[str, str]) -> None:
    """Notify trace analysts of the states whose form they have to send."""
    own = trace.owner_state
    notices = [
        Notice(own, "trace_form_to_send", trace, {"by": state})
        for state in sorted(asking)
        if asking[state] == "to_send"
    ]
    notify_many(actor, notices)


def asking_by_state(trace: Trace) -> dict[str, str]:
    """Return by state: `asked`, `to_send` (form), or `to_ask` by the worker."""
    return dict(execute_raw(_ASKING_BY_STATE, (trace.id,)).fetchall())


def audit_asked_states(
    actor: Actor, action: Action, trace: Trace, asking: Mapping[str, str], **data: Any
) -> None:
    """Audit how states are asked, as `asking_by_state` returns it.

    Each asked state has an entry without the others; a state asked later gets it then.
    """
    states: dict[str, list[str]] = {"asked": []}
    for state in sorted(asking.keys() - {trace.owner_state}):
        states.setdefault(asking[state], []).append(state)
    shared = Action.TRACE_SENT if action == Action.TRACE_ASKED else action
    entries = [AuditEvent(action, "trace", trace.id, data=states | data)]
    for state in states["asked"]:
        entries.append(AuditEvent(shared, "trace", trace.id, concerned=[state], hidden=True))
    append_many(actor, entries)


def apply_action(leg: TraceLeg, action: str) -> None:
    """Apply an action to a leg by the table; raises IllegalTransition."""
    status = next_status(leg.status, action)
    if status is None:
        raise IllegalTransition("leg", leg.status, action)
    set_status(leg, status)


def set_status(leg: TraceLeg, status: str) -> None:
    """Set the status of a leg, the only place that does."""
    leg.status = status
    db.session.flush()  # while its owner's rows may be written


@contextmanager
def updating_status(
    trace: Trace, *, status: str | None = None, is_sending: bool = False
) -> Iterator[None]:
    """Update status, version and statistics of a trace once, after the block.

    From its legs, or to `status`. With `is_sending`, after all requests are sent: statistics skip
    the trace until then, also for answers that come at once.
    """
    before = current_outcome(trace) if trace.status in COUNTED_STATUSES else None
    if is_sending:
        trace.status = SENDING_STATUS
    else:
        db.session.flush()
    yield
    legs: list[TraceLeg] | None = None
    if status or is_sending or trace.status in SENT_STATUSES:
        legs = for_trace(trace)
        trace.status = status or trace_status(legs, trace.owner_state)
    if status or is_sending or before:
        trace.version += 1
    db.session.flush()
    after = current_outcome(trace, legs) if trace.status in COUNTED_STATUSES else None
    if before != after:
        for outcome, amount in ((before, -1), (after, 1)):
            if outcome is not None:
                rollups.add_counts({trace_key(trace, outcome): amount})


def trace_status(legs: Sequence[TraceLeg], own: str) -> str:
    """Return a trace's status by its legs: sent, in_progress or answered.

    In progress once another state gave any information on the gun, or refused, whatever it was
    asked since.
    """
    others = [leg for leg in legs if leg.state != own]
    if not any(leg.status in WAITING_STATUSES for leg in others):
        return "answered"
    is_unanswered = all(
        leg.status in WAITING_STATUSES and not leg.events and leg.answered_at is None
        for leg in others
    )
    return "sent" if is_unanswered else "in_progress"


def current_outcome(trace: Trace, legs: Sequence[TraceLeg] | None = None) -> str:
    """Return the current outcome from the legs, loaded if not given."""
    return build_trace_chain(
        trace, [to_chain_leg(trace, leg) for leg in legs or for_trace(trace)]
    ).outcome


def withdraw_legs(actor: Actor, trace: Trace, *, for_good: bool = False) -> None:
    """Withdraw open legs, and inform the asked states.

    Also those that refused or referred to another state: they may still ask or answer. With
    `for_good`, also states that answered are informed: their answers stay, and no more are
    accepted.
    """
    legs = for_trace(trace)
    open_legs = [leg for leg in legs if leg.status in OPEN_STATUSES]
    informed = [
        leg
        for leg in (legs if for_good else open_legs)
        if leg.channel == "salsa" and leg.request_envelope_id is not None
    ]
    for leg in open_legs:
        apply_action(leg, "withdraw")
    messages.send_messages(
        actor, trace, "trace.withdraw", [(leg, {"text": None}) for leg in informed]
    )


def referrals_in(rows: Sequence[Mapping[str, Any]], also: Sequence[str] = ()) -> Reasons:
    """Return the states that answers refer to, with the reasons.

    By their events (`counterpart_state`), or directly in `also`.
    """
    referrals = Reasons()
    for row in rows:
        named = [event["counterpart_state"] for event in row["events"]]
        reason = message("The answer of {state} points to this state.", state=row["state"])
        for state in dict.fromkeys(filter(None, [*named, *also])):
            referrals.setdefault(state, []).append(reason)
    return referrals


def own_answer(actor: Actor, trace: Trace, route: Route) -> dict[str, Any]:
    """Return the columns of the own leg: events of own records."""
    own = trace.owner_state
    records = answers.certainty_by_record(route.by_state.get(own, ()))
    events, _ = answers.answer_events(actor, own, records, by_person=False)
    status = "answered" if events else "no_record"
    return {"events": events, "status": status, "answered_at": actor.now()}


def stored_reasons(reasons: Sequence[Message]) -> list[dict[str, Any]]:
    """Return reasons as stored, translated when read."""
    return [{"text": reason.text, "params": dict(reason.params)} for reason in reasons]
