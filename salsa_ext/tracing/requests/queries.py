"""Requests of other states to the own state, with their messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, tuple_

from salsa_ext.access import authentication
from salsa_ext.access.models import Account
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, NotFound, message
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db
from salsa_ext.disclosure import restrictions
from salsa_ext.tracing.requests import message_log
from salsa_ext.tracing.requests.message_log import MessageView
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import ANSWERED_STATUSES, RUNNING_STATUSES, WAITING_STATUSES


@dataclass(frozen=True)
class RequestView:
    """A request with its messages and its assignee's username.

    `hidden_from` are agencies of the own state that must not see it: `own_hidden_from` chosen by
    the own state, `named_hidden_from` by the asking state; one may be both.
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
        return (
            message_log.withdrawal_time(self.messages)
            if self.request.status == "withdrawn"
            else None
        )

    @property
    def due_at(self) -> datetime | None:
        """Return the deadline; None with a stopped clock or an answer."""
        return self.request.due_at if self.request.status in RUNNING_STATUSES else None

    @property
    def is_automatic(self) -> bool:
        """Return whether the service alone answered it."""
        return self.request.is_automatic and self.request.status in ANSWERED_STATUSES


def list_requests(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[RequestView]:
    """Return a page of requests to the own state, newest first."""
    require(actor, Permission.REQUEST_READ)
    found = fetch_page(_filtered(filters), TraceRequest.id, limit, cursor)
    return found.of(_views(found.items))


def list_waiting(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[RequestView]:
    """Return a page of waiting requests: by deadline, then clarifications."""
    require(actor, Permission.REQUEST_READ)
    key = (TraceRequest.status.not_in(RUNNING_STATUSES), TraceRequest.due_at, TraceRequest.id)
    query = _filtered(filters).where(TraceRequest.status.in_(WAITING_STATUSES))
    if cursor is not None:
        query = query.where(_after_cursor(key, cursor))
    query = query.order_by(*key).limit(limit + 1).execution_options(populate_existing=True)
    rows = db.session.scalars(query).all()
    return Page(_views(rows[:limit]), _cursor_of(rows[limit - 1]) if len(rows) > limit else None)


def _cursor_of(row: TraceRequest) -> str:
    """Return the cursor of a request in the list of waiting ones."""
    return f"{int(row.status not in RUNNING_STATUSES)}_{row.due_at.isoformat()}_{row.id}"


def _after_cursor(key: tuple[Any, ...], cursor: str) -> ColumnElement[bool]:
    try:
        stands, due_at, last = cursor.split("_")
        place = (stands == "1", datetime.fromisoformat(due_at), UUID(last))
    except ValueError:
        raise Invalid(
            {"cursor": [message("This is not a cursor of this list; begin without one.")]}
        ) from None
    return tuple_(*key) > tuple_(*place)


def _filtered(filters: Mapping[str, Any]) -> Select[TraceRequest]:
    query = select(TraceRequest)
    for name in ("status", "asking_state", "case_number", "priority"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(TraceRequest, name) == value)
    if (before := filters.get("due_before")) is not None:
        query = query.where(TraceRequest.due_at < before, TraceRequest.status.in_(RUNNING_STATUSES))
    if (assignee := filters.get("assignee")) is not None:
        mine = select(Account.id).where(Account.username == assignee)
        query = query.where(TraceRequest.assignee_id.in_(mine))
    return query


def get_request(actor: Actor, request_id: UUID) -> RequestView:
    """Return one request with candidates and messages; raises NotFound."""
    require(actor, Permission.REQUEST_READ)
    return load(request_id)


def current_version(actor: Actor, request_id: UUID) -> int:
    """Return the current version, for If-Match; raises NotFound."""
    return _find_request(request_id).version


def load(request_id: UUID) -> RequestView:
    """Return one request for a command that just changed it."""
    return _views([_find_request(request_id)])[0]


def _find_request(request_id: UUID) -> TraceRequest:
    found = db.session.get(TraceRequest, request_id, populate_existing=True)
    if found is None:
        raise NotFound("request", request_id)
    return found


def load_many(ids: Sequence[UUID]) -> list[RequestView]:
    """Return several requests of the own state; unknown ids are left out."""
    if not ids:
        return []
    wanted = select(TraceRequest).where(TraceRequest.id.in_(ids)).order_by(TraceRequest.id)
    return _views(db.session.scalars(wanted).all())


def _views(found: Sequence[TraceRequest]) -> list[RequestView]:
    said = message_log.messages_by_subject(request.id for request in found)
    named = authentication.usernames_by_id(request.assignee_id for request in found)
    own, theirs = restrictions.own_and_named_by_subject(request.id for request in found)
    return [
        RequestView(
            request,
            said[request.id],
            named.get(request.assignee_id),
            own[request.id],
            theirs[request.id],
        )
        for request in found
    ]
