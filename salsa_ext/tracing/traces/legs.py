"""Legs of a trace: ask states, update the trace's status."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select

from salsa_ext.access.models import Account
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition, Message, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db, execute_raw
from salsa_ext.disclosure import restrictions
from salsa_ext.exchange import outbox, pair_locks
from salsa_ext.exchange.envelopes import Envelope, EnvelopeData
from salsa_ext.firearms.search.values import BestScores
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.values import Notice
from salsa_ext.reference import names
from salsa_ext.reference.agencies import agency_name, find_reply_office
from salsa_ext.reference.calendars import today
from salsa_ext.statistics import rollups
from salsa_ext.tracing.chains import chain
from salsa_ext.tracing.requests import answers, message_log
from salsa_ext.tracing.requests.lifecycle import next_status
from salsa_ext.tracing.requests.message_log import MessageEntry
from salsa_ext.tracing.requests.values import OPEN_STATUSES, WAITING_STATUSES
from salsa_ext.tracing.traces import routing
from salsa_ext.tracing.traces.figures import COUNTED_STATUSES, trace_key
from salsa_ext.tracing.traces.leg_views import compare_events, to_chain_leg
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.routing import Reasons, Route
from salsa_ext.tracing.traces.values import SENT_STATUSES


def states_by_asking(trace: Trace, whom: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the states by how they are asked, for the audit."""
    said: dict[str, list[str]] = {"asked": []}
    for state in sorted(whom.keys() - {trace.owner_state}):
        said.setdefault(whom[state], []).append(state)
    return said


"""Roles that lead traces, and are notified of messages."""
SENDING_STATUS: Final = "approved"
"""Status of a trace while its requests are sent; statistics skip it."""
REQUEST_FIELDS: Final = (
    "priority",
    "priority_reason",
    "legal_basis",
    "illicit_reason",
    "circumstances",
    "intended_use",
    "confidentiality_requested",
    "firearm",
)
"""Fields of a trace that an asked state is sent (ITI 17)."""
_LEGS: Final = (
    select(TraceLeg)
    .where(TraceLeg.trace_id == bindparam("trace"))
    .order_by(TraceLeg.id)
    .execution_options(populate_existing=True)
)
_ASKING_BY_STATE: Final = (
    "SELECT state, CASE WHEN is_form_pending THEN 'to_send'"
    " WHEN channel <> 'salsa' OR request_envelope_id IS NOT NULL THEN 'asked' ELSE 'to_ask' END"
    " FROM trace_leg WHERE trace_id = %s"
)


@dataclass(frozen=True)
class Channel:
    """The channel to a non-participating state, with the reference there."""

    code: str = "iarms"
    reference: str | None = None


def ask_states(actor: Actor, trace: Trace, *, is_new: bool) -> None:
    """Ask every state that may have records of the gun.

    Stores the coverage of the records searched. Own records first, then states with matching
    records, of import marks, of manufacture, and each state that an answer refers to. `silent`
    records create no leg. For a new trace, which nobody else can hold, busy pairs are waited for.
    """
    create_legs(actor, trace, routing.find_route(actor, trace), waits=is_new)


def create_legs(
    actor: Actor, trace: Trace, route: Route, channel: Channel = Channel(), *, waits: bool = False
) -> None:
    """Create legs and ask their states.

    Own records at once, other states by message or by their channel. A transaction that holds a
    trace or a pair does not wait for another pair: its holder may wait for this one. A state whose
    pair is locked is asked by the worker (`jobs.send_pending_requests`).
    """
    rows = [
        _leg_row(actor, trace, state, reasons, route.reach, channel)
        for state, reasons in route.why.items()
    ]
    for row in rows:
        if row["state"] == trace.owner_state:
            row |= own_answer(actor, trace, route)
    if ends_at_home(trace, rows):
        rows = [row for row in rows if row["state"] in (trace.owner_state, *route.by_state)]
    asked = [row for row in rows if row["status"] == "sent" and row["channel"] == "salsa"]
    asked = _lock_free_pairs(trace.owner_state, asked, waits=waits)
    hidden = restrictions.list_restricted(trace.id)
    office = contact_office(actor, trace, hidden) if asked else None
    envelopes = outbox.send_many(
        actor,
        [
            request_message(trace, "trace.request", row["state"], row["id"], hidden, office)
            for row in asked
        ],
    )
    for row, envelope in zip(asked, envelopes, strict=True):
        row["request_envelope_id"] = envelope.id
    db.session.flush()  # what they are legs of may be new
    insert_many(TraceLeg, rows)
    restrictions.add_restrictions(actor, "trace", [row["id"] for row in rows], hidden)
    message_log.store(
        actor,
        [
            MessageEntry("leg", row["id"], "request", envelope=envelope)
            for row, envelope in zip(asked, envelopes, strict=True)
        ],
    )
    own = [row for row in rows if row["state"] == trace.owner_state]
    ask_referred(actor, trace, {} if ends_at_home(trace, own) else referrals_in(own))


