"""Hits as the reader's state has them: on its alerts, and where it met those of others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, or_, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Account, Hit
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import alerts
from salsa_ext.readmodels.alerts import AlertView, Standing
from salsa_ext.readmodels.contacts import Office, contacts_of
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.readmodels.records import RecordView
from salsa_ext.readmodels.sharing import Sharing
from salsa_ext.values.actor import Actor

GONE: Final = ("corrected_away", "withdrawn")
"""What became of a record that is no ground of a hit any more."""
FILTERS = ("status", "action", "strength", "alert_id", "alert_state", "asking_state")


@dataclass(frozen=True)
class HitSide:
    """One of the two guns of a hit as its record tells it, as far as the reader is given that.

    What was met in a check has no record: it is what was `asked`. `place` is where it was, None for who
    is not given it and for a record that has none; `held` are the field groups of which the record has
    something. It `is_corrected` where it tells otherwise by now than the version that met the alert.
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
    """What became of the record that met an alert since, as `codes.CAUSE_STATUSES` has it, and when."""

    status: str
    changed_at: datetime | None


@dataclass(frozen=True)
class HitView:
    """A hit, whom to call in the other state, and the user name of who answered it in the own one.

    Nobody is called where those who met the gun know nothing of it: a call would tell them.

    `alert` is there for its own state, with the gun that it is of. `standing` is how the alert stands:
    of one that has ended no hit is a ground any more, confirmed or not. `sought` and `met` are the two
    guns to be compared, where one hit is read.
    """

    hit: Hit
    contact: Office | None
    answered_by: str | None
    alert: AlertView | None = None
    standing: Standing | None = None
    sought: HitSide | None = None
    met: HitSide | None = None

    @property
    def alert_record(self) -> UUID | None:
        """Return the record of an alert that stands: who met it reads it for a purpose and a case."""
        return self.standing.record if self.standing else None

    @property
    def ended(self) -> Standing | None:
        """Return how the alert ended, of a hit that it took with it; None of one that it did not."""
        standing = self.standing
        is_gone = standing is not None and standing.status != "active"
        return standing if is_gone and self.hit.status != "denied" else None

    @property
    def cause_changed(self) -> CauseChange | None:
        """Return what became of the record that met the alert; None where it stands as it was."""
        hit = self.hit
        if hit.cause_status == "standing":
            return None
        return CauseChange(hit.cause_status, hit.cause_changed_at)

    @property
    def is_void(self) -> bool:
        """Tell whether it is a ground no more, however it was answered: its alert or its record is none."""
        return self.ended is not None or self.hit.cause_status in GONE

    @property
    def is_told(self) -> bool:
        """Tell whether those who met it know of it, and read what it is answered."""
        hit, alert = self.hit, self.alert.alert if self.alert else None
        if hit.action == "let_pass_and_inform":
            return False
        return alert is None or hit.asking_state in {hit.alert_state, *alert.concerned}

    @property
    def version(self) -> int:
        """Return the version that actions refer to."""
        return self.hit.version


def list_hits(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[HitView]:
    """Return a page of hits on your state's alerts and of those that it met, newest first."""
    require(actor, Permission.HIT_READ)
    query = _mine(actor)
    for name in FILTERS:
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Hit, name) == value)
    if (before := filters.get("due_before")) is not None:
        query = query.where(Hit.due_at < before)
    found = page(query, Hit.id, limit, cursor)
    return found.of(_views(actor, found.items))


def get_hit(actor: Actor, hit_id: UUID) -> HitView:
    """Return one hit; raises NotFound where it is not the reader's to see."""
    require(actor, Permission.HIT_READ)
    found = db.session.scalars(_mine(actor).where(Hit.id == hit_id)).first()
    if found is None:
        raise NotFound("hit", hit_id)
    return _views(actor, [found])[0]


