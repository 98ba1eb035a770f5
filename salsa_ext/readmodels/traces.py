"""Traces and their results, for the asking state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import as_state, db
from salsa_ext.errors import Message, NotFound, say
from salsa_ext.matching import chains, outlooks
from salsa_ext.matching.events import Event
from salsa_ext.matching.requests import OPEN
from salsa_ext.models import Record, Seizure, Trace, TraceLeg
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import contacts, names
from salsa_ext.readmodels.approvals import Change, changes_of, declined, unapprovable
from salsa_ext.readmodels.arrays import among_given
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.readmodels.parties import Parties, parties_of
from salsa_ext.readmodels.refusals import refusal
from salsa_ext.readmodels.requests import MessageView, hidden_from, messages_of, usernames
from salsa_ext.readmodels.sharing import Sharing, group_of, of_events
from salsa_ext.readmodels.trace_legs import REFUSED, LegSaid, as_said, with_words
from salsa_ext.readmodels.versions import current
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import UNSENT
from salsa_ext.values.settings import Settings

PATIENCE: Final = 2
FOUND: Final = "found"
NOT_ASKED: Final = "not_asked"
"""What is shown of a state whose records were searched and that was asked nothing: it said nothing."""
ENDED: Final = ("withdrawn", "closed")
_LEGS: Final = (
    select(TraceLeg).where(among_given(TraceLeg.trace_id)).order_by(TraceLeg.id)
    .execution_options(populate_existing=True)
)  # fmt: skip


@dataclass(frozen=True)
class TraceView:
    """A trace with its legs, what was said of each, and the own state's notes.

    `hidden_from` are the agencies to which there is no such trace; `remarks` say where nobody is left
    to answer, or to approve it.
    """

    trace: Trace
    legs: Sequence[TraceLeg]
    messages: Mapping[UUID, Sequence[MessageView]]
    assignee: str | None
    hidden_from: Sequence[str]
    remarks: Sequence[Message]
    drafted_by: str | None

    @property
    def outlook(self) -> outlooks.Outlook | None:
        """Return how likely a trace is to be answered, and what it lacks, while it is not sent."""
        return outlooks.of(self.trace.firearm) if self.trace.status in UNSENT else None

    @property
    def said(self) -> list[LegSaid]:
        """Return the legs, each with what was said of it."""
        return [LegSaid(leg, self.messages.get(leg.id, ())) for leg in self.legs]

    @property
    def to_send(self) -> list[str]:
        """Return the states to which a person has to send the form yet, while the trace is open."""
        is_open = self.trace.status not in ENDED
        return [one.leg.state for one in self.said if one.is_to_send] if is_open else []

    @property
    def notes(self) -> Sequence[MessageView]:
        """Return what the own state noted of the trace as a whole."""
        return self.messages.get(self.trace.id, ())

    @property
    def declined(self) -> MessageView | None:
        """Return the last word of a second person that did not approve a draft which waits for none."""
        return declined(self.trace, self.notes)

    @property
    def overruled(self) -> MessageView | None:
        """Return the last word of a second person that declined a trace which was sent all the same."""
        return refusal(self.trace, self.notes) if self.trace.sent_at else None

    @property
    def changed(self) -> Sequence[Change]:
        """Return what of a trace that is not sent changed since a second person was asked or approved."""
        return changes_of(self.trace) if self.trace.status in UNSENT else ()

    @property
    def is_answered_in_part(self) -> bool:
        """Tell whether no answer is owed any more, though a state refused or named another one."""
        open_legs = any(leg.status in OPEN for leg in self.legs)
        return self.trace.status == "answered" and open_legs

    @property
    def refused_by(self) -> list[str]:
        """Return the states that refused, and said nothing since."""
        return [one.leg.state for one in self.said if one.shown_status == REFUSED]

    @property
    def is_refused_by_all(self) -> bool:
        """Tell whether each other state that was asked refused, and none told anything of the gun."""
        others = [leg for leg in self.legs if leg.state != self.trace.owner_state]
        return len(self.refused_by) == len(others) > 0 and not any(leg.events for leg in others)

    @property
    def version(self) -> int:
        """Return the version that actions refer to."""
        return self.trace.version


@dataclass(frozen=True)
class Searched:
    """A state that was searched or asked: how far its records reached then, and what it said.

    `said` is the status of its leg, TO_SEND, NOT_SENT or NOT_ASKED.
    """

    state: str
    records: int
    through: date | None
    said: str


@dataclass(frozen=True)
class ResultView:
    """The result of a trace, who was searched, the parties that may be named, and what else may not.

    `found_as` is how the gun came to the own state: seized, found or surrendered.
    """

    trace: Trace
    result: chains.Result
    searched: Sequence[Searched]
    parties: Parties
    sharing: Mapping[str, Sharing]
    found_as: str

    def events(self) -> list[Event]:
        """Return each event once, those that contradict the chain at the end."""
        return [*self.result.chain, *self.result.conflicts]


def list_traces(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[TraceView]:
    """Return a page of the own state's traces, newest first."""
    require(actor, Permission.TRACE_READ)
    query = select(Trace).where(Trace.owner_state == actor.state)
    for name in ("status", "case_number", "priority"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Trace, name) == value)
    found = page(query, Trace.id, limit, cursor)
    return found.of(_views(actor, found.items))


