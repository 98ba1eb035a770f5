"""The change feed: what changed of a state's objects, in the order of commits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts.models import Alert, Hit
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.session import db
from salsa_ext.disclosure.models import Consent
from salsa_ext.documents.models import Report, Seizure, Transfer
from salsa_ext.jobs.changes import Change, read_changes
from salsa_ext.matches.models import Match
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.traces.models import Trace
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.permits.models import Licensee, Permit
from salsa_ext.trade.shipments.models import Shipment

FEED_KINDS: Final[Mapping[str, tuple[type[Any], Permission]]] = {
    "alert": (Alert, Permission.ALERT_READ),
    "consent": (Consent, Permission.CONSENT_READ),
    "discrepancy": (Discrepancy, Permission.DISCREPANCY_READ),
    "hit": (Hit, Permission.HIT_READ),
    "licensee": (Licensee, Permission.LICENSEE_READ),
    "match": (Match, Permission.MATCH_READ),
    "permit": (Permit, Permission.PERMIT_READ),
    "report": (Report, Permission.REPORT_READ),
    "request": (TraceRequest, Permission.REQUEST_READ),
    "seizure": (Seizure, Permission.SEIZURE_READ),
    "shipment": (Shipment, Permission.SHIPMENT_READ),
    "trace": (Trace, Permission.TRACE_READ),
    "transfer": (Transfer, Permission.TRANSFER_READ),
}
"""Kinds of objects in the feed: their table, and the permission by which they are read."""
SHARED: Final = ("discrepancy", "permit", "shipment")
"""Kinds of which those of other states are read as well, where they concern the own state."""


@dataclass(frozen=True)
class ChangedObject:
    """A change with the newest version of its object; nothing of its content."""

    kind: str
    id: UUID
    version: int
    action: Action
    at: datetime
    number: int


@dataclass(frozen=True)
class FeedPage:
    """Changes after a position; `end` is the last position that was looked at."""

    items: Sequence[ChangedObject]
    end: int
    more: bool


def readable_kinds(actor: Actor, kind: str | None = None) -> list[str]:
    """Return the kinds that the actor may read, or of these `kind` alone."""
    may = [each for each, (_, needed) in FEED_KINDS.items() if needed in actor.permissions]
    return [each for each in may if kind in (None, each)]


def read_feed(actor: Actor, after: int, limit: int, kind: str | None = None) -> FeedPage:
    """Return the next changes of objects that the actor may see, in the order of their commits."""
    require(actor, Permission.CHANGE_READ)
    return read_page(actor, readable_kinds(actor, kind), after, limit)


def read_page(actor: Actor, kinds: Sequence[str], after: int, limit: int) -> FeedPage:
    """Return the next changes of these kinds, as far as the acting agency may see the objects."""
    changes = read_changes(actor.own_state(), kinds, after, limit + 1) if kinds else []
    looked_at = changes[:limit]
    end = looked_at[-1].number if looked_at else after
    return FeedPage(visible_changes(actor, looked_at), end, len(changes) > limit)


def has_changes(actor: Actor, after: int) -> bool:
    """Return whether the log has a change after a position that the actor may see."""
    require(actor, Permission.CHANGE_READ)
    page = read_page(actor, readable_kinds(actor), after, 200)
    return bool(page.items) or page.more


def visible_changes(actor: Actor, changes: Sequence[Change]) -> list[ChangedObject]:
    """Return the changes whose objects the acting agency may see, with their newest versions."""
    versions: dict[tuple[str, UUID], int] = {}
    for kind, of_kind in group_by(changes, lambda change: change.kind).items():
        rows = _versions(actor, kind, {change.object_id for change in of_kind})
        versions |= {(kind, object_id): version for object_id, version in rows}
    return [
        ChangedObject(
            change.kind,
            change.object_id,
            versions[change.kind, change.object_id],
            change.action,
            change.at,
            change.number,
        )
        for change in changes
        if (change.kind, change.object_id) in versions
    ]


def _versions(actor: Actor, kind: str, ids: Collection[UUID]) -> Sequence[Any]:
    """Return ids and newest versions of the objects that row-level security shows."""
    model = FEED_KINDS[kind][0]
    query = select(model.id, func.max(model.version)).where(is_any_of(model.id, ids))
    if kind not in SHARED:
        query = query.where(model.owner_state == actor.own_state())
    return db.session.execute(query.group_by(model.id)).all()