def of_records(actor: Actor, records: Collection[UUID]) -> dict[UUID, list[HitView]]:
    """Return the hits by which records met alerts, by the record, newest first; none to who sees no hits.

    What lets its gun pass stands beside no record.
    """
    if Permission.HIT_READ not in actor.permissions:
        return {}
    query = _mine(actor).where(Hit.cause_id.in_(records), Hit.action != "let_pass_and_inform")
    views = _views(actor, db.session.scalars(query.order_by(Hit.id.desc())).all())
    return {
        record: [view for view in views if view.hit.cause_id == record]
        for record in {view.hit.cause_id for view in views} if record
    }  # fmt: skip


def at_post(actor: Actor, states: Sequence[str], since: datetime, most: int) -> list[HitView]:
    """Return hits for the board of a post: those that wait, and those of late, newest first.

    They are those of the reader's own agency, and those between the two states. Of the rest of what
    he may see, and of everything for who may see no hits, there is nothing.
    """
    if Permission.HIT_READ not in actor.permissions:
        return []
    query = _here(actor, states).where(
        or_(Hit.status.in_(("open", "extended")), Hit.made_at >= since)
    )
    rows = db.session.scalars(query.order_by(Hit.made_at.desc(), Hit.id).limit(most)).all()
    return _views(actor, rows)


def among(actor: Actor, states: Sequence[str], ids: Collection[UUID]) -> Sequence[Hit]:
    """Return those of some hits that may stand on the board of a post."""
    if Permission.HIT_READ not in actor.permissions:
        return []
    return db.session.scalars(_here(actor, states).where(Hit.id.in_(ids))).all()


def _here(actor: Actor, states: Sequence[str]) -> Select[Any]:
    of_both = and_(Hit.alert_state.in_(states), Hit.asking_state.in_(states))
    met_here = and_(Hit.agency == actor.agency, Hit.asking_state == actor.state)
    return _mine(actor).where(or_(of_both, met_here))


def read(actor: Actor, hit_id: UUID) -> HitView:
    """Return one hit of the own state, for a command that just answered it; raises NotFound."""
    return _views(actor, [_own(actor, hit_id)])[0]


def version(actor: Actor, hit_id: UUID) -> int:
    """Return the version that stands, to be compared with If-Match; raises NotFound."""
    return _own(actor, hit_id).version


def _own(actor: Actor, hit_id: UUID) -> Hit:
    own = select(Hit).where(Hit.id == hit_id, Hit.owner_state == actor.state)
    found = db.session.scalars(own.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound("hit", hit_id)
    return found


def _mine(actor: Actor) -> Select[Any]:
    """Select what a role sees: a border officer what his own agency met, but no gun that is let pass."""
    query = select(Hit).where(Hit.owner_state == actor.state)
    if Permission.ALERT_READ in actor.permissions:
        return query
    return query.where(Hit.agency == actor.agency, Hit.asking_state == actor.state,
                       Hit.action != "let_pass_and_inform")  # fmt: skip


def _views(actor: Actor, found: Sequence[Hit]) -> list[HitView]:
    others = {_other(row, actor) for row in found}
    contacts = contacts_of(sorted(others))
    persons = {row.answered_by for row in found if row.answered_by}
    named = select(Account.id, Account.username).where(Account.id.in_(persons))
    names: dict[Any, str] = dict(db.session.execute(named).all()) if persons else {}
    own = alerts.own_among(actor, {row.alert_id for row in found if row.alert_state == actor.state})
    standing = alerts.standing_of({row.alert_id for row in found})
    views = [
        HitView(row, contacts.get(_other(row, actor)), names.get(row.answered_by),
                own.get(row.alert_id), standing.get(row.alert_id))
        for row in found
    ]  # fmt: skip
    return [view if view.is_told else replace(view, contact=None) for view in views]


def _other(row: Hit, actor: Actor) -> str:
    return row.asking_state if row.alert_state == actor.state else row.alert_state
