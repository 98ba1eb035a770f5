"""Changes at border posts, from the log of changes: to each state what its own boards may show."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import AuditEntry
from salsa_ext.alerts.models import Hit
from salsa_ext.boards.crossings import UNDER_WAY_STATUSES
from salsa_ext.boards.events import delete_old_changes
from salsa_ext.boards.models import BoardChange, CallRequest
from salsa_ext.boards.seizures import LOOKBACK, corridors_between, squares_of_corridors
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db
from salsa_ext.documents.models import Seizure
from salsa_ext.jobs.changes import Change
from salsa_ext.jobs.runner import ChangeJob, DueJob, Job
from salsa_ext.reference.models import Post
from salsa_ext.reference.post_sides import grid_squares_near
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.shipments.models import Checkpoint, Shipment

Changes = Sequence[Change]
Codes = Iterable[str]
OPEN_TRACES: Final = ("sent", "in_progress")
COUNTED_ACTIONS: Final = (
    Action.TRACE_REQUESTED,
    Action.TRACE_SENT,
    Action.TRACE_AMENDED,
    Action.TRACE_REOPENED,
    Action.TRACE_HIDDEN,
)
"""What changes the number of open traces, which all boards of a state show."""
RECEIPT_ACTIONS: Final = (Action.RECEIPT_CONFIRMED, Action.RECEIPT_CORRECTED)


class Entry(NamedTuple):
    """A change at a post, before it has a number."""

    post: str
    kind: str
    subject_id: UUID
    agency: str | None = None


@dataclass(frozen=True)
class OwnPosts:
    """The posts of a state, by code."""

    actor: Actor
    posts: Mapping[str, Post]

    def __iter__(self) -> Iterator[str]:
        return iter(self.posts)

    def among(self, codes: Codes) -> Collection[str]:
        """Return the own ones of some posts."""
        return self.posts.keys() & {*codes}

    def between(self, *states: str) -> Collection[str]:
        """Return the posts between the own state and one of others."""
        return [
            code
            for code, post in self.posts.items()
            if {post.state_a, post.state_b} & {*states} - {self.actor.state}
        ]

    @cached_property
    def squares(self) -> Mapping[str, frozenset[int]]:
        """Return the grid squares near each post and along the routes through it."""
        since, every = self.actor.now() - LOOKBACK, {}
        passed = select(Checkpoint.shipment_id).where(
            Checkpoint.post.in_(self.posts), Checkpoint.occurred_at >= since
        )
        is_recent = or_(Shipment.id.in_(passed), Shipment.status.in_(UNDER_WAY_STATUSES))
        routes = db.session.scalars(select(Shipment.route).where(is_recent).distinct()).all()
        known = {post.code: post for post in db.session.scalars(select(Post))}
        for code, post in self.posts.items():
            corridors = corridors_between(post, [route for route in routes if code in route], known)
            every[code] = frozenset([*grid_squares_near(post), *squares_of_corridors(corridors)])
        return every


def record_changes(actor: Actor, changes: Changes) -> None:
    """Number what changed at the posts of the actor's state, an object of a batch once."""
    own = or_(Post.state_a == actor.state, Post.state_b == actor.state)
    rows = db.session.scalars(select(Post).where(own))
    posts, entries = OwnPosts(actor, {post.code: post for post in rows}), dict[Entry, datetime]()
    for kind, run in groupby(changes if posts.posts else (), lambda change: change.kind):
        of_kind = [*run]
        entries |= dict.fromkeys(FINDERS[kind](posts, of_kind), of_kind[-1].at)
    if not entries:
        return
    newest = (
        select(BoardChange.post, func.max(BoardChange.number))
        .where(BoardChange.state == actor.state, BoardChange.post.in_({e.post for e in entries}))
        .group_by(BoardChange.post)
    )
    numbers, numbered = Counter[str](dict(db.session.execute(newest).all())), []
    for entry, at in entries.items():
        numbers[entry.post] += 1
        number = {"state": actor.state, "number": numbers[entry.post], "at": at}
        numbered.append(number | entry._asdict())
    insert_many(BoardChange, numbered)


