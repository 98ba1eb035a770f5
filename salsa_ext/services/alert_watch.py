"""The scheduled watch over alerts and hits: what ends, what is to be validated, what is not answered.

Safe to run anywhere, twice, at once: rows that another watch or a command holds are passed over.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, any_, or_, select

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db
from salsa_ext.models import Alert, Hit
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.contacts import second_contact_of
from salsa_ext.readmodels.days import days
from salsa_ext.services import alerts, hit_endings, hit_news
from salsa_ext.services.notifications import notify_many
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice

MOST: Final = 200
LAPSE: Final = timedelta(days=7)
"""After so long past its time nobody waits for an answer any more."""


def run(*, actor: Actor, most: int = MOST) -> int:
    """Look at up to `most` alerts and hits of each kind of the actor's state; returns how many."""
    require(actor, Permission.ALERT_RECORD)
    done = _expire(actor, most) + _ask_to_validate(actor, most)
    return done + _lapse(actor, most) + _remind(actor, most)


def _expire(actor: Actor, most: int) -> int:
    on = days(actor).of(actor.own_state())
    ended = _alerts(actor, Alert.expires_on < on, most)
    for alert in ended:
        alerts.end(actor, alert, "expired")
        alert.version += 1
        append(actor, Act(Action.ALERT_EXPIRED, "alert", alert.id))
        _tell(actor, alert, "alert_expired")
    return len(ended)


def _ask_to_validate(actor: Actor, most: int) -> int:
    """Ask once for each day of validation whether an alert is still true."""
    on = days(actor).of(actor.own_state())
    asked = _alerts(actor, Alert.validate_on <= on, most)
    for alert in asked:
        _tell(actor, alert, "alert_expiring")
        later = alerts.next_validation(on, alert.expires_on)
        alert.validate_on = later if later > on else alert.expires_on + timedelta(days=1)
    return len(asked)


def _lapse(actor: Actor, most: int) -> int:
    lapsed = _hits(actor, Hit.due_at < actor.now() - LAPSE, most)
    hit_endings.expire(actor, lapsed)
    return len(lapsed)


def _remind(actor: Actor, most: int) -> int:
    """Remind the second contact, once, of what the first did not answer in time while somebody waits."""
    is_late = (Hit.due_at < actor.now()) & Hit.reminded_at.is_(None)
    late = _hits(actor, is_late & _is_told(), most)
    second = second_contact_of(actor.own_state()) if late else None
    for row in late:
        is_shown = hit_endings.change(actor, row, reminded_at=actor.now())
        hit_news.overdue(actor, row, second.agency if second else None, is_shown=is_shown)
    return len(late)


def _is_told() -> ColumnElement[bool]:
    """Tell whether those who met the gun know of the hit: of all others nobody waits for an answer."""
    shows = or_(Hit.asking_state == Hit.alert_state, Hit.asking_state == any_(Alert.concerned))
    told = select(Alert.id).where(Alert.id == Hit.alert_id, shows)
    return and_(Hit.action != alerts.SILENT, told.exists())


def _alerts(actor: Actor, come: ColumnElement[bool], most: int) -> list[Alert]:
    active = (Alert.owner_state == actor.state, Alert.status == "active", come)
    return _held(select(Alert).where(*active).order_by(Alert.id), most)


def _hits(actor: Actor, come: ColumnElement[bool], most: int) -> list[Hit]:
    waiting = (Hit.owner_state == actor.state, Hit.alert_state == actor.state,
               Hit.status.in_(hit_endings.WAITING), come)  # fmt: skip
    return _held(select(Hit).where(*waiting).order_by(Hit.id), most)


def _held(query: Any, most: int) -> list[Any]:
    free = query.limit(most).with_for_update(skip_locked=True)
    return list(db.session.scalars(free.execution_options(populate_existing=True)))


def _tell(actor: Actor, alert: Alert, code: str) -> None:
    said = {"expires_on": alert.expires_on.isoformat(), "second_check": alert.second_check}
    notify_many(actor, [Notice(alert.owner_state, hit_news.OWNERS, code, "alert", alert.id,
                               alert.owner_state, data=said)])  # fmt: skip
