"""Candidates for many records at once: what bears the same serial, by one question for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.errors import Invalid
from salsa_ext.matching.evidence import weigh
from salsa_ext.models import MarkKey
from salsa_ext.readmodels import crowds
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.marks import Held, Sought
from salsa_ext.readmodels.search import asked_of, check_query, held_of
from salsa_ext.values.inquiries import Query

MOST: Final = 20_000  # keys; of serials that very many guns bear no more is looked at


def of_many(queries: Mapping[UUID, Query], state: str) -> dict[UUID, list[Candidate]]:
    """Return for each record of a state the candidates of all states that bear its serial, best first.

    The caller leaves out the record itself, and heeds what others keep silent. Marks that were
    corrected away are no candidates, nor are serials that cannot be read whole.
    """
    sought = {key: one for key, query in queries.items() if (one := _sought(query))}
    held = _held({one.value for one in sought.values()}, state)
    return {key: _candidates(queries[key], one, held[one.value]) for key, one in sought.items()}


def _sought(query: Query) -> Sought | None:
    try:
        sought = check_query(query)
    except Invalid:  # a gun that cannot be searched is still worth recording
        return None
    return sought if sought.is_whole else None


def _held(keys: set[int], state: str) -> dict[int, list[Held]]:
    columns = [getattr(MarkKey, name) for name in Held._fields]
    stands = (MarkKey.key.in_(keys), ~MarkKey.is_void, ~MarkKey.is_superseded)
    found: dict[int, list[Held]] = defaultdict(list)
    for key, *row in db.session.execute(select(MarkKey.key, *columns).where(*stands).limit(MOST)):
        held = Held(*row)
        found[key].append(held._replace(visibility="open") if held.state == state else held)
    return found


def _candidates(query: Query, sought: Sought, held: Sequence[Held]) -> list[Candidate]:
    mine = replace(asked_of(query), serial_norm=sought.norm)
    weighed = ((one, weigh(mine, held_of(one))) for one in held)
    found = [Candidate(one, evidence) for one, evidence in weighed if evidence]
    ranked = crowds.weigh_in([one for one in found if one.evidence.strength])
    return sorted(ranked, key=lambda one: -one.evidence.bits)