def _of_shipments(own: OwnPosts, changes: Changes) -> Iterator[Entry]:
    """Yield shipments, with their checkpoints and receipts, where they go and where they went."""
    posts = _posts_of_shipments({change.object_id for change in changes})
    amended = {each.object_id for each in changes if each.action is Action.SHIPMENT_AMENDED}
    former = select(TradeEvent.subject_id, TradeEvent.data).where(
        TradeEvent.subject_id.in_(amended), TradeEvent.kind == "amended"
    )
    for shipment_id, data in db.session.execute(former) if amended else ():
        posts[shipment_id] |= {*data["before"].get("posts", ())}
    ticks = _audit_values(changes, ("checkpoint",))
    query = select(Checkpoint.id, Checkpoint.post).where(Checkpoint.id.in_(ticks.values()))
    tick_posts = dict(db.session.execute(query).all()) if ticks else {}
    for change in changes:
        codes = own.among(posts[change.object_id])
        if change.cause in ticks:
            checkpoint = UUID(ticks[change.cause])
            at_post = own.among([*codes, tick_posts.get(checkpoint) or ""])
            yield from (Entry(code, "checkpoint", checkpoint) for code in at_post)
        kind = "receipt" if change.action in RECEIPT_ACTIONS else "shipment"
        yield from (Entry(code, kind, change.object_id) for code in codes)


def _posts_of_shipments(ids: Collection[UUID]) -> defaultdict[UUID, set[str]]:
    query = select(Shipment.id, Shipment.posts).where(Shipment.id.in_(ids))
    posts = {shipment_id: {*codes} for shipment_id, codes in db.session.execute(query)}
    return defaultdict(set, posts)


def _of_discrepancies(own: OwnPosts, changes: Changes) -> Iterator[Entry]:
    query = select(Discrepancy.id, Discrepancy.subject_id).where(
        Discrepancy.id.in_({change.object_id for change in changes})
    )
    shipments = dict(db.session.execute(query).all())
    posts = _posts_of_shipments(shipments.values())
    for discrepancy, shipment in shipments.items():
        codes = own.among(posts[shipment])
        yield from (Entry(code, "discrepancy", discrepancy) for code in codes)


def _of_permits(own: OwnPosts, changes: Changes) -> Iterator[Entry]:
    query = select(Permit.id, Permit.exporting_state, Permit.importing_state).where(
        Permit.id.in_({change.object_id for change in changes})
    )
    for permit, *states in db.session.execute(query):
        if own.actor.state in states:
            yield from (Entry(code, "permit", permit) for code in own.between(*states))


def _of_hits(own: OwnPosts, changes: Changes) -> Iterator[Entry]:
    """Yield hits between two sides; those found by an agency to it alone, at all posts."""
    state = own.actor.own_state()
    query = select(Hit).where(
        Hit.owner_state == state, Hit.id.in_({change.object_id for change in changes})
    )
    for hit in db.session.scalars(query):
        others = {hit.alert_state, hit.finding_state} - {state}
        between = own.between(*others) if others else [*own]
        yield from (Entry(code, "hit", hit.id) for code in between)
        if hit.agency and hit.finding_state == state:
            rest = (code for code in own if code not in between)
            yield from (Entry(code, "hit", hit.id, hit.agency) for code in rest)


def _of_traces(own: OwnPosts, changes: Changes) -> Iterator[Entry]:
    """Yield sent traces: at posts to the states asked, and all where they begin or end."""
    ids, is_own = {change.object_id for change in changes}, Trace.owner_state == own.actor.state
    sent = select(Trace.id, Trace.status).where(
        is_own, Trace.id.in_(ids), Trace.sent_at.is_not(None)
    )
    statuses = dict(db.session.execute(sent).all())
    legs = select(TraceLeg.trace_id, TraceLeg.state).where(
        TraceLeg.owner_state == own.actor.state, TraceLeg.trace_id.in_(statuses)
    )
    states = group_by(db.session.execute(legs), lambda leg: leg.trace_id)
    for change in changes:
        if (status := statuses.get(change.object_id)) is None:
            continue
        is_counted = change.action in COUNTED_ACTIONS or status not in OPEN_TRACES
        codes = (
            [*own] if is_counted else own.between(*(leg.state for leg in states[change.object_id]))
        )
        yield from (Entry(code, "trace", change.object_id) for code in codes)


