"""Requests of other states to the own state, with their messages."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select, tuple_

from salsa_ext.access import authentication
from salsa_ext.access.models import Account
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, message
from salsa_ext.database.paging import Listing, Page
from salsa_ext.database.session import acting_as, db, read_row
from salsa_ext.disclosure import restrictions
from salsa_ext.firearms.marks.values import Firearm, Mark, Query
from salsa_ext.firearms.records.queries import query_for_description
from salsa_ext.firearms.search import mark_lookup
from salsa_ext.firearms.search.search import drop_near_misses, find_candidates, likely_candidates
from salsa_ext.firearms.search.values import BestScores, Candidate
from salsa_ext.tracing.requests import message_log
from salsa_ext.tracing.requests.message_log import MessageView
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import ANSWERED_STATUSES, RUNNING_STATUSES, WAITING_STATUSES


@dataclass(frozen=True)
class RequestView:
    """A request with its messages and its assignee's username.

    Agencies of the own state that must not see it: `own_restricted` by the own state,
    `named_restricted` by the asking state; one may be both.
    """

    request: TraceRequest
    messages: Sequence[MessageView]
    assignee: str | None
    own_restricted: Sequence[str]
    named_restricted: Sequence[str]

    @property
    def restricted_agencies(self) -> Sequence[str]:
        """Return all restricted agencies."""
        return sorted({*self.own_restricted, *self.named_restricted})

    @property
    def version(self) -> int:
        """Return the version for If-Match."""
        return self.request.version

    @property
    def withdrawn_at(self) -> datetime | None:
        """Return when the asking state withdrew it; otherwise None."""
        is_withdrawn = self.request.status == "withdrawn"
        return message_log.withdrawal_time(self.messages) if is_withdrawn else None

    @property
    def due_at(self) -> datetime | None:
        """Return the deadline; None with a stopped clock or an answer."""
        return self.request.due_at if self.request.status in RUNNING_STATUSES else None

    @property
    def is_automatic(self) -> bool:
        """Return whether the service alone answered it."""
        return self.request.is_automatic and self.request.status in ANSWERED_STATUSES


LISTING: Final = Listing(TraceRequest, "received_at", ("received_at", "due_at"))


def list_requests(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[RequestView]:
    """Return a page of requests to the own state, newest first."""
    require(actor, Permission.REQUEST_READ)
    page = LISTING.fetch(_filtered(filters), filters, limit, cursor)
    return page.with_items(_views(page.items))


def list_waiting(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[RequestView]:
    """Return a page of waiting requests: by deadline, then clarifications."""
    require(actor, Permission.REQUEST_READ)
    key = (TraceRequest.status.not_in(RUNNING_STATUSES), TraceRequest.due_at, TraceRequest.id)
    query = _filtered(filters).where(TraceRequest.status.in_(WAITING_STATUSES))
    if cursor is not None:
        query = query.where(tuple_(*key) > tuple_(*_parse_cursor(cursor)))
    query = query.order_by(*key).limit(limit + 1).execution_options(populate_existing=True)
    rows = db.session.scalars(query).all()
    last = rows[limit - 1] if len(rows) > limit else None
    is_stopped = last is not None and last.status not in RUNNING_STATUSES
    following = None if last is None else f"{int(is_stopped)}_{last.due_at.isoformat()}_{last.id}"
    return Page(_views(rows[:limit]), following)


def _parse_cursor(cursor: str) -> tuple[bool, datetime, UUID]:
    try:
        is_stopped, due_at, last = cursor.split("_")
        return is_stopped == "1", datetime.fromisoformat(due_at), UUID(last)
    except ValueError:
        text = message("This is not a cursor of this list; begin without one.")
        raise Invalid({"cursor": [text]}) from None


def _filtered(filters: Mapping[str, Any]) -> Select[TraceRequest]:
    query = select(TraceRequest)
    for name in ("status", "asking_state", "case_number", "priority"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(TraceRequest, name) == value)
    if (before := filters.get("due_before")) is not None:
        query = query.where(TraceRequest.due_at < before, TraceRequest.status.in_(RUNNING_STATUSES))
    if (assignee := filters.get("assignee")) is not None:
        account = select(Account.id).where(Account.username == assignee)
        query = query.where(TraceRequest.assignee_id.in_(account))
    return query


def get_request(actor: Actor, request_id: UUID) -> RequestView:
    """Return one request with candidates and messages; raises NotFound."""
    require(actor, Permission.REQUEST_READ)
    return load(request_id)


def current_version(actor: Actor, request_id: UUID) -> int:
    """Return the current version, for If-Match; raises NotFound."""
    return read_row(TraceRequest, request_id, kind="request").version


def load(request_id: UUID) -> RequestView:
    """Return one request for a command that just changed it."""
    return _views([read_row(TraceRequest, request_id, kind="request")])[0]


def load_many(ids: Sequence[UUID]) -> list[RequestView]:
    """Return several requests of the own state; unknown ids are left out."""
    query = select(TraceRequest).where(TraceRequest.id.in_(ids)).order_by(TraceRequest.id)
    return _views(db.session.scalars(query).all()) if ids else []


def _views(requests: Sequence[TraceRequest]) -> list[RequestView]:
    messages = message_log.messages_by_subject(request.id for request in requests)
    usernames = authentication.usernames_by_id(request.assignee_id for request in requests)
    own, named = restrictions.own_and_named_by_subject(request.id for request in requests)
    return [
        RequestView(
            request,
            messages[request.id],
            usernames.get(request.assignee_id),
            own[request.id],
            named[request.id],
        )
        for request in requests
    ]


def search_for_trace(
    actor: Actor,
    firearm: Mapping[str, Any],
    excluded: Collection[UUID],
    found_on: date,
    *,
    with_silent: bool = False,
) -> list[Candidate]:
    """Return the records of all states that match a firearm found on a day.

    By another mark without a legible serial. `excluded` is the record of the seized item itself: it
    agrees in all and would suppress other matches. A record of a gun made later is unlikely.
    Other states' silent records only `with_silent`.
    """
    query = replace(description_query(firearm), reported_year=found_on.year)
    try:
        candidates = find_candidates(
            query,
            actor,
            stop_at_exact=False,
            with_silent=with_silent,
            current_only=True,
            excluded=excluded,
        )
    except Invalid:  # no mark, or too short to search alone; the other routes are still asked
        return []
    has_serial = bool(mark_lookup.query_serials(query))
    hits = [hit for hit in candidates if hit.evidence.is_by_serial or not has_serial]
    # the traced gun was found, whether that is recorded or not
    return [*drop_near_misses(hits, query, is_seized=True)]


def find_own_candidates(
    actor: Actor,
    asking: Actor,
    firearm: Mapping[str, Any],
    excluded: Collection[UUID],
    best: BestScores,
    found_on: date,
) -> list[Candidate]:
    """Return the actor's state's records that the asking state may know of.

    About as likely as the best of all states, which is `best`, and worth a comparison. The search
    runs as the asking state: `silent` records make no difference, not even in time.
    """
    with acting_as(actor, asking.own_state()):
        candidates = search_for_trace(asking, firearm, excluded, found_on)
    return [
        hit
        for hit in likely_candidates(candidates, best)
        if hit.mark_hit.state == actor.own_state() and hit.evidence.may_be_same
    ]


def description_query(firearm: Mapping[str, Any]) -> Query:
    """Return the search query for the description of a trace."""
    marks = {Mark(mark["kind"], mark["text"]): None for mark in firearm["marks"]}
    lot = Firearm(category=firearm["category"], serial=firearm["serial"], lot=firearm["lot"])
    marks |= dict.fromkeys(lot.lot_marks())
    return query_for_description(firearm, [*marks])


def candidate_rows(candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Return candidates as a request stores them: id, strength, bits, visibility."""
    return [
        {
            "record": str(hit.mark_hit.record_id),
            "event": hit.mark_hit.event,
            "strength": hit.evidence.strength_in_trace,
            "bits": hit.evidence.bits,
            "visibility": hit.mark_hit.visibility,
        }
        for hit in candidates
    ]
