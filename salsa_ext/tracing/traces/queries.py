"""Traces and their results, for the asking state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import Action, AuditEvent, append_many
from salsa_ext.access.authentication import usernames_by_id
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.codes import UNSENT
from salsa_ext.core.errors import Message, NotFound, message
from salsa_ext.database.bulk import is_any_of_param
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import acting_as, db
from salsa_ext.database.versions import select_current
from salsa_ext.disclosure import disclosures
from salsa_ext.disclosure.restrictions import restricted_by_subject
from salsa_ext.disclosure.sharing import Sharing, party_group, share_events
from salsa_ext.documents.models import Seizure
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import PartiesById, find_parties
from salsa_ext.firearms.records.values import Event
from salsa_ext.reference import agencies, names
from salsa_ext.reference.values import Settings
from salsa_ext.tracing.chains import chain, gaps
from salsa_ext.tracing.requests.message_log import MessageView, messages_by_subject
from salsa_ext.tracing.requests.values import OPEN_STATUSES
from salsa_ext.tracing.traces.approvals import (
    FieldChange,
    changes_since_request,
    current_decline,
    last_decline,
    without_approver,
)
from salsa_ext.tracing.traces.leg_views import REFUSED, LegView, to_chain_leg, with_replies
from salsa_ext.tracing.traces.models import Trace, TraceLeg


def read_result(*, actor: Actor, trace_id: UUID) -> ResultView:
    """Return a trace's result, audited for the states of named parties.

    Needs no further purpose: the trace has its case. Raises NotFound.
    """
    require(actor, Permission.TRACE_READ)
    view = get_result(actor, trace_id)
    named: dict[str, list[str]] = {}
    for party in view.parties.values():
        if party.owner_state != actor.state:
            named.setdefault(party.owner_state, []).append(str(party.id))
    asking = actor.for_purpose(
        Purpose("investigation", view.trace.case_number, about=(str(trace_id),))
    )
    append_many(
        asking,
        [
            AuditEvent(
                Action.PARTY_DISCLOSED, "trace", trace_id, state, [state], {"parties": sorted(ids)}
            )
            for state, ids in sorted(named.items())
        ]
        + _named_parties_entries(view),
    )
    return view


def _named_parties_entries(view: ResultView) -> list[AuditEvent]:
    """Return audit entries for the owners of records with named parties."""
    acts = []
    for event in view.events():
        shared = view.sharing[event["record"]]
        sides = [event[name] for name in ("giver", "receiver") if event[name]]
        groups = {party_group(side["kind"]) for side in sides if UUID(side["id"]) in view.parties}
        if groups and not shared.is_own:
            said = {
                "version": event["version"],
                "handling": event["handling"],
                "groups": sorted(groups),
            }
            acts.append(disclosures.disclosure_event(event["record"], event["state"], said))
    return acts


LATE_FACTOR: Final = 2
FOUND: Final = "found"
NOT_ASKED: Final = "not_asked"
"""Shown status of a state that was searched and not asked."""
ENDED_STATUSES: Final = ("withdrawn", "closed")
_LEGS: Final = (
    select(TraceLeg)
    .where(is_any_of_param(TraceLeg.trace_id))
    .order_by(TraceLeg.id)
    .execution_options(populate_existing=True)
)


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
    def outlook(self) -> gaps.Outlook | None:
        """Return how likely a trace is to be answered, and what it lacks, while it is not sent."""
        return gaps.predict_answers(self.trace.firearm) if self.trace.status in UNSENT else None

    @property
    def leg_views(self) -> list[LegView]:
        """Return the legs with their messages."""
        return [LegView(leg, self.messages.get(leg.id, ())) for leg in self.legs]

    @property
    def pending_forms(self) -> list[str]:
        """Return the states with forms to send, while the trace is open."""
        is_open = self.trace.status not in ENDED_STATUSES
        return [one.leg.state for one in self.leg_views if one.is_form_pending] if is_open else []

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
        return [one.leg.state for one in self.leg_views if one.shown_status == REFUSED]

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

    `said` is the status of its leg, TO_SEND, NOT_SENT or NOT_ASKED.
    """

    state: str
    records: int
    through: date | None
    status: str


