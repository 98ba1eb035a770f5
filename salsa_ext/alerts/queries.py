"""Read alerts of the own state and hits on alerts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, or_, select

from salsa_ext.access.authentication import usernames_by_id
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts.models import Alert, Hit
from salsa_ext.alerts.values import SILENT_ACTION
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.database.paging import Listing, Page
from salsa_ext.database.session import db
from salsa_ext.disclosure.sharing import Sharing
from salsa_ext.firearms.records.queries import RecordView, find_records
from salsa_ext.jobs.changes import find_waiting
from salsa_ext.reference.agencies import ContactOffice, find_contacts

ALERT_FILTERS: Final = ("status", "action", "reason", "case_number", "second_check")
HIT_FILTERS: Final = ("status", "action", "strength", "alert_id", "alert_state")
VOID_CAUSES: Final = ("corrected_away", "withdrawn")
"""Cause statuses of records that are no ground of a hit."""


@dataclass(frozen=True)
class AlertView:
    """An alert with its gun and the user names of its editors.

    `is_compared` once the job has searched the existing records for the gun.
    `is_source_withdrawn` if the record that the alert was entered from was withdrawn.
    """

    alert: Alert
    gun: RecordView
    entered_by: str | None
    verified_by: str | None
    is_compared: bool
    is_source_withdrawn: bool

    @property
    def version(self) -> int:
        """Return the version for If-Match."""
        return self.alert.version


@dataclass(frozen=True)
class AlertStatus:
    """Status of an alert that is visible to the own state."""

    status: str
    ended_at: datetime | None
    record_id: UUID | None


ALERTS: Final = Listing(Alert, "entered_at", ("entered_at", "expires_on", "case_number"))


def list_alerts(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[AlertView]:
    """Return a page of the own state's alerts, newest first."""
    require(actor, Permission.ALERT_READ)
    given = {name: filters[name] for name in ALERT_FILTERS if filters.get(name) is not None}
    query = select(Alert).filter_by(owner_state=actor.state, **given)
    page = ALERTS.fetch(query, filters, limit, cursor)
    return page.with_items(_alert_views(page.items))


def get_alert(actor: Actor, alert_id: UUID) -> AlertView:
    """Return one alert of the own state; raises NotFound."""
    require(actor, Permission.ALERT_READ)
    return load_alert(actor, alert_id)


def load_alert(actor: Actor, alert_id: UUID) -> AlertView:
    """Return one own alert for the command that changed it; raises NotFound."""
    return _alert_views([_own_alert(actor, alert_id)])[0]


def alert_version(actor: Actor, alert_id: UUID) -> int:
    """Return the current version for If-Match; raises NotFound."""
    return _own_alert(actor, alert_id).version


def _own_alert(actor: Actor, alert_id: UUID) -> Alert:
    alert = db.session.get(Alert, alert_id, populate_existing=True)
    if alert is None or alert.owner_state != actor.state:
        raise NotFound("alert", alert_id)
    return alert


def alerts_of_records(actor: Actor, records: Collection[UUID]) -> list[AlertView]:
    """Return own alerts entered from records, newest first, without silent ones."""
    if Permission.ALERT_READ not in actor.permissions:
        return []
    own = (Alert.owner_state == actor.state, Alert.source_record_id.in_(records))
    query = select(Alert).where(*own, Alert.action != SILENT_ACTION).order_by(Alert.id.desc())
    return _alert_views(db.session.scalars(query).all())


def _alert_views(alerts: Sequence[Alert]) -> list[AlertView]:
    guns = {view.record.id: view for view in find_records([row.record_id for row in alerts])}
    names = usernames_by_id(key for row in alerts for key in (row.entered_by, row.verified_by))
    withdrawn = withdrawn_sources({row.source_record_id for row in alerts})
    active = [row.id for row in alerts if row.status == "active"]
    waiting = find_waiting("match_crime", "alert", active)
    return [
        AlertView(
            row,
            guns[row.record_id],
            names.get(row.entered_by),
            names.get(row.verified_by),
            row.id not in waiting,
            row.source_record_id in withdrawn,
        )
        for row in alerts
    ]


