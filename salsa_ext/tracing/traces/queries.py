"""Traces and their results, for the asking state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import Action, AuditEvent, append_many
from salsa_ext.access.authentication import usernames_by_id
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import UNSENT
from salsa_ext.core.errors import Message, NotFound, message
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import acting_as, db
from salsa_ext.database.version_queries import select_current
from salsa_ext.disclosure import disclosures
from salsa_ext.disclosure.restrictions import restricted_by_subject
from salsa_ext.disclosure.sharing import Sharing, party_group, share_events
from salsa_ext.documents.models import Seizure
from salsa_ext.firearms.records.event_kinds import Event
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import PartiesById, find_parties
from salsa_ext.reference import agencies, names
from salsa_ext.reference.state_settings import Settings
from salsa_ext.tracing.chains import chain, description_gaps
from salsa_ext.tracing.requests.message_log import MessageView, messages_by_subject
from salsa_ext.tracing.requests.values import OPEN_STATUSES
from salsa_ext.tracing.traces.approvals import (
    FieldChange,
    changes_since_request,
    current_decline,
    last_decline,
    without_approver,
)
from salsa_ext.tracing.traces.leg_views import (
    REFUSED,
    LegView,
    build_trace_chain,
    legs_by_trace,
    to_chain_leg,
    with_replies,
)
from salsa_ext.tracing.traces.models import Trace, TraceLeg


def read_result(*, actor: Actor, trace_id: UUID) -> ResultView:
    """Return a trace's result, audited for the states of named parties.

    Needs no further purpose: the trace has its case. Raises NotFound.
    """
    require(actor, Permission.TRACE_READ)
    view = get_result(actor, trace_id)
    parties_by_state: dict[str, list[str]] = defaultdict(list)
    for party in view.parties.values():
        if party.owner_state != actor.state:
            parties_by_state[party.owner_state].append(str(party.id))
    entries = [
        AuditEvent(
            Action.PARTY_DISCLOSED, "trace", trace_id, state, [state], {"parties": sorted(ids)}
        )
        for state, ids in sorted(parties_by_state.items())
    ]
    for event in view.events():
        parties = [event[name] for name in ("giver", "receiver") if event[name]]
        groups = {
            party_group(party["kind"]) for party in parties if UUID(party["id"]) in view.parties
        }
        if groups and not view.sharing[event["record"]].is_own:
            data = {
                "version": event["version"],
                "handling": event["handling"],
                "groups": sorted(groups),
            }
            entries.append(disclosures.disclosure_event(event["record"], event["state"], data))
    append_many(actor.for_trace(view.trace.case_number, trace_id), entries)
    return view


LATE_FACTOR: Final = 2
FOUND: Final = "found"
NOT_ASKED: Final = "not_asked"
"""Shown status of a state that was searched and not asked."""
ENDED_STATUSES: Final = ("withdrawn", "closed")


@dataclass(frozen=True)
class TraceView:
    """A trace with its legs, their messages, and own notes.

    `outlook` is what it lacks, while unsent; `hidden_from` are the restricted agencies; `remarks`
    report that no office can answer, or approve it.
    """

    trace: Trace
    legs: Sequence[TraceLeg]
    messages: Mapping[UUID, Sequence[MessageView]]
    assignee: str | None
    restricted_agencies: Sequence[str]
    remarks: Sequence[Message]
    drafted_by: str | None

    @property
    def outlook(self) -> description_gaps.Outlook | None:
        """Return how likely a trace is to be answered, and what it lacks, while it is not sent."""
        return (
            description_gaps.predict_answers(self.trace.firearm)
            if self.trace.status in UNSENT
            else None
        )

    @property
    def leg_views(self) -> list[LegView]:
        """Return the legs with their messages."""
        return [LegView(leg, self.messages.get(leg.id, ())) for leg in self.legs]

    @property
    def pending_forms(self) -> list[str]:
        """Return the states with forms to send, while the trace is open."""
        is_open = self.trace.status not in ENDED_STATUSES
        return [leg.state for leg in self.legs if leg.is_form_pending] if is_open else []

    @property
    def notes(self) -> Sequence[MessageView]:
        """Return the own state's notes on the trace."""
        return self.messages.get(self.trace.id, ())

    @property
    def last_decline(self) -> MessageView | None:
        """Return the last decline of a draft without a pending approval."""
        return last_decline(self.trace, self.notes)

    @property
    def overruled_decline(self) -> MessageView | None:
        """Return the last decline of a trace sent all the same."""
        return current_decline(self.trace, self.notes) if self.trace.sent_at else None

    @property
    def changes(self) -> Sequence[FieldChange]:
        """Return the changes of an unsent trace since its approval request."""
        return changes_since_request(self.trace) if self.trace.status in UNSENT else ()

    @property
    def is_answered_in_part(self) -> bool:
        """Return whether no answer is owed, though a state refused or referred."""
        open_legs = any(leg.status in OPEN_STATUSES for leg in self.legs)
        return self.trace.status == "answered" and open_legs

    @property
    def refused_by(self) -> list[str]:
        """Return the states that refused and sent nothing since."""
        return [view.leg.state for view in self.leg_views if view.shown_status == REFUSED]

    @property
    def is_refused_by_all(self) -> bool:
        """Return whether each other asked state refused, and none gave an event."""
        others = [leg for leg in self.legs if leg.state != self.trace.owner_state]
        return len(self.refused_by) == len(others) > 0 and not any(leg.events for leg in others)

    @property
    def version(self) -> int:
        """Return the version for If-Match."""
        return self.trace.version


