"""Read alerts of the own state and hits on alerts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select

from salsa_ext.access.models import Account
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts.models import Alert, Hit
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db
from salsa_ext.disclosure.sharing import Sharing
from salsa_ext.firearms.records.queries import RecordView, find_records
from salsa_ext.reference.agencies import ContactOffice, find_contacts

ALERT_FILTERS = ("status", "action", "reason", "case_number", "second_check")


@dataclass(frozen=True)
class AlertView:
    """An alert with its gun and the user names of its editors.

    `entered_by` and `verified_by` are user names. `is_compared` once the worker has searched the
    existing records for the gun. `is_groundless` if the record that the alert was entered from was
    withdrawn.
    """

    alert: Alert
    gun: RecordView
    entered_by: str | None
    verified_by: str | None
    is_compared: bool = True
    is_groundless: bool = False

    @property
    def version(self) -> int:
        """Return the version for If-Match."""
        return self.alert.version


@dataclass(frozen=True)
class AlertStatus:
    """Status of an alert that is visible to the own state.

    `record` is the alert's record while it is active, `ended_at` the time of its end.
    """

    status: str
    ended_at: datetime | None
    record: UUID | None


def list_alerts(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[AlertView]:
    """Return a page of the own state's alerts, newest first."""
    require(actor, Permission.ALERT_READ)
    query = select(Alert).where(Alert.owner_state == actor.state)
    for name in ALERT_FILTERS:
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Alert, name) == value)
    found = fetch_page(query, Alert.id, limit, cursor)
    return found.of(_alert_views(found.items))


def get_alert(actor: Actor, alert_id: UUID) -> AlertView:
    """Return one alert of the own state; requires ALERT_READ.

    Raises NotFound.
    """
    require(actor, Permission.ALERT_READ)
    return load_alert(actor, alert_id)


def load_alert(actor: Actor, alert_id: UUID) -> AlertView:
    """Return one own alert for the command that changed it.

    Needs no permission to read. Raises NotFound.
    """
    return _alert_views([_own_alert(actor, alert_id)])[0]


def find_own_alerts(actor: Actor, ids: Collection[UUID]) -> dict[UUID, AlertView]:
    """Return the own state's alerts among `ids`, by id.

    Empty without ALERT_READ.
    """
    if Permission.ALERT_READ not in actor.permissions:
        return {}
    own = select(Alert).where(Alert.owner_state == actor.state, Alert.id.in_(ids))
    return {view.alert.id: view for view in _alert_views(db.session.scalars(own).all())}


def alerts_of_records(actor: Actor, records: Collection[UUID]) -> list[AlertView]:
    """Return own alerts that were entered from records, newest first.

    Leaves out silent alerts. Empty without ALERT_READ.
    """
    if Permission.ALERT_READ not in actor.permissions:
        return []
    own = (Alert.owner_state == actor.state, Alert.of_record.in_(records))
    query = select(Alert).where(*own, Alert.action != "let_pass_and_inform")
    return _alert_views(db.session.scalars(query.order_by(Alert.id.desc())).all())


def alert_statuses(ids: Collection[UUID]) -> dict[UUID, AlertStatus]:
    """Return the statuses of visible alerts, by id."""
    shown = select(Alert.id, Alert.record_id, Alert.status, Alert.ended_at)
    found = db.session.execute(shown.where(Alert.id.in_(ids)))
    return {
        key: AlertStatus(status, ended_at, record if status == "active" else None)
        for key, record, status, ended_at in found
    }


def alert_version(actor: Actor, alert_id: UUID) -> int:
    """Return the current version for If-Match; raises NotFound."""
    return _own_alert(actor, alert_id).version


def _own_alert(actor: Actor, alert_id: UUID) -> Alert:
    found = db.session.get(Alert, alert_id, populate_existing=True)
    if found is None or found.owner_state != actor.state:
        raise NotFound("alert", alert_id)
    return found


def _alert_views(alerts: Sequence[Alert]) -> list[AlertView]:
    guns = {view.record.id: view for view in find_records([row.record_id for row in alerts])}
    persons = {key for row in alerts for key in (row.entered_by, row.verified_by) if key}
    named = select(Account.id, Account.username).where(Account.id.in_(persons))
    names: dict[Any, str] = dict(db.session.execute(named).all()) if persons else {}
    waiting, groundless = (
        _records_in_queue(alerts),
        withdrawn_sources({row.of_record for row in alerts}),
    )
    return [
        AlertView(
            row,
            guns[row.record_id],
            names.get(row.entered_by),
            names.get(row.verified_by),
            row.record_id not in waiting,
            row.of_record in groundless,
        )
        for row in alerts
    ]