def withdrawn_sources(sources: Iterable[UUID | None]) -> set[UUID]:
    """Return the ids of withdrawn records among alerts' source records."""
    views = find_records([record_id for record_id in sources if record_id], with_marks=False)
    return {view.record.id for view in views if view.is_withdrawn}


@dataclass(frozen=True)
class HitGun:
    """One gun of a hit, as disclosed to the reader.

    A gun found in a check has no record, but the `query`. `place` is None if it is not disclosed or
    not recorded. `present_groups` are the field groups that the record has values for.
    `is_corrected` if the current version differs from the one that matched the alert.
    """

    view: RecordView | None
    sharing: Sharing
    present_groups: Sequence[str]
    place: Mapping[str, Any] | None = None
    query: Mapping[str, Any] | None = None
    is_withdrawn: bool = False
    is_corrected: bool = False


@dataclass(frozen=True)
class CauseChange:
    """What happened to the record of a hit since, and when. `status` is one of `codes.CAUSE_STATUSES`."""

    status: str
    changed_at: datetime | None


@dataclass(frozen=True)
class HitView:
    """A hit with the other state's contact and the alert.

    `contact` is None if the finding state must not know of the hit: a call would reveal it.
    `answered_by` is a user name of the own state. `alert` is set for its own state only. A hit on
    an ended alert (`alert_status`) is no ground to act, even if confirmed. `alert_gun` and
    `found_gun` are set only when one hit is read.
    """

    hit: Hit
    contact: ContactOffice | None
    answered_by: str | None
    alert: AlertView | None = None
    alert_status: AlertStatus | None = None
    alert_gun: HitGun | None = None
    found_gun: HitGun | None = None

    @property
    def alert_record(self) -> UUID | None:
        """Return the record of an active alert. The finding state reads it with a purpose and a case."""
        return self.alert_status.record_id if self.alert_status else None

    @property
    def ended(self) -> AlertStatus | None:
        """Return the status of an ended alert; None for denied hits."""
        status = self.alert_status
        is_ended = status is not None and status.status != "active"
        return status if is_ended and self.hit.status != "denied" else None

    @property
    def cause_changed(self) -> CauseChange | None:
        """Return the change of the hit's record; None if unchanged."""
        hit = self.hit
        is_unchanged = hit.cause_status == "standing"
        return None if is_unchanged else CauseChange(hit.cause_status, hit.cause_changed_at)

    @property
    def is_void(self) -> bool:
        """Return whether the alert ended or the record became void."""
        return self.ended is not None or self.hit.cause_status in VOID_CAUSES

    @property
    def is_shown_to_finder(self) -> bool:
        """Return whether the finding state may see the hit and its answer."""
        return _is_shown_to_finder(self.hit, self.alert)

    @property
    def version(self) -> int:
        """Return the version for If-Match."""
        return self.hit.version


def _is_shown_to_finder(hit: Hit, own_alert: AlertView | None) -> bool:
    visible = own_alert is None or hit.finding_state in {
        hit.alert_state,
        *own_alert.alert.concerned,
    }
    return visible and not hit.is_silent


HITS: Final = Listing(Hit, "found_at", ("found_at", "due_at"))


