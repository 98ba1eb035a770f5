"""The serials of records that another mark hits, read where nothing but a comparison leaves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from salsa_ext.db import as_state, db
from salsa_ext.matching import marks
from salsa_ext.models import Record
from salsa_ext.readmodels.marks import Held
from salsa_ext.readmodels.versions import current
from salsa_ext.values.actor import Actor
from salsa_ext.values.inquiries import Query


def of_asked(query: Query) -> frozenset[str]:
    """Return the skeletons of the serials that can be read on the gun that is asked for."""
    restored = (mark.text for mark in query.marks
                if mark.kind == "manufacture" and mark.text != query.serial)  # fmt: skip
    keys = [marks.serial_key(text, "unknown") for text in restored]
    keys.append(marks.serial_key(query.serial, query.marking))
    return frozenset(key.skeleton for key in keys if key)


def legible(actor: Actor, hit: Iterable[Held]) -> dict[UUID, str]:
    """Return the skeletons of those serials of records that can be read, by the record."""
    by_state: dict[str, set[UUID]] = defaultdict(set)
    for held in hit:
        by_state[held.state].add(held.record_id)
    found: dict[UUID, str] = {}
    for state, ids in by_state.items():
        with as_state(actor, state):
            rows = db.session.scalars(current(Record).where(Record.id.in_(ids))).all()
        for row in rows:
            key = marks.serial_key(row.serial or "", row.marking)
            if key:
                found[row.id] = key.skeleton
    return found