@dataclass(frozen=True)
class ResultView:
    """The result of a trace, searched states, readable parties, and sharing.

    `found_as` is how the gun came to the own state: seized, found or surrendered.
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
    found = fetch_page(query, Trace.id, limit, cursor)
    return found.with_items(_views(actor, found.items))


def traces_of_seizure(actor: Actor, seizure_id: UUID) -> Sequence[Trace]:
    """Return own traces of the guns of a seizure, newest first."""
    require(actor, Permission.TRACE_READ)
    own = (Trace.owner_state == actor.state, Trace.seizure_id == seizure_id)
    return db.session.scalars(select(Trace).where(*own).order_by(Trace.id.desc())).all()


def list_to_approve(actor: Actor, limit: int) -> Sequence[TraceView]:
    """Return own drafts waiting for approval, newest first."""
    require(actor, Permission.TRACE_APPROVE)
    waiting = (
        Trace.status == "draft",
        Trace.approval_requested_at.is_not(None),
        Trace.owner_state == actor.state,
    )
    query = (
        select(Trace)
        .where(*waiting)
        .order_by(Trace.approval_requested_at.desc(), Trace.id)
        .limit(limit)
    )
    return _views(actor, db.session.scalars(query).all())


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
    return _views(actor, [_find_trace(trace_id)])[0]


def _find_trace(trace_id: UUID) -> Trace:
    trace = db.session.get(Trace, trace_id, populate_existing=True)
    if trace is None:
        raise NotFound("trace", trace_id)
    return trace


def _views(actor: Actor, found: Sequence[Trace]) -> list[TraceView]:
    """Complete traces with one query for each kind of related row."""
    legs = _legs_by_trace([trace.id for trace in found])
    ids = [trace.id for trace in found] + [leg.id for some in legs.values() for leg in some]
    persons = [one for trace in found for one in (trace.assignee_id, trace.requested_by)]
    said, named = messages_by_subject(ids), usernames_by_id(persons)
    drafts = [trace for trace in found if trace.status in UNSENT]
    kept = restricted_by_subject(trace.id for trace in found)
    bars, alone = without_approver(drafts, kept), agencies.states_without_office(kept)
    return [
        TraceView(
            trace,
            legs[trace.id],
            said,
            named.get(trace.assignee_id),
            kept[trace.id],
            [*_remarks(trace, alone.get(trace.id, ())), *bars.get(trace.id, ())],
            named.get(trace.requested_by),
        )
        for trace in found
    ]


def _remarks(trace: Trace, without_office: Sequence[str]) -> list[Message]:
    """Return a remark for each state without an unrestricted office."""
    return [
        message(
            "No office of {state} that may see this trace is in the register of contacts: make sure that"
            " somebody there can answer.",
            state=state,
        )
        for state in without_office
        if state != trace.owner_state
    ]


def get_result(actor: Actor, trace_id: UUID) -> ResultView:
    """Return the current result of a trace; raises NotFound."""
    require(actor, Permission.TRACE_READ)
    view = load(actor, trace_id)
    trace = view.trace
    heard_until = _late_before(actor, trace)
    said = [
        with_replies(to_chain_leg(trace, one.leg, late_before=heard_until), one)
        for one in view.leg_views
    ]
    result = chain.build_chain(said, trace.found_on, trace.owner_state, trace.firearm)
    result.missing += _missing_successor(trace.firearm)
    events = [*result.chain, *result.conflicts]
    sharing = share_events(actor, events, trace.case_number)
    parties = _readable_parties(actor, events, sharing)
    return ResultView(
        trace, result, _searched_states(trace, view.leg_views), parties, sharing, _find_event(trace)
    )


def _find_event(trace: Trace) -> str:
    """Return the event of a seized gun's record, else `found`."""
    if trace.record_id is None:
        return FOUND
    own = select_current(Record).where(Record.id == trace.record_id).with_only_columns(Record.event)
    return db.session.scalar(own) or FOUND


def _missing_successor(firearm: Mapping[str, Any]) -> list[Message]:
    """Return that a successor of an ended state must be chosen."""
    country = firearm.get("country_of_manufacture") or ""
    _, successors = names.former_states().get(country, (None, ()))
    if len(successors) <= 1:
        return []
    return [
        message(
            "Which of the states that followed {state} keeps the books of the maker.", state=country
        )
    ]


def _late_before(actor: Actor, trace: Trace) -> datetime:
    """Return the time before which a request without answer is late.

    Each state counts by its own settings, working days and clock, unknown to the asking one: twice
    the default target is enough for all but those with far longer ones.
    """
    return actor.now() - LATE_FACTOR * Settings().target(trace.priority)


def _searched_states(trace: Trace, legs: Sequence[LegView]) -> list[SearchedState]:
    """Return the coverage when the trace was sent, and other asked states."""
    asked = {one.leg.state: one for one in legs}
    covered = {row["state"]: row for row in trace.coverage or ()}
    return [
        _searched_state(state, covered.get(state), asked.get(state))
        for state in sorted({*asked, *covered})
    ]


def _searched_state(
    state: str, covered: dict[str, Any] | None, asked: LegView | None
) -> SearchedState:
    said = asked.shown_status if asked else NOT_ASKED
    if covered is None:
        return SearchedState(state, 0, asked.leg.records_through if asked else None, said)
    return SearchedState(state, covered["records"], date.fromisoformat(covered["through"]), said)


def _legs_by_trace(trace_ids: Sequence[UUID]) -> dict[UUID, list[TraceLeg]]:
    found: dict[UUID, list[TraceLeg]] = defaultdict(list)
    for leg in db.session.scalars(_LEGS, {"ids": list(trace_ids)}):
        found[leg.trace_id].append(leg)
    return found


def _readable_parties(
    actor: Actor, events: Sequence[Event], sharing: Mapping[str, Sharing]
) -> PartiesById:
    """Return the parties readable by name, one query a state.

    Of others the chain has the kind, and the reason why they are not named.
    """
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for event in events:
        for side in (event["giver"], event["receiver"]):
            if side and sharing[event["record"]].may(party_group(side["kind"])):
                wanted[event["state"]].add(UUID(side["id"]))
    named: PartiesById = {}
    for state, ids in wanted.items():
        with acting_as(actor, state):
            named |= find_parties(ids)
    return named
