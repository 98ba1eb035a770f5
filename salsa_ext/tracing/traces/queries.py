"""Traces, for the asking state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.access.authentication import usernames_by_id
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import UNSENT
from salsa_ext.core.errors import Message, message
from salsa_ext.database.locks import select_current
from salsa_ext.database.paging import Listing, Page
from salsa_ext.database.session import db, read_row
from salsa_ext.disclosure.restrictions import restricted_by_subject
from salsa_ext.documents.models import Seizure
from salsa_ext.reference import agencies
from salsa_ext.tracing.chains import description_gaps
from salsa_ext.tracing.requests.message_log import MessageView, messages_by_subject
from salsa_ext.tracing.requests.values import OPEN_STATUSES, SEARCHED_STATUSES, WAITING_STATUSES
from salsa_ext.tracing.traces.approvals import (
    FieldChange,
    changes_since_request,
    current_decline,
    last_decline,
    without_approver,
)
from salsa_ext.tracing.traces.attempts import best_status, has_form_to_send, reported_failure
from salsa_ext.tracing.traces.leg_views import REFUSED, LegView, legs_by_trace
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.values import SENT_STATUSES

ENDED_STATUSES: Final = ("withdrawn", "closed")
TOO_OLD, NONE_SEARCHED, NOT_ALL_ASKED = "too_old", "none_searched", "not_all_asked"
"""Shown outcomes, which say why not all states were searched."""


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
    def is_waiting(self) -> bool:
        """Return whether a state that the service asked still owes an answer."""
        is_open = self.trace.status not in ENDED_STATUSES
        return is_open and any(
            leg.channel == "service" and leg.status in WAITING_STATUSES for leg in self.legs
        )

    @property
    def pending_forms(self) -> list[str]:
        """Return the states with forms to send, while the trace is open."""
        is_open = self.trace.status not in ENDED_STATUSES
        return [leg.state for leg in self.legs if has_form_to_send(leg)] if is_open else []

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
        open_legs = any(best_status(leg) in OPEN_STATUSES for leg in self.legs)
        return self.trace.status == "completed" and open_legs

    @property
    def shown_outcome(self) -> str | None:
        """Return the outcome, or of `not_searched` what stopped it."""
        if self.trace.outcome != "not_searched":
            return self.trace.outcome
        searched = [leg for leg in self.legs if best_status(leg) in SEARCHED_STATUSES]
        unknown = {reported_failure(leg) for leg in searched} - {None}
        if searched and len(searched) == len(self.legs) and unknown <= {TOO_OLD}:
            return TOO_OLD if unknown else NOT_ALL_ASKED
        return self.trace.outcome if searched else NONE_SEARCHED

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


LISTING: Final = Listing(Trace, "found_on", ("found_on", "case_number"))


def list_traces(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[TraceView]:
    """Return a page of own traces, newest first."""
    require(actor, Permission.TRACE_READ)
    query = select(Trace).where(Trace.owner_state == actor.state)
    for name in ("status", "case_number", "priority"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Trace, name) == value)
    if (number := filters.get("external_id")) is not None:
        query = query.where(Trace.external_ids.contains([{"number": number}]))
    if (serial := filters.get("serial")) is not None:
        query = query.where(func.upper(Trace.firearm["serial"].astext) == serial.upper())
    page = LISTING.fetch(query, filters, limit, cursor)
    return page.with_items(_views(page.items))


def traces_of_seizure(actor: Actor, seizure_id: UUID) -> Sequence[TraceView]:
    """Return own traces of the guns of a seizure, newest first."""
    require(actor, Permission.TRACE_READ)
    own = (Trace.owner_state == actor.state, Trace.seizure_id == seizure_id)
    return _views(db.session.scalars(select(Trace).where(*own).order_by(Trace.id.desc())).all())


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


def load_with_seizure(actor: Actor, trace_id: UUID) -> list[TraceView]:
    """Return a trace with the other sent ones of its seizure, by gun; raises NotFound."""
    trace = read_row(Trace, trace_id)
    if trace.seizure_id is None:
        return _views([trace])
    query = select(Trace).where(
        Trace.owner_state == trace.owner_state,
        Trace.seizure_id == trace.seizure_id,
        Trace.status.in_(SENT_STATUSES),
    )
    traces = db.session.scalars(query).all()
    return _views(sorted(traces, key=lambda each: (each.firearm["line"], each.id)))


def is_heard(actor: Actor, trace_id: UUID) -> bool:
    """Return whether each state that the service asked has reacted."""
    require(actor, Permission.TRACE_READ)
    silent = (TraceLeg.channel == "service", TraceLeg.status == "sent")
    legs = select(TraceLeg.id).where(TraceLeg.trace_id == trace_id, *silent)
    return not db.session.scalar(select(legs.exists()))


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
    return read_row(Trace, trace_id).version


def load(actor: Actor, trace_id: UUID) -> TraceView:
    """Return one visible trace, for a command; raises NotFound."""
    return _views([read_row(Trace, trace_id)])[0]


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
