"""What a question hits, for who tells the owners afterwards: what was shown, and what was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple
from uuid import UUID

from salsa_ext.matching.marks import skeleton
from salsa_ext.matching.nearness import compare
from salsa_ext.readmodels import alerted, marks
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.marks import Held, Sought
from salsa_ext.readmodels.search import asked_of, searched_by, weighed
from salsa_ext.values.actor import Actor
from salsa_ext.values.inquiries import Query


class Hits(NamedTuple):
    """What a question hits by now, best first.

    `hidden` is what other states keep silent, `shown` all else, alerts that show to nobody among it;
    `left_out` are the records of it that the answer leaves out, since others settle their marks.
    """

    hidden: Sequence[Candidate]
    shown: Sequence[Candidate]
    left_out: Set[UUID]


def hits(query: Query, actor: Actor) -> Hits:
    """Return what a query of the actor hits, by one look; what is silent takes nothing from the rest.

    Raises Invalid where nothing can be searched.
    """
    sought = searched_by(query)
    held = marks.holding(list(sought), asked_of(query), actor.state, settles=False)
    hidden = [one for one in held if _is_kept_back(one, actor)]
    told = alerted.as_shown(actor, (one for one in held if not _is_kept_back(one, actor)))
    shown = weighed(query, actor, sought, told)
    answered = weighed(query, actor, sought, _answered(query, actor, sought, told))
    left_out = {one.held.record_id for one in shown} - {one.held.record_id for one in answered}
    return Hits(weighed(query, actor, sought, hidden), shown, left_out)


def _is_kept_back(held: Held, actor: Actor) -> bool:
    return held.state != actor.state and held.visibility == "silent"


def _answered(
    query: Query, actor: Actor, sought: Mapping[Sought, str], held: Sequence[Held]
) -> Sequence[Held]:
    """Return the marks that an answer is made of: near ones only where no record settles theirs."""
    shown = [one for one in held if not alerted.is_unseen(one)]
    asked = asked_of(query)
    settling = [one for one in shown if marks.settles_one(one, asked, actor.own_state())]
    if query.near or not settling:
        return shown
    same = {skeleton(one.norm) for one in sought if one.is_whole}
    left = marks.unsettled(sought, settling)
    return [
        one for one in shown
        if skeleton(one.serial_norm) in same
        or any(compare(mark.norm, one.serial_norm) for mark in left)
    ]  # fmt: skip