@dataclass(frozen=True)
class SearchedState:
    """A searched or asked state: coverage of its records, and its answer.

    `status` is that of its leg, TO_SEND, NOT_SENT or NOT_ASKED.
    """

    state: str
    records: int
    through: date | None
    status: str


@dataclass(frozen=True)
class ResultView:
    """The result of a trace, searched states, readable parties, and sharing.

    `find_event` is how the gun came to the own state: seized, found or surrendered.
    """

    trace: Trace
    result: chain.ChainResult
    searched: Sequence[SearchedState]
    parties: PartiesById
    sharing: Mapping[str, Sharing]
    find_event: str

    def events(self) -> list[Event]:
        """Return each event once, conflicts last."""
        return [*self.result.chain, *self.result.conflicts]


def list_traces(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[TraceView]:
    """Return a page of own traces, newest first."""
    require(actor, Permission.TRACE_READ)
    query = select(Trace).where(Trace.owner_state == actor.state)
    for name in ("status", "case_number", "priority"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Trace, name) == value)
    page = fetch_page(query, Trace.id, limit, cursor)
    return page.with_items(_views(page.items))


def traces_of_seizure(actor: Actor, seizure_id: UUID) -> Sequence[Trace]:
    """Return own traces of the guns of a seizure, newest first."""
    require(actor, Permission.TRACE_READ)
    own = (Trace.owner_state == actor.state, Trace.seizure_id == seizure_id)
    return db.session.scalars(select(Trace).where(*own).order_by(Trace.id.desc())).all()


def list_to_approve(actor: Actor, limit: int) -> Sequence[TraceView]:
    """Return own drafts waiting for approval, newest first."""
    require(actor, Permission.TRACE_APPROVE)
    query = (
        select(Trace)
        .where(
            Trace.status == "draft",
            Trace.approval_requested_at.is_not(None),
            Trace.owner_state == actor.state,
        )
        .order_by(Trace.approval_requested_at.desc(), Trace.id)
        .limit(limit)
    )
    return _views(db.session.scalars(query).all())


def get_trace(actor: Actor, trace_id: UUID) -> TraceView:
    """Return one own trace; raises NotFound."""
    require(actor, Permission.TRACE_READ)
    return load(actor, trace_id)


def find_seizure(actor: Actor, trace: Trace) -> Seizure | None:
    """Return the seizure of a trace's gun, if it may be read."""
    require(actor, Permission.TRACE_READ)
    if trace.seizure_id is None or Permission.SEIZURE_READ not in actor.permissions:
        return None
    return db.session.scalars(select_current(Seizure).where(Seizure.id == trace.seizure_id)).first()


def current_version(actor: Actor, trace_id: UUID) -> int:
    """Return the current version, for If-Match; raises NotFound."""
    return _find_trace(trace_id).version


