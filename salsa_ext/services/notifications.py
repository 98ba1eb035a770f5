"""Notifications: raised by the commands of other states, read by each account for itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import as_state, db, insert_many
from salsa_ext.errors import Invalid, say
from salsa_ext.models import Notification, NotificationReading
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import notifications as reading
from salsa_ext.readmodels.states import participants
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id
from salsa_ext.values.notices import Notice, ReadingMany

MOST_READ: Final = 5_000
"""Notifications that one call reads."""


def notify_many(actor: Actor, notices: Iterable[Notice]) -> None:
    """Tell states what the actor's command did, in its transaction; in bulk for each state.

    No command of its own, as `audit.append` is none: the command that calls it has required its
    permission. States that do not take part have nobody to tell, and are left out.
    """
    told: dict[str, list[Notice]] = defaultdict(list)
    for notice in notices:
        told[notice.state].append(notice)
    if not told:
        return
    known = participants()
    for state in sorted(told.keys() & set(known)):
        with as_state(actor, state):  # the state that is told owns what it is told
            insert_many(Notification, [_row(actor, notice) for notice in told[state]])


def read(*, actor: Actor, notification_id: UUID) -> None:
    """Note that the actor's account read a notification; again changes nothing; raises NotFound.

    The operator has no account, and reads for nobody.
    """
    require(actor, Permission.NOTIFICATION_READ)
    found = reading.find(actor, notification_id)
    if actor.account_id is None:
        return
    first = insert(NotificationReading).values(_reading(actor, found))
    made = first.on_conflict_do_nothing().returning(NotificationReading.notification_id)
    if db.session.scalar(made) is not None:
        append(actor, Act(Action.NOTIFICATION_READ, "notification", found.id))


def read_many(*, actor: Actor, data: ReadingMany) -> int:
    """Note that the actor's account read all of a kind or a code; returns how many, MOST_READ at most.

    Raises Invalid where neither is named. The operator has no account, and reads for nobody.
    """
    require(actor, Permission.NOTIFICATION_READ)
    if data.kind is None and data.code is None:
        raise Invalid({"kind": [say("Say which ones: of a kind, or of a code.")]})
    found = reading.unread_of(actor, data, MOST_READ) if actor.account_id else ()
    if not found:
        return 0
    rows = [_reading(actor, one) for one in found]
    db.session.execute(insert(NotificationReading).values(rows).on_conflict_do_nothing())
    said = {"kind": data.kind, "code": data.code, "count": len(rows)}
    append(actor, Act(Action.NOTIFICATIONS_READ, "account", str(actor.account_id), data=said))
    return len(rows)


def _reading(actor: Actor, one: Notification) -> dict[str, Any]:
    return {
        "notification_id": one.id, "account_id": actor.account_id, "owner_state": one.owner_state,
        "concerned": [one.owner_state], "read_at": actor.now(),
    }  # fmt: skip


def _row(actor: Actor, notice: Notice) -> dict[str, Any]:
    return {
        "id": new_id(), "owner_state": notice.state, "concerned": [notice.state],
        "roles": list(notice.roles), "code": notice.code, "subject_kind": notice.subject_kind,
        "subject_state": notice.subject_state, "subject_id": notice.subject_id,
        "number": notice.number, "data": notice.data, "raised_at": actor.now(),
        "account_id": notice.account,
        "agencies": None if notice.agencies is None else list(notice.agencies),
    }  # fmt: skip