def of_seizure(actor: Actor, seizure_id: UUID) -> Sequence[Trace]:
    """Return the own state's traces of the guns of a seizure, newest first."""
    require(actor, Permission.TRACE_READ)
    own = (Trace.owner_state == actor.state, Trace.seizure_id == seizure_id)
    return db.session.scalars(select(Trace).where(*own).order_by(Trace.id.desc())).all()


def waiting_here(actor: Actor, limit: int) -> Sequence[TraceView]:
    """Return the own state's drafts that wait for a second person of its own, the newest first."""
    require(actor, Permission.TRACE_APPROVE)
    waiting = (Trace.status == "draft", Trace.approval_asked_at.is_not(None),
               Trace.owner_state == actor.state)  # fmt: skip
    query = (
        select(Trace)
        .where(*waiting)
        .order_by(Trace.approval_asked_at.desc(), Trace.id)
        .limit(limit)
    )
    return _views(actor, db.session.scalars(query).all())


def get_trace(actor: Actor, trace_id: UUID) -> TraceView:
    """Return one trace of the own state; raises NotFound."""
    require(actor, Permission.TRACE_READ)
    return read(actor, trace_id)


def seizure_of(actor: Actor, trace: Trace) -> Seizure | None:
    """Return the seizure in which the gun of a trace was found, for who may read it."""
    require(actor, Permission.TRACE_READ)
    if trace.seizure_id is None or Permission.SEIZURE_READ not in actor.permissions:
        return None
    return db.session.scalars(current(Seizure).where(Seizure.id == trace.seizure_id)).first()


def version(actor: Actor, trace_id: UUID) -> int:
    """Return the version that stands, for If-Match; raises NotFound."""
    return _find(trace_id).version


def read(actor: Actor, trace_id: UUID) -> TraceView:
    """Return one trace that the state may see, for a command that just wrote it."""
    return _views(actor, [_find(trace_id)])[0]


def _find(trace_id: UUID) -> Trace:
    trace = db.session.get(Trace, trace_id, populate_existing=True)
    if trace is None:
        raise NotFound("trace", trace_id)
    return trace


def _views(actor: Actor, found: Sequence[Trace]) -> list[TraceView]:
    """Complete traces with one query for each kind of thing."""
    legs = _legs([trace.id for trace in found])
    ids = [trace.id for trace in found] + [leg.id for some in legs.values() for leg in some]
    persons = [one for trace in found for one in (trace.assignee_id, trace.requested_by)]
    said, named = messages_of(ids), usernames(persons)
    drafts = [trace for trace in found if trace.status in UNSENT]
    kept = hidden_from(trace.id for trace in found)
    bars, alone = unapprovable(drafts, kept), contacts.without_office(kept)
    return [
        TraceView(trace, legs[trace.id], said, named.get(trace.assignee_id), kept[trace.id],
                  [*_remarks(trace, alone.get(trace.id, ())), *bars.get(trace.id, ())],
                  named.get(trace.requested_by))
        for trace in found
    ]  # fmt: skip


