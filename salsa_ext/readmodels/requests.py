"""What other states' traces ask of the own state, and what was said of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, func, select, tuple_, type_coerce

from salsa_ext.db import ask, db
from salsa_ext.errors import Invalid, NotFound, say
from salsa_ext.matching.requests import RUNNING, SAID, WAITING
from salsa_ext.models import Account, TraceMessage, TraceRequest
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.arrays import among_given
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.values.actor import Actor

_EVENTS: Final = "events"
_HIDDEN: Final = ("SELECT subject_id, agency, is_own FROM hiding WHERE subject_id = ANY(%s::uuid[])"
                  " ORDER BY agency")  # fmt: skip
_SAID: Final = (
    TraceMessage.subject_id, TraceMessage.kind, TraceMessage.sender, TraceMessage.at,
    TraceMessage.envelope_id, Account.username.label("by"),
    type_coerce(TraceMessage.data.op("-")(_EVENTS), TraceMessage.data.type).label("data"),
    func.jsonb_array_length(TraceMessage.data[_EVENTS]).label(_EVENTS),
)  # fmt: skip
"""What was said and by whom of the own state, without hundreds of events that no list shows."""
_MESSAGES: Final = (
    select(*_SAID).outerjoin(Account, Account.id == TraceMessage.by)
    .where(among_given(TraceMessage.subject_id)).order_by(TraceMessage.id)
)  # fmt: skip
_ANSWERS: Final = (
    select(TraceMessage.data)
    .where(TraceMessage.subject_id == bindparam("request"), TraceMessage.kind == "answer")
    .order_by(TraceMessage.id)
)
_USERNAMES: Final = select(Account.id, Account.username).where(among_given(Account.id))


@dataclass(frozen=True)
class MessageView:
    """Something that was said, and by whom where it was somebody of the own state.

    Of the events of an answer `events` counts them, and `data` has none.
    """

    kind: str
    sender: str
    at: datetime
    envelope_id: UUID | None
    data: Mapping[str, Any]
    events: int | None
    by: str | None


@dataclass(frozen=True)
class RequestView:
    """A request with what was said of it; `assignee` is who works on it.

    `hidden_from` are agencies of the own state to which there is no such request; of them
    `own_hidden_from` are those that the own state chose, and `named_hidden_from` those that the asking
    state named: one may be both.
    """

    request: TraceRequest
    messages: Sequence[MessageView]
    assignee: str | None
    own_hidden_from: Sequence[str]
    named_hidden_from: Sequence[str]

    @property
    def hidden_from(self) -> Sequence[str]:
        """Return the agencies from which it is kept, whoever said so."""
        return sorted({*self.own_hidden_from, *self.named_hidden_from})

    @property
    def version(self) -> int:
        """Return the version that actions refer to."""
        return self.request.version

    @property
    def withdrawn_at(self) -> datetime | None:
        """Return when the asking state withdrew it; None of one that stands."""
        return withdrawn_at(self.messages) if self.request.status == "withdrawn" else None

    @property
    def due_at(self) -> datetime | None:
        """Return until when an answer is owed; None while the clock stands, and once it is given."""
        return self.request.due_at if self.request.status in RUNNING else None

    @property
    def is_automatic(self) -> bool:
        """Tell whether it was answered by the service alone."""
        return self.request.is_automatic and self.request.status in SAID


def list_requests(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[RequestView]:
    """Return a page of what is asked of your state, newest first."""
    require(actor, Permission.REQUEST_READ)
    found = page(_wanted(filters), TraceRequest.id, limit, cursor)
    return found.of(_views(found.items))


def list_waiting(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[RequestView]:
    """Return a page of what waits for your state: what is due first, then what waits for a reply."""
    require(actor, Permission.REQUEST_READ)
    key = (TraceRequest.status.not_in(RUNNING), TraceRequest.due_at, TraceRequest.id)
    query = _wanted(filters).where(TraceRequest.status.in_(WAITING))
    if cursor is not None:
        query = query.where(_after(key, cursor))
    query = query.order_by(*key).limit(limit + 1).execution_options(populate_existing=True)
    rows = db.session.scalars(query).all()
    return Page(_views(rows[:limit]), _place(rows[limit - 1]) if len(rows) > limit else None)


def _place(row: TraceRequest) -> str:
    """Return where a request stands in the order of what waits."""
    return f"{int(row.status not in RUNNING)}_{row.due_at.isoformat()}_{row.id}"


def _after(key: tuple[Any, ...], cursor: str) -> ColumnElement[bool]:
    try:
        stands, due_at, last = cursor.split("_")
        place = (stands == "1", datetime.fromisoformat(due_at), UUID(last))
    except ValueError:
        raise Invalid(
            {"cursor": [say("This is not a cursor of this list; begin without one.")]}
        ) from None
    return tuple_(*key) > tuple_(*place)


def _wanted(filters: Mapping[str, Any]) -> Select[TraceRequest]:
    query = select(TraceRequest)
    for name in ("status", "asking_state", "case_number", "priority"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(TraceRequest, name) == value)
    if (before := filters.get("due_before")) is not None:
        query = query.where(TraceRequest.due_at < before, TraceRequest.status.in_(RUNNING))
    if (assignee := filters.get("assignee")) is not None:
        mine = select(Account.id).where(Account.username == assignee)
        query = query.where(TraceRequest.assignee_id.in_(mine))
    return query


def get_request(actor: Actor, request_id: UUID) -> RequestView:
    """Return one request with its candidates and all that was said; raises NotFound."""
    require(actor, Permission.REQUEST_READ)
    return read(request_id)


def version(actor: Actor, request_id: UUID) -> int:
    """Return the version that stands, for If-Match; raises NotFound."""
    return _find(request_id).version


def read(request_id: UUID) -> RequestView:
    """Return one request of the own state, for a command that just changed it."""
    return _views([_find(request_id)])[0]


def _find(request_id: UUID) -> TraceRequest:
    found = db.session.get(TraceRequest, request_id, populate_existing=True)
    if found is None:
        raise NotFound("request", request_id)
    return found


def read_many(ids: Sequence[UUID]) -> list[RequestView]:
    """Return several requests of the own state, for a page that names them; what is none is left out."""
    if not ids:
        return []
    wanted = select(TraceRequest).where(TraceRequest.id.in_(ids)).order_by(TraceRequest.id)
    return _views(db.session.scalars(wanted).all())


def _views(found: Sequence[TraceRequest]) -> list[RequestView]:
    said = messages_of(request.id for request in found)
    named = usernames(request.assignee_id for request in found)
    own, theirs = _kept(request.id for request in found)
    return [
        RequestView(request, said[request.id], named.get(request.assignee_id), own[request.id],
                    theirs[request.id])
        for request in found
    ]  # fmt: skip


def messages_of(ids: Iterable[UUID]) -> dict[UUID, list[MessageView]]:
    """Return what was said of each leg, request or trace, in order; of the own state alone."""
    found = defaultdict[UUID, list[MessageView]](list)
    for row in db.session.execute(_MESSAGES, {"ids": list(ids)}):
        said = row._asdict()
        found[said.pop("subject_id")].append(MessageView(**said))
    return found


@dataclass(frozen=True)
class Handled:
    """How what a request was answered with is to be handled: by its last answer, and record by record."""

    last: str
    by_record: Mapping[str, str]

    def strictest(self, records: Iterable[Any]) -> str:
        """Return what stands of the last answer and of each of these records that was given."""
        return max([self.last, *(self.by_record.get(str(one), self.last) for one in records)])


def handled(request_id: UUID) -> Handled | None:
    """Return how the own state's answers to a request said that they are handled; None before one."""
    answers = db.session.scalars(_ANSWERS, {"request": request_id}).all()
    if not answers:
        return None
    by_record = {event["record"]: event["handling"] for said in answers for event in said[_EVENTS]}
    return Handled(answers[-1]["handling"], by_record)


def withdrawn_at(said: Sequence[MessageView]) -> datetime | None:
    """Return when the asking state said that it withdraws its request."""
    return next((one.at for one in reversed(said) if one.kind == "withdraw"), None)


def hidden_from(ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Return the agencies that must not see each trace or request of the own state."""
    wanted = list(ids)
    own, theirs = _kept(wanted)
    return {one: sorted({*own[one], *theirs[one]}) for one in wanted}


def _kept(ids: Iterable[UUID]) -> tuple[Mapping[UUID, list[str]], Mapping[UUID, list[str]]]:
    """Return the agencies that the own state chose, and those that whoever asks named, by subject."""
    own, theirs = defaultdict[UUID, list[str]](list), defaultdict[UUID, list[str]](list)
    for subject_id, agency, is_own in ask(_HIDDEN, (list(ids),)):
        (own if is_own else theirs)[subject_id].append(agency)
    return own, theirs


def usernames(ids: Iterable[UUID | None]) -> Mapping[UUID | None, str]:
    """Return the user names of accounts of the own state."""
    wanted = {account_id for account_id in ids if account_id is not None}
    if not wanted:
        return {}
    rows = db.session.execute(_USERNAMES, {"ids": [*wanted]})
    return {row.id: row.username for row in rows}
