"""Who learns of a hit: the audit and the officers of both states, of one alone where nothing shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.models import Hit
from salsa_ext.services.notifications import notify_many
from salsa_ext.services.showings import Showing, acts
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice

OWNERS: Final = ("police_officer", "trace_analyst")
ASKERS: Final = ("police_officer", "trace_analyst")
SECOND: Final = ("supervisor", "trace_analyst")
"""Who is reminded where the first did not answer."""
LOST: Final = {"expired": Action.HIT_EXPIRED, "ended": Action.HIT_ENDED}
"""What a hit that waited did when its alert ended."""


def made(
    actor: Actor, rows: Sequence[Mapping[str, Any]], showings: Iterable[Showing], *, is_late: bool
) -> None:
    """Write new hits down and tell both states; who asked just now has it in his answer.

    Of a hit that does not show to the asking state its own audit says nothing. Each state reads
    what a hit shows of its record.
    """
    append_many(actor, [*map(_act, rows), *acts(actor, showings)])
    notify_many(actor, [notice for row in rows for notice in _notices(row, is_late=is_late)])


def _act(row: Mapping[str, Any]) -> Act:
    concerned = {row["alert_state"], *([row["asking_state"]] if row["is_shown"] else ())}
    said = {"alert": str(row["alert_id"]), "cause": row["cause_kind"], "strength": row["strength"]}
    return Act(Action.HIT_MADE, "hit", row["id"], row["alert_state"], sorted(concerned), said,
               hidden=not row["is_shown"])  # fmt: skip


def _notices(row: Mapping[str, Any], *, is_late: bool) -> list[Notice]:
    data = {"state": row["asking_state"], "action": row["action"], "strength": row["strength"],
            "alert": str(row["alert_id"])}  # fmt: skip
    code = "hit_made" if row["is_shown"] else "hit_silent"  # nobody waits there, and nobody acts
    told = [notice(row["alert_state"], OWNERS, code, row, data)]
    if is_late and row["is_shown"] and row["asking_state"] != row["alert_state"]:
        told += _to_askers("hit_made", row, data | {"state": row["alert_state"]})
    return told


def answered(actor: Actor, row: Hit, action: Action, *, is_shown: bool) -> None:
    """Write an answer down, and tell the state that waits for it, or the own officers who met it."""
    concerned = sorted({row.alert_state, *([row.asking_state] if is_shown else ())})
    append_many(actor, [Act(action, "hit", row.id, row.alert_state, concerned,
                            {"status": row.status, "due_at": row.due_at.isoformat()})])  # fmt: skip
    if is_shown:
        data = {"state": row.alert_state, "due_at": row.due_at.isoformat()}
        notify_many(actor, _to_askers(f"hit_{row.status}", vars(row), data))


def ended(actor: Actor, rows: Sequence[Hit], how: str, shown: Collection[UUID]) -> None:
    """Write down that hits lost their alert, which was `cancelled` or `expired`; tell who met it.

    Those that waited end with it; one that was confirmed stays so. `shown` are those that show to who
    met the alert.
    """
    append_many(actor, [_lost(row, how, is_shown=row.id in shown) for row in rows])
    notify_many(actor, [
        notice for row in rows if row.id in shown
        for notice in _to_askers(f"hit_alert_{how}", vars(row), {"state": row.alert_state})
    ])  # fmt: skip


def _lost(row: Hit, how: str, *, is_shown: bool) -> Act:
    action = LOST.get(row.status, Action.HIT_ALERT_ENDED)
    concerned = sorted({row.alert_state, *([row.asking_state] if is_shown else ())})
    said = {"status": row.status, "alert": how}
    return Act(action, "hit", row.id, row.alert_state, concerned, said)


def cause_changed(
    actor: Actor, rows: Sequence[Hit], before: Mapping[UUID, str], shown: Collection[UUID]
) -> None:
    """Write down what became of the records that met alerts, and of their hits; tell both states.

    `before` are the statuses that the hits had. Of those that are not `shown` to the state of the record
    the other alone is told.
    """
    append_many(actor, [_cause_act(row, before[row.id], is_shown=row.id in shown) for row in rows])
    notify_many(actor, [
        notice for row in rows
        for notice in _cause_notices(row, before[row.id], is_shown=row.id in shown)
    ])  # fmt: skip


def _cause_act(row: Hit, before: str, *, is_shown: bool) -> Act:
    becomes = {"ended": Action.HIT_ENDED, "open": Action.HIT_REOPENED}
    action = becomes.get(row.status, Action.HIT_CAUSE_CHANGED)
    concerned = sorted({row.alert_state, *([row.asking_state] if is_shown else ())})
    said = {"status": row.status, "cause": row.cause_status}
    return Act(Action.HIT_CAUSE_CHANGED if row.status == before else action, "hit", row.id,
               row.alert_state, concerned, said, hidden=not is_shown)  # fmt: skip


def _cause_notices(row: Hit, before: str, *, is_shown: bool) -> list[Notice]:
    is_again = before == "ended" and row.status == "open"
    code = "hit_reopened" if is_again else f"hit_cause_{row.cause_status}"
    if is_again and not is_shown:
        code = "hit_silent"
    data = {"status": row.status, "alert": str(row.alert_id)}
    told = _to_askers(code, vars(row), data | {"state": row.alert_state}) if is_shown else []
    if row.asking_state != row.alert_state or not is_shown:
        said = data | {"state": row.asking_state, "action": row.action}
        told.append(notice(row.alert_state, OWNERS, code, vars(row), said))
    return told


def overdue(actor: Actor, row: Hit, second: str | None, *, is_shown: bool) -> None:
    """Ask the second contact of the alert's state, and tell the state that waits whom to call."""
    data = {"state": row.alert_state, "contact": second}
    told = [notice(row.alert_state, SECOND, "hit_overdue", vars(row),
                   data | {"state": row.asking_state})]  # fmt: skip
    if is_shown:
        told += _to_askers("hit_unanswered", vars(row), data)
    notify_many(actor, told)
    append_many(actor, [Act(Action.HIT_REMINDED, "hit", row.id)])


def _to_askers(code: str, row: Mapping[str, Any], data: dict[str, Any]) -> list[Notice]:
    """Return what the state is told that met it; its border officers where it was met, who see no others."""
    state, agency = row["asking_state"], row["agency"]
    told = [notice(state, ASKERS, code, row, data)]
    if agency is not None:
        told.append(notice(state, ("border_officer",), code, row, data, (agency,)))
    return told


def notice(
    state: str, roles: tuple[str, ...], code: str, row: Mapping[str, Any], data: dict[str, Any],
    agencies: tuple[str, ...] | None = None,
) -> Notice:  # fmt: skip
    """Return what a state is told of a hit; both know it by the same id."""
    hit_id: UUID = row["id"]
    data = data | {"alert_state": row["alert_state"]}
    return Notice(state, roles, code, "hit", hit_id, state, row["read_as"], data, agencies=agencies)