def load(actor: Actor, trace_id: UUID) -> TraceView:
    """Return one visible trace, for a command; raises NotFound."""
    return _views([_find_trace(trace_id)])[0]


def _find_trace(trace_id: UUID) -> Trace:
    trace = db.session.get(Trace, trace_id, populate_existing=True)
    if trace is None:
        raise NotFound("trace", trace_id)
    return trace


def _views(traces: Sequence[Trace]) -> list[TraceView]:
    """Complete traces with one query for each kind of related row."""
    legs = legs_by_trace(trace.id for trace in traces)
    ids = [trace.id for trace in traces] + [leg.id for some in legs.values() for leg in some]
    messages = messages_by_subject(ids)
    usernames = usernames_by_id(
        account for trace in traces for account in (trace.assignee_id, trace.requested_by)
    )
    restricted = restricted_by_subject(trace.id for trace in traces)
    unapprovable = without_approver(
        [trace for trace in traces if trace.status in UNSENT], restricted
    )
    without_office = agencies.states_without_office(restricted)
    views = []
    for trace in traces:
        remarks = [
            message(
                "No office of {state} that may see this trace is in the register of contacts: make"
                " sure that someone there can answer.",
                state=state,
            )
            for state in without_office.get(trace.id, ())
            if state != trace.owner_state
        ]
        views.append(
            TraceView(
                trace,
                legs[trace.id],
                messages,
                usernames.get(trace.assignee_id),
                restricted[trace.id],
                [*remarks, *unapprovable.get(trace.id, ())],
                usernames.get(trace.requested_by),
            )
        )
    return views


def get_result(actor: Actor, trace_id: UUID) -> ResultView:
    """Return the current result of a trace; raises NotFound."""
    require(actor, Permission.TRACE_READ)
    view = load(actor, trace_id)
    trace = view.trace
    # Each state counts by its own settings, working days and clock, unknown to the asking one:
    # twice the default target is enough for all but those with far longer ones.
    late_before = actor.now() - LATE_FACTOR * Settings().target(trace.priority)
    legs = [
        with_replies(to_chain_leg(trace, leg_view.leg, late_before), leg_view)
        for leg_view in view.leg_views
    ]
    result = build_trace_chain(trace, legs)
    country = trace.firearm.get("country_of_manufacture") or ""
    _, successors = names.former_states().get(country, (None, ()))
    if len(successors) > 1:
        text = message(
            "Which of the states that followed {state} keeps the books of the maker.", state=country
        )
        result.missing.append(text)
    events = [*result.chain, *result.conflicts]
    sharing = share_events(actor, events, trace.case_number)
    find_event = None
    if trace.record_id is not None:
        own = select_current(Record).where(Record.id == trace.record_id)
        find_event = db.session.scalar(own.with_only_columns(Record.event))
    return ResultView(
        trace,
        result,
        _searched_states(trace, view.leg_views),
        _readable_parties(actor, events, sharing),
        sharing,
        find_event or FOUND,
    )


def _searched_states(trace: Trace, legs: Sequence[LegView]) -> list[SearchedState]:
    """Return the coverage when the trace was sent, and other asked states."""
    views_by_state = {view.leg.state: view for view in legs}
    covered = {row["state"]: row for row in trace.coverage or ()}
    states = []
    for state in sorted({*views_by_state, *covered}):
        view, row = views_by_state.get(state), covered.get(state)
        through = view.leg.records_through if view else None
        if row is not None:
            through = date.fromisoformat(row["through"])
        status = view.shown_status if view else NOT_ASKED
        states.append(SearchedState(state, row["records"] if row else 0, through, status))
    return states


def _readable_parties(
    actor: Actor, events: Sequence[Event], sharing: Mapping[str, Sharing]
) -> PartiesById:
    """Return the parties readable by name, one query a state.

    Of others the chain has the kind, and the reason why they are not named.
    """
    readable: dict[str, set[UUID]] = defaultdict(set)
    for event in events:
        for party in (event["giver"], event["receiver"]):
            if party and sharing[event["record"]].may(party_group(party["kind"])):
                readable[event["state"]].add(UUID(party["id"]))
    parties: PartiesById = {}
    for state, ids in readable.items():
        with acting_as(actor, state):
            parties |= find_parties(ids)
    return parties