def _lock_free_pairs(own: str, asked: list[dict[str, Any]], *, waits: bool) -> list[dict[str, Any]]:
    """Lock the pairs of states to ask; returns the locked rows."""
    states = [row["state"] for row in asked]
    if waits:
        pair_locks.lock_with(own, states)
        return asked
    free = pair_locks.try_lock_each(own, states)
    return [row for row in asked if row["state"] in free]


def ask_pending(actor: Actor, trace: Trace, leg: TraceLeg) -> None:
    """Send a leg's pending request; the caller holds the lock."""
    hidden = restrictions.list_restricted(trace.id)
    office = contact_office(actor, trace, hidden)
    said = request_message(trace, "trace.request", leg.state, leg.id, hidden, office)
    envelope = outbox.send(actor, said)
    leg.request_envelope_id, leg.asked_at = envelope.id, actor.now()
    db.session.flush()
    message_log.store(actor, [MessageEntry("leg", leg.id, "request", envelope=envelope)])


def ends_at_home(trace: Trace, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether own records show the whole life of the gun.

    From its origin here to its last lawful holder. States whose records have a mark like its own
    are asked all the same: they may claim it.
    """
    own = [
        chain.ChainLeg(
            row["state"],
            row["status"],
            compare_events(row["events"], trace.firearm, trace.found_on),
        )
        for row in rows
        if row["state"] == trace.owner_state
    ]
    found = chain.build_chain(own, trace.found_on, trace.owner_state, trace.firearm)
    return found.is_complete


def ask_referred(actor: Actor, trace: Trace, referrals: Reasons) -> list[str]:
    """Ask the states referred to that were not asked yet; returns them.

    So a trace does not go in circles. Codes of no state are skipped; no state is asked after the
    end of a trace.
    """
    referrals = routing.with_successors(referrals)
    asked = asking_by_state(trace) if referrals else {}
    why = {
        state: reasons
        for state, reasons in referrals.items()
        if names.is_state(state) and state not in asked
    }
    if why and trace.status not in ("withdrawn", "closed"):
        create_legs(actor, trace, routing.route_to(why))
        return list(why)
    return []


def ask_referred_and_notify(actor: Actor, trace: Trace, referrals: Reasons) -> None:
    """Ask the states referred to, and notify analysts of forms to send."""
    asked = ask_referred(actor, trace, referrals)
    how = asking_by_state(trace) if asked else {}
    notify_forms_to_send(actor, trace, [state for state in asked if how[state] == "to_send"])


def notify_forms_to_send(actor: Actor, trace: Trace, states: Sequence[str]) -> None:
    """Notify trace analysts of the states whose form they have to send."""
    own = trace.owner_state
    notify_many(
        actor, [Notice(own, "trace_form_to_send", trace, {"by": state}) for state in states]
    )


def request_message(
    trace: Trace,
    kind: str,
    to: str,
    leg_id: Any,
    hidden: Collection[str],
    office: Mapping[str, Any] | None,
) -> EnvelopeData:
    """Return the request to a state, with what the ITI requires.

    `hidden` are all restricted agencies of the trace; each state is sent its own alone. `office` is
    the contact for that state.
    """
    best = trace.likeness or BestScores(0.0, 0.0, 0.0)._asdict()
    body = {name: getattr(trace, name) for name in REQUEST_FIELDS} | {
        "leg": str(leg_id),
        "trace": str(trace.id),
        "likeness": best,
        "found_on": trace.found_on.isoformat(),
        "needed_by": trace.needed_by.isoformat() if trace.needed_by else None,
        "record": str(trace.record_id) if trace.record_id else None,
        "hidden_from": restrictions.agencies_of_state(hidden, to),
        "office": office,
    }
    return EnvelopeData(kind, trace.case_number, to, body)


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


def for_trace(trace: Trace) -> list[TraceLeg]:
    """Return the current legs of a trace, in order of creation."""
    return list(db.session.scalars(_LEGS, {"trace": trace.id}))


def asking_by_state(trace: Trace) -> dict[str, str]:
    """Return by state: `asked`, `to_send` (form), or `to_ask` by the worker."""
    return dict(execute_raw(_ASKING_BY_STATE, (trace.id,)).fetchall())


@contextmanager
def updating_status(
    trace: Trace, *, status: str | None = None, is_sending: bool = False
) -> Iterator[None]:
    """Update status, version and statistics of a trace once, after the block.

    From its legs, or to `status`. With `is_sending`, after all requests are sent: statistics skip
    the trace until then, also for answers that come at once.
    """
    before = _count_key(trace)
    if is_sending:
        trace.status = SENDING_STATUS
    else:
        db.session.flush()
    yield
    standing = for_trace(trace) if status or is_sending or trace.status in SENT_STATUSES else []
    if status or is_sending or trace.status in SENT_STATUSES:
        trace.status = status or trace_status(standing, trace.owner_state)
    if status or is_sending or before:
        trace.version += 1
    db.session.flush()
    _update_counts(trace, before, _count_key(trace, standing))


def trace_status(legs: Sequence[TraceLeg], own: str) -> str:
    """Return a trace's status by its legs: sent, in_progress or answered.

    In progress once another state gave any information on the gun, or refused, whatever it was
    asked since.
    """
    others = [leg for leg in legs if leg.state != own]
    if not any(leg.status in WAITING_STATUSES for leg in others):
        return "answered"
    nothing_said = all(
        leg.status in WAITING_STATUSES and not leg.events and leg.answered_at is None
        for leg in others
    )
    return "sent" if nothing_said else "in_progress"


def current_outcome(trace: Trace, standing: Sequence[TraceLeg] | None = None) -> str:
    """Return the current outcome from the legs, loaded if not given."""
    said = [to_chain_leg(trace, leg) for leg in standing or for_trace(trace)]
    return chain.build_chain(said, trace.found_on, trace.owner_state, trace.firearm).outcome


def withdraw_legs(actor: Actor, trace: Trace, *, for_good: bool = False) -> None:
    """Withdraw open legs, and inform the asked states.

    Also those that refused or referred to another state: they may still ask or answer. With
    `for_good`, also states that answered are informed: their answers stay, and no more are
    accepted.
    """
    standing = for_trace(trace)
    waiting = [leg for leg in standing if leg.status in OPEN_STATUSES]
    told = [
        leg
        for leg in (standing if for_good else waiting)
        if leg.channel == "salsa" and leg.request_envelope_id is not None
    ]
    envelopes = outbox.send_many(
        actor,
        [
            EnvelopeData(
                "trace.withdraw", trace.case_number, leg.state, {"leg": str(leg.id), "text": None}
            )
            for leg in told
        ],
    )
    for leg in waiting:
        apply_action(leg, "withdraw")
    store_sent(actor, told, envelopes)


def store_sent(actor: Actor, legs: Sequence[TraceLeg], envelopes: Sequence[Envelope]) -> None:
    """Store the sent messages of legs."""
    message_log.store(
        actor,
        [
            MessageEntry(
                "leg", leg.id, message_log.message_kind(envelope), _stored_body(envelope), envelope
            )
            for leg, envelope in zip(legs, envelopes, strict=True)
        ],
    )


def _stored_body(envelope: Envelope) -> dict[str, Any]:
    """Return the body to store, without what the trace itself holds."""
    left_out = (
        {"leg", "trace", "hidden_from", "office", *REQUEST_FIELDS}
        if "firearm" in envelope.body
        else {"leg"}
    )
    return {name: value for name, value in envelope.body.items() if name not in left_out}


def referrals_in(rows: Sequence[Mapping[str, Any]], also: Sequence[str] = ()) -> Reasons:
    """Return the states that answers refer to, with the reasons.

    By their events (`counterpart_state`), or directly in `also`.
    """
    pointed = Reasons()
    for row in rows:
        named = [event["counterpart_state"] for event in row["events"]]
        reason = message("The answer of {state} points to this state.", state=row["state"])
        for state in dict.fromkeys(filter(None, [*named, *also])):
            pointed.setdefault(state, []).append(reason)
    return pointed


def _count_key(trace: Trace, standing: Sequence[TraceLeg] | None = None) -> str | None:
    """Return the outcome and profile that statistics count; None if not counted."""
    return current_outcome(trace, standing) if trace.status in COUNTED_STATUSES else None


def _update_counts(trace: Trace, before: str | None, now: str | None) -> None:
    if before == now:
        return
    for counted, amount in ((before, -1), (now, 1)):
        if counted is not None:
            rollups.add_counts({trace_key(trace, counted): amount})


def _leg_row(
    actor: Actor,
    trace: Trace,
    state: str,
    why: Sequence[Message],
    reach: Mapping[str, date | None],
    channel: Channel,
) -> dict[str, Any]:
    takes_part = state in reach
    return {
        "trace_id": trace.id,
        "id": new_id(),
        "owner_state": trace.owner_state,
        "concerned": [trace.owner_state],
        "state": state,
        "channel": "salsa" if takes_part else channel.code,
        "status": "sent",
        "reasons": stored_reasons(why),
        "events": [],
        "records_through": reach.get(state),
        "asked_at": actor.now(),
        "answered_at": None,
        "is_automatic": True,
        "reference": None if takes_part else channel.reference,
        "request_envelope_id": None,
        "question_envelope_id": None,
        "failure_reason": None,
        "is_form_pending": not (takes_part or channel.reference),
        "asked_on": today(actor) if channel.reference and not takes_part else None,
        "answered_on": None,
    }


def own_answer(actor: Actor, trace: Trace, wanted: Route) -> dict[str, Any]:
    """Return the columns of the own leg: events of own records."""
    own = trace.owner_state
    records = answers.certainty_by_record(wanted.by_state.get(own, ()))
    events, _ = answers.answer_events(actor, own, records, by_person=False)
    return {
        "events": events,
        "status": "answered" if events else "no_record",
        "answered_at": actor.now(),
    }


def stored_reasons(why: Sequence[Message]) -> list[dict[str, Any]]:
    """Return reasons as stored, translated when read."""
    return [{"text": reason.text, "params": dict(reason.params)} for reason in why]


def asking_agency(
    actor: Actor, trace: Trace, restricted: Collection[str], fallback: Sequence[str | None] = ()
) -> str | None:
    """Return the agency that asks: assignee's, requester's, actor's, or a fallback.

    Never a restricted one: the answer would go to it.
    """
    people = [one for one in (trace.assignee_id, trace.requested_by) if one]
    is_known = (
        actor.agency is not None
    )  # who acts for the state as a whole is of an agency all the same
    others = [one for one in people if one != actor.account_id or not is_known]
    wanted = select(Account.id, Account.agency).where(Account.id.in_(others))
    known: dict[UUID | None, str | None] = {actor.account_id: actor.agency} if is_known else {}
    if others:
        known |= {row.id: row.agency for row in db.session.execute(wanted)}
    asking = [*map(known.get, people), actor.agency, *fallback]
    return next((one for one in asking if one and one not in restricted), None)


def contact_office(
    actor: Actor, trace: Trace, restricted: Collection[str]
) -> dict[str, Any] | None:
    """Return the contact for an asked state; None if none is left."""
    agency = asking_agency(actor, trace, restricted)
    found = find_reply_office(trace.owner_state, agency, restricted)
    if found is None and agency is None:
        return None
    named = agency_name(found.agency if found else str(agency))
    return {"agency": named, "telephone": found and found.telephone, "email": found and found.email}