def withdrawn_sources(sources: Iterable[UUID | None]) -> set[UUID]:
    """Return the ids of withdrawn records among alerts' source records."""
    told = find_records([key for key in sources if key], with_marks=False)
    return {view.record.id for view in told if view.is_withdrawn}


def _records_in_queue(alerts: Sequence[Alert]) -> set[UUID]:
    """Return the records of active alerts that wait to be compared."""
    active = [row.record_id for row in alerts if row.status == "active"]
    if not active:
        return set()
    waits = func.salsa_records_awaiting_match(active).table_valued("record")
    return {*db.session.scalars(select(waits.c.record))}


VOID_CAUSES: Final = ("corrected_away", "withdrawn")
"""What became of a record that is no ground of a hit any more."""
HIT_FILTERS = ("status", "action", "strength", "alert_id", "alert_state", "asking_state")


@dataclass(frozen=True)
class HitGun:
    """One gun of a hit, as disclosed to the reader.

    A gun found in a check has no record, but the query in `asked`. `place` is None if it is not
    disclosed or not recorded. `held` are the field groups that the record has values for.
    `is_corrected` if the current version differs from the one that matched the alert.
    """

    view: RecordView | None
    sharing: Sharing
    held: Sequence[str]
    place: Mapping[str, Any] | None = None
    asked: Mapping[str, Any] | None = None
    is_withdrawn: bool = False
    is_corrected: bool = False


@dataclass(frozen=True)
class CauseChange:
    """What happened to the record of a hit since, and when.

    `status` is one of `codes.CAUSE_STATUSES`.
    """

    status: str
    changed_at: datetime | None


@dataclass(frozen=True)
class HitView:
    """A hit with the other state's contact and the alert.

    `contact` is None if the finding state must not know of the hit: a call would reveal it.
    `answered_by` is a user name of the own state. `alert` is set for its own state only. `standing`
    is the alert's status: a hit on an ended alert is no ground to act, even if confirmed. `sought`
    and `met` are the two guns to compare, set only when one hit is read.
    """

    hit: Hit
    contact: ContactOffice | None
    answered_by: str | None
    alert: AlertView | None = None
    standing: AlertStatus | None = None
    sought: HitGun | None = None
    met: HitGun | None = None

    @property
    def alert_record(self) -> UUID | None:
        """Return the record of an active alert.

        The finding state reads it with a purpose and a case.
        """
        return self.standing.record if self.standing else None

    @property
    def ended(self) -> AlertStatus | None:
        """Return the status of an ended alert; None for denied hits."""
        standing = self.standing
        is_gone = standing is not None and standing.status != "active"
        return standing if is_gone and self.hit.status != "denied" else None

    @property
    def cause_changed(self) -> CauseChange | None:
        """Return the change of the hit's record; None if unchanged."""
        hit = self.hit
        if hit.cause_status == "standing":
            return None
        return CauseChange(hit.cause_status, hit.cause_changed_at)

    @property
    def is_void(self) -> bool:
        """Return whether the alert ended or the record became void.

        A void hit is no ground to act, whatever its answer.
        """
        return self.ended is not None or self.hit.cause_status in VOID_CAUSES

    @property
    def is_told(self) -> bool:
        """Return whether the finding state may see the hit and its answer."""
        hit, alert = self.hit, self.alert.alert if self.alert else None
        if hit.action == "let_pass_and_inform":
            return False
        return alert is None or hit.asking_state in {hit.alert_state, *alert.concerned}

    @property
    def version(self) -> int:
        """Return the version for If-Match."""
        return self.hit.version


def list_hits(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[HitView]:
    """Return a page of the own state's hits, newest first.

    Hits on its alerts, and hits that it found on alerts of other states.
    """
    require(actor, Permission.HIT_READ)
    query = _visible_hits(actor)
    for name in HIT_FILTERS:
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Hit, name) == value)
    if (before := filters.get("due_before")) is not None:
        query = query.where(Hit.due_at < before)
    found = fetch_page(query, Hit.id, limit, cursor)
    return found.of(_hit_views(actor, found.items))


