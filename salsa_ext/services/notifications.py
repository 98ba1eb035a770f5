"""Notifications: raised by the commands of other states, read by each account for itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import as_state, db, insert_many
from salsa_ext.models import Notification, NotificationReading
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import notifications as reading
from salsa_ext.readmodels.states import participants
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id
from salsa_ext.values.notices import Notice


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
    first = insert(NotificationReading).values(
        notification_id=found.id, account_id=actor.account_id, owner_state=found.owner_state,
        concerned=[found.owner_state], read_at=actor.now(),
    )  # fmt: skip
    made = first.on_conflict_do_nothing().returning(NotificationReading.notification_id)
    if db.session.scalar(made) is not None:
        append(actor, Act(Action.NOTIFICATION_READ, "notification", found.id))


def _row(actor: Actor, notice: Notice) -> dict[str, Any]:
    return {
        "id": new_id(), "owner_state": notice.state, "concerned": [notice.state],
        "roles": list(notice.roles), "code": notice.code, "subject_kind": notice.subject_kind,
        "subject_state": notice.subject_state, "subject_id": notice.subject_id,
        "number": notice.number, "data": notice.data, "raised_at": actor.now(),
        "account_id": notice.account,
        "agencies": None if notice.agencies is None else list(notice.agencies),
    }  # fmt: skip