def _remarks(trace: Trace, without_office: Sequence[str]) -> list[Message]:
    """Return where hiding may leave nobody to answer, as far as the register of contacts tells."""
    return [
        say("No office of {state} that may see this trace is in the register of contacts: make sure that"
            " somebody there can answer.", state=state)
        for state in without_office if state != trace.owner_state
    ]  # fmt: skip


def get_result(actor: Actor, trace_id: UUID) -> ResultView:
    """Return what the answers amount to so far; raises NotFound."""
    require(actor, Permission.TRACE_READ)
    view = read(actor, trace_id)
    trace = view.trace
    heard_until = _heard_until(actor, trace)
    said = [with_words(as_said(trace, one.leg, until=heard_until), one) for one in view.said]
    result = chains.build(said, trace.found_on, trace.owner_state, trace.firearm)
    result.missing += _no_more(trace.firearm)
    events = [*result.chain, *result.conflicts]
    sharing = of_events(actor, events, trace.case_number)
    parties = _named(actor, events, sharing)
    return ResultView(
        trace, result, _searched(trace, view.said), parties, sharing, _found_as(trace)
    )


def _found_as(trace: Trace) -> str:
    """Return what the record of a seized gun says that happened; a described gun was found."""
    if trace.record_id is None:
        return FOUND
    own = current(Record).where(Record.id == trace.record_id).with_only_columns(Record.event)
    return db.session.scalar(own) or FOUND


def _no_more(firearm: Mapping[str, Any]) -> list[Message]:
    """Return which successor of a state that is no more would have to be asked, where there are several."""
    country = firearm.get("country_of_manufacture") or ""
    _, successors = names.ended_states().get(country, (None, ()))
    if len(successors) <= 1:
        return []
    return [
        say(
            "Which of the states that followed {state} keeps the books of the maker.",
            state=country,
        )
    ]


def _heard_until(actor: Actor, trace: Trace) -> datetime:
    """Return since when who was asked need not have answered.

    Each state counts its term by its own settings, working days and clock, which the asking one does
    not know: twice the usual target is over for all but those that set far longer ones.
    """
    return actor.now() - PATIENCE * Settings().target(trace.priority)


def _searched(trace: Trace, legs: Sequence[LegSaid]) -> list[Searched]:
    """Return how far the records reached when the trace was sent, and who was asked beside them."""
    asked = {one.leg.state: one for one in legs}
    covered = {row["state"]: row for row in trace.searched or ()}
    return [_one_searched(state, covered.get(state), asked.get(state))
            for state in sorted({*asked, *covered})]  # fmt: skip


def _one_searched(state: str, covered: dict[str, Any] | None, asked: LegSaid | None) -> Searched:
    said = asked.shown_status if asked else NOT_ASKED
    if covered is None:
        return Searched(state, 0, asked.leg.records_through if asked else None, said)
    return Searched(state, covered["records"], date.fromisoformat(covered["through"]), said)


def _legs(trace_ids: Sequence[UUID]) -> dict[UUID, list[TraceLeg]]:
    found: dict[UUID, list[TraceLeg]] = defaultdict(list)
    for leg in db.session.scalars(_LEGS, {"ids": list(trace_ids)}):
        found[leg.trace_id].append(leg)
    return found


def _named(actor: Actor, events: Sequence[Event], sharing: Mapping[str, Sharing]) -> Parties:
    """Return the parties that the asking state may read by name, one query for each state.

    Of others the chain shows the kind, and why they are not named.
    """
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for event in events:
        for side in (event["giver"], event["receiver"]):
            if side and sharing[event["record"]].may(group_of(side["kind"])):
                wanted[event["state"]].add(UUID(side["id"]))
    named: Parties = {}
    for state, ids in wanted.items():
        with as_state(actor, state):
            named |= parties_of(ids)
    return named