def get_hit(actor: Actor, hit_id: UUID) -> HitView:
    """Return one hit visible to the reader; raises NotFound."""
    require(actor, Permission.HIT_READ)
    found = db.session.scalars(_visible_hits(actor).where(Hit.id == hit_id)).first()
    if found is None:
        raise NotFound("hit", hit_id)
    return _hit_views(actor, [found])[0]


def hits_of_records(actor: Actor, records: Collection[UUID]) -> dict[UUID, list[HitView]]:
    """Return the hits of records, by record, newest first.

    Leaves out hits on silent alerts. Empty without HIT_READ.
    """
    if Permission.HIT_READ not in actor.permissions:
        return {}
    query = _visible_hits(actor).where(
        Hit.cause_id.in_(records), Hit.action != "let_pass_and_inform"
    )
    views = _hit_views(actor, db.session.scalars(query.order_by(Hit.id.desc())).all())
    return {
        record: [view for view in views if view.hit.cause_id == record]
        for record in {view.hit.cause_id for view in views}
        if record
    }


def hits_at_post(actor: Actor, states: Sequence[str], since: datetime, limit: int) -> list[HitView]:
    """Return unanswered and recent hits for a post's board, newest first.

    Hits found by the reader's agency, and hits between the two `states`. Empty without HIT_READ.
    """
    if Permission.HIT_READ not in actor.permissions:
        return []
    query = _board_query(actor, states).where(
        or_(Hit.status.in_(("open", "extended")), Hit.made_at >= since)
    )
    rows = db.session.scalars(query.order_by(Hit.made_at.desc(), Hit.id).limit(limit)).all()
    return _hit_views(actor, rows)


def board_hits(actor: Actor, states: Sequence[str], ids: Collection[UUID]) -> Sequence[Hit]:
    """Return those hits of `ids` that a post's board may show.

    Empty without HIT_READ.
    """
    if Permission.HIT_READ not in actor.permissions:
        return []
    return db.session.scalars(_board_query(actor, states).where(Hit.id.in_(ids))).all()


def _board_query(actor: Actor, states: Sequence[str]) -> Select[Any]:
    of_both = and_(Hit.alert_state.in_(states), Hit.asking_state.in_(states))
    met_here = and_(Hit.agency == actor.agency, Hit.asking_state == actor.state)
    return _visible_hits(actor).where(or_(of_both, met_here))


def load_hit(actor: Actor, hit_id: UUID) -> HitView:
    """Return one own hit for the command that answered it.

    Raises NotFound.
    """
    return _hit_views(actor, [_own_hit(actor, hit_id)])[0]


def hit_version(actor: Actor, hit_id: UUID) -> int:
    """Return the current version for If-Match; raises NotFound."""
    return _own_hit(actor, hit_id).version


def _own_hit(actor: Actor, hit_id: UUID) -> Hit:
    own = select(Hit).where(Hit.id == hit_id, Hit.owner_state == actor.state)
    found = db.session.scalars(own.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound("hit", hit_id)
    return found


def _visible_hits(actor: Actor) -> Select[Any]:
    """Select the hits visible to the actor's role.

    Without ALERT_READ (border officers): hits found by the own agency, none on silent alerts.
    """
    query = select(Hit).where(Hit.owner_state == actor.state)
    if Permission.ALERT_READ in actor.permissions:
        return query
    return query.where(
        Hit.agency == actor.agency,
        Hit.asking_state == actor.state,
        Hit.action != "let_pass_and_inform",
    )


def _hit_views(actor: Actor, hits: Sequence[Hit]) -> list[HitView]:
    others = {_other_state(row, actor) for row in hits}
    contacts = find_contacts(sorted(others))
    persons = {row.answered_by for row in hits if row.answered_by}
    named = select(Account.id, Account.username).where(Account.id.in_(persons))
    names: dict[Any, str] = dict(db.session.execute(named).all()) if persons else {}
    own = find_own_alerts(actor, {row.alert_id for row in hits if row.alert_state == actor.state})
    standing = alert_statuses({row.alert_id for row in hits})
    views = [
        HitView(
            row,
            contacts.get(_other_state(row, actor)),
            names.get(row.answered_by),
            own.get(row.alert_id),
            standing.get(row.alert_id),
        )
        for row in hits
    ]
    return [view if view.is_told else replace(view, contact=None) for view in views]


def _other_state(row: Hit, actor: Actor) -> str:
    return row.asking_state if row.alert_state == actor.state else row.alert_state