def list_hits(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[HitView]:
    """Return a page of the own state's hits, newest first."""
    require(actor, Permission.HIT_READ)
    given = {name: filters[name] for name in HIT_FILTERS if filters.get(name) is not None}
    query = _visible_hits(actor).filter_by(**given)
    if (state := filters.get("asking_state")) is not None:
        query = query.where(Hit.finding_state == state)
    if (before := filters.get("due_before")) is not None:
        query = query.where(Hit.due_at < before)
    page = HITS.fetch(query, filters, limit, cursor)
    return page.with_items(_hit_views(actor, page.items))


def get_hit(actor: Actor, hit_id: UUID) -> HitView:
    """Return one hit visible to the reader; raises NotFound."""
    require(actor, Permission.HIT_READ)
    hit = db.session.scalars(_visible_hits(actor).where(Hit.id == hit_id)).first()
    if hit is None:
        raise NotFound("hit", hit_id)
    return _hit_views(actor, [hit])[0]


def load_hit(actor: Actor, hit_id: UUID) -> HitView:
    """Return one own hit for the command that answered it; raises NotFound."""
    return _hit_views(actor, [_own_hit(actor, hit_id)])[0]


def hit_version(actor: Actor, hit_id: UUID) -> int:
    """Return the current version for If-Match; raises NotFound."""
    return _own_hit(actor, hit_id).version


def _own_hit(actor: Actor, hit_id: UUID) -> Hit:
    hit = db.session.get(Hit, (hit_id, actor.own_state()), populate_existing=True)
    if hit is None:
        raise NotFound("hit", hit_id)
    return hit


def hits_of_records(actor: Actor, records: Collection[UUID]) -> dict[UUID, list[HitView]]:
    """Return the hits of records by record, newest first; none on silent alerts."""
    if Permission.HIT_READ not in actor.permissions:
        return {}
    query = _visible_hits(actor).where(Hit.cause_id.in_(records), ~Hit.is_silent)
    by_record: dict[UUID, list[HitView]] = {}
    rows = db.session.scalars(query.order_by(Hit.id.desc())).all()
    for view in _hit_views(actor, rows):
        if view.hit.cause_id:
            by_record.setdefault(view.hit.cause_id, []).append(view)
    return by_record


def hits_at_post(actor: Actor, states: Sequence[str], since: datetime, limit: int) -> list[HitView]:
    """Return unanswered and recent hits for a post's board, newest first.

    Hits found by the reader's agency, and hits between the two `states`. Empty without HIT_READ.
    """
    if Permission.HIT_READ not in actor.permissions:
        return []
    is_current = or_(Hit.status.in_(("open", "extended")), Hit.created_at >= since)
    query = _board_hits(actor, states).where(is_current).order_by(Hit.created_at.desc(), Hit.id)
    return _hit_views(actor, db.session.scalars(query.limit(limit)).all())


def board_hits(actor: Actor, states: Sequence[str], ids: Collection[UUID]) -> Sequence[Hit]:
    """Return those hits of `ids` that a post's board may show. Empty without HIT_READ."""
    if Permission.HIT_READ not in actor.permissions:
        return []
    return db.session.scalars(_board_hits(actor, states).where(Hit.id.in_(ids))).all()


def _board_hits(actor: Actor, states: Sequence[str]) -> Select[Any]:
    between_both = and_(Hit.alert_state.in_(states), Hit.finding_state.in_(states))
    found_here = and_(Hit.agency == actor.agency, Hit.finding_state == actor.state)
    return _visible_hits(actor).where(or_(between_both, found_here))


def _visible_hits(actor: Actor) -> Select[Any]:
    """Select the hits visible to the actor's role."""
    query = select(Hit).where(Hit.owner_state == actor.state)
    if Permission.ALERT_READ in actor.permissions:
        return query
    found_here = (Hit.agency == actor.agency, Hit.finding_state == actor.state)
    return query.where(*found_here, ~Hit.is_silent)


def _hit_views(actor: Actor, hits: Sequence[Hit]) -> list[HitView]:
    if not hits:
        return []
    names = usernames_by_id(hit.answered_by for hit in hits)
    alert_ids = {hit.alert_id for hit in hits}
    own_alerts: dict[UUID, AlertView] = {}
    if Permission.ALERT_READ in actor.permissions:
        own = select(Alert).where(Alert.owner_state == actor.state, Alert.id.in_(alert_ids))
        own_alerts = {view.alert.id: view for view in _alert_views(db.session.scalars(own).all())}
    columns = (Alert.id, Alert.record_id, Alert.status, Alert.ended_at)
    visible = db.session.execute(select(*columns).where(Alert.id.in_(alert_ids)))
    statuses = {
        key: AlertStatus(status, ended_at, record_id if status == "active" else None)
        for key, record_id, status, ended_at in visible
    }
    others = [
        hit.finding_state if hit.alert_state == actor.state else hit.alert_state for hit in hits
    ]
    contacts = find_contacts(sorted({*others}))
    return [
        HitView(
            hit,
            contacts.get(other) if _is_shown_to_finder(hit, own_alerts.get(hit.alert_id)) else None,
            names.get(hit.answered_by),
            own_alerts.get(hit.alert_id),
            statuses.get(hit.alert_id),
        )
        for hit, other in zip(hits, others, strict=True)
    ]
