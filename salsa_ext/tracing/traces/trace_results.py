"""Results of traces: chain, searched states and readable parties."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from salsa_ext.access.audit import AuditEvent, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import REGISTERS
from salsa_ext.core.errors import message
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import acting_as, db
from salsa_ext.disclosure import disclosures
from salsa_ext.disclosure.sharing import Sharing, party_group, share_events
from salsa_ext.firearms.records.event_kinds import ORIGIN_EVENTS, Event
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import PartiesById, find_parties
from salsa_ext.reference import names
from salsa_ext.reference.participation.declarations import declarations_at
from salsa_ext.reference.participation.rules import Declaration
from salsa_ext.reference.state_settings import Settings
from salsa_ext.tracing.chains import answers, chain
from salsa_ext.tracing.requests.values import NOT_PARTICIPATING
from salsa_ext.tracing.traces import queries as trace_queries
from salsa_ext.tracing.traces.leg_views import (
    LegView,
    build_trace_chain,
    to_chain_leg,
    with_replies,
)
from salsa_ext.tracing.traces.models import Trace
from salsa_ext.tracing.traces.routing import unasked_maker

LATE_FACTOR: Final = 2
FOUND_EVENT: Final = "found"
NOT_ASKED: Final = "not_asked"
"""Shown status of a state that was searched and not asked."""
TO_ASK: Final = "to_ask"
"""Shown status of a state that was not asked, though a person answers from its registers."""


@dataclass(frozen=True)
class SearchedState:
    """A searched or asked state: its registers, how far its records reach, and its answer.

    `registers` are those that it took part with when it was asked; `status` is that of its leg,
    TO_SEND, NOT_SENT, NOT_TRACED, NOT_ASKED or TO_ASK; of a state that declared none,
    NOT_PARTICIPATING in place of these.
    """

    state: str
    registers: Sequence[Declaration]
    through: date | None
    status: str


@dataclass(frozen=True)
class ResultView:
    """The result of a trace, searched states, readable parties, and sharing.

    `find_event` is how the gun came to the own state: seized, found or surrendered; `maker` the
    state of the maker that is to be asked yet.
    """

    trace: Trace
    result: chain.ChainResult
    searched: Sequence[SearchedState]
    parties: PartiesById
    sharing: Mapping[str, Sharing]
    find_event: str
    maker: str | None

    def events(self) -> list[Event]:
        """Return each event once, conflicts last."""
        return [*self.result.chain, *self.result.conflicts]


def read_result(*, actor: Actor, trace_id: UUID) -> ResultView:
    """Return a trace's result, audited for the states of named parties; raises NotFound."""
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


def get_result(actor: Actor, trace_id: UUID) -> ResultView:
    """Return the current result of a trace; raises NotFound."""
    require(actor, Permission.TRACE_READ)
    view = trace_queries.load(actor, trace_id)
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
    maker = _maker_to_ask(trace, result, legs)
    if maker is not None:
        text = message("The answer of {state}, where the make is at home: ask it.", state=maker)
        result.missing.append(text)
    if len(successors) > 1:
        text = message(
            "Which of the states that followed {state} keeps the books of the maker.", state=country
        )
        result.missing.append(text)
    events = [*result.chain, *result.conflicts]
    shared = [*events, *(each.event for each in result.possible)]
    sharing = share_events(actor, shared, trace.case_number)
    find_event = None
    if trace.record_id is not None:
        own = select_current(Record).where(Record.id == trace.record_id)
        find_event = db.session.scalar(own.with_only_columns(Record.event))
    return ResultView(
        trace,
        result,
        _searched_states(trace, view.leg_views, maker),
        _readable_parties(actor, events, sharing),
        sharing,
        find_event or FOUND_EVENT,
        maker,
    )


def _maker_to_ask(
    trace: Trace, result: chain.ChainResult, legs: Sequence[answers.ChainLeg]
) -> str | None:
    """Return the state of the maker that was not asked, unless the chain shows the origin."""
    is_known = any(event["event"] in ORIGIN_EVENTS for event in result.chain)
    if not legs or is_known or result.outcome == "traced":
        return None
    maker = unasked_maker(trace, [leg.state for leg in legs])
    return None if maker in names.former_states() else maker


def _searched_states(
    trace: Trace, legs: Sequence[LegView], maker: str | None
) -> list[SearchedState]:
    """Return the states with records when the trace was sent, asked ones, and that of the maker."""
    views_by_state = {view.leg.state: view for view in legs}
    covered = {row["state"]: row for row in trace.coverage or ()}
    moments = dict.fromkeys({*covered, maker} - {None}, trace.sent_at or trace.created_at)
    moments |= {state: view.leg.asked_at for state, view in views_by_state.items()}
    declared = declarations_at(moments) if moments else {}
    states = []
    for state in sorted(moments):
        view, row = views_by_state.get(state), covered.get(state)
        through = view.leg.records_through if view else None
        if row is not None:
            through = date.fromisoformat(row["through"])
        is_by_person = any(each.mode == "person" for each in declared[state].values())
        status = view.shown_status if view else TO_ASK if is_by_person else NOT_ASKED
        if not declared[state]:  # nothing was searched, whatever it has recorded
            through, status = None, status if view else NOT_PARTICIPATING
        registers = sorted(
            declared[state].values(), key=lambda each: REGISTERS.index(each.register)
        )
        states.append(SearchedState(state, registers, through, status))
    return states


def _readable_parties(
    actor: Actor, events: Sequence[Event], sharing: Mapping[str, Sharing]
) -> PartiesById:
    """Return the parties readable by name, one query a state."""
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
