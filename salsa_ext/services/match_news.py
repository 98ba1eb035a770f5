"""Who learns of a match: the audit of the state that it is told to, and its police and analysts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.services.notifications import notify_many
from salsa_ext.services.showings import Showing, acts
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice

ROLES: Final = ("police_officer", "trace_analyst")
MOST: Final = 20
ACTIONS: Final = {
    "match_proposed": Action.MATCH_PROPOSED, "match_reopened": Action.MATCH_REOPENED,
    "match_withdrawn": Action.MATCH_WITHDRAWN,
}  # fmt: skip


@dataclass(frozen=True)
class News:
    """What became of a match of one state; `is_urgent` where somebody has to know of it soon."""

    code: str
    owner: str
    match: UUID
    record: UUID
    other_state: str
    strength: str
    is_urgent: bool


def tell(
    actor: Actor, news: Sequence[News], showings: Iterable[Showing] = (), *, is_late: bool
) -> None:
    """Write down what became of matches, and tell the states that did not do it themselves.

    Whose records they show to another state reads that they do.

    The actor's audit names its own matches alone. Its own police is told unless it wrote the record
    itself and waits for the answer. Of very many at once the first strong one is told, with how many there
    are; of what is licit trade on both sides nobody is told.
    """
    append_many(actor, [*(_act(actor, each) for each in news), *acts(actor, showings)])
    told: dict[tuple[str, str], list[News]] = defaultdict(list)
    for each in news:
        if _is_told(actor, each, is_late=is_late):
            told[each.owner, each.code].append(each)
    notify_many(actor, [
        Notice(owner, ROLES, code, "match", each.match, owner, data=_data(each, len(all_of)))
        for (owner, code), all_of in told.items() for each in _few(all_of)
    ])  # fmt: skip


def _is_told(actor: Actor, each: News, *, is_late: bool) -> bool:
    is_seen = each.owner == actor.state and actor.role in ROLES and not is_late
    return each.is_urgent and not is_seen


def _few(news: Sequence[News]) -> Sequence[News]:
    strongest_first = sorted(news, key=lambda each: each.strength != "strong")
    return news if len(news) <= MOST else strongest_first[:1]


def _data(each: News, count: int) -> dict[str, Any]:
    more = {"count": count} if count > MOST else {}
    return {"record": str(each.record), "state": each.other_state, "strength": each.strength} | more


def _act(actor: Actor, each: News) -> Act:
    return Act(
        ACTIONS[each.code], "match", each.match, each.owner, [each.owner],
        {"record": str(each.record), "strength": each.strength}, hidden=each.owner != actor.state,
    )  # fmt: skip