def _of_requests(own: OwnPosts, changes: Changes) -> Iterator[Entry]:
    query = select(TraceRequest.id, TraceRequest.asking_state).where(
        TraceRequest.owner_state == own.actor.state,
        TraceRequest.id.in_({change.object_id for change in changes}),
    )
    for request, asking_state in db.session.execute(query):
        yield from (Entry(code, "request", request) for code in own.between(asking_state))


def _of_seizures(own: OwnPosts, changes: Changes) -> Iterator[Entry]:
    """Yield seizures where they were made, and where they were before a correction."""
    times = Counter(change.object_id for change in changes)
    query = select(
        Seizure.id, Seizure.square, Seizure.post, Seizure.details["joint_with"].is_not(None)
    ).where(Seizure.id.in_(times))
    rows = db.session.execute(query.order_by(Seizure.version.desc()))
    for seizure, versions in group_by(rows, lambda row: row.id).items():
        for _, square, post, is_joint in versions[: times[seizure] + 1]:
            near = [code for code in own if square is not None and square in own.squares[code]]
            codes = [*own] if is_joint else own.among([*near, post or ""])
            yield from (Entry(code, "seizure", seizure) for code in codes)


def _of_calls(own: OwnPosts, changes: Changes) -> Iterator[Entry]:
    calls = _audit_values(changes, ("call",)).values()
    query = select(CallRequest.id, CallRequest.post).where(CallRequest.id.in_(calls))
    for call, post in db.session.execute(query):
        yield from (Entry(code, "call", call) for code in own.among([post]))


def _of_envelopes(own: OwnPosts, changes: Changes) -> Iterator[Entry]:
    """Yield the traces and requests that letters of other states changed."""
    about = {UUID(subject) for subject in _audit_values(changes, ("about", "0")).values()}
    legs = select(TraceLeg.trace_id, TraceLeg.state).where(
        TraceLeg.owner_state == own.actor.state,
        or_(TraceLeg.id.in_(about), TraceLeg.trace_id.in_(about)),
    )
    requests = select(TraceRequest.id, TraceRequest.asking_state).where(
        TraceRequest.owner_state == own.actor.state,
        or_(TraceRequest.leg_id.in_(about), TraceRequest.trace_id.in_(about)),
    )
    for kind, query in (("trace", legs), ("request", requests)):
        for subject, other in db.session.execute(query):
            yield from (Entry(code, kind, subject) for code in own.between(other))


def _audit_values(changes: Changes, path: tuple[str, ...]) -> dict[UUID, str]:
    """Return what the audit entries of changes have at a path, by entry."""
    value = AuditEntry.data[path].astext
    query = select(AuditEntry.id, value).where(
        and_(AuditEntry.id.in_({change.cause for change in changes}), value.is_not(None))
    )
    return dict(db.session.execute(query).all())


FINDERS: Final[Mapping[str, Callable[[OwnPosts, Changes], Iterable[Entry]]]] = {
    "shipment": _of_shipments,
    "discrepancy": _of_discrepancies,
    "permit": _of_permits,
    "hit": _of_hits,
    "trace": _of_traces,
    "request": _of_requests,
    "seizure": _of_seizures,
    "post": _of_calls,
    "envelope": _of_envelopes,
}
JOBS: Final[tuple[Job, ...]] = (
    ChangeJob("boards", tuple(FINDERS), record_changes, batch=500),
    DueJob("old_board_changes", timedelta(hours=1), delete_old_changes, repeats=False),
)
