"""What was decided about documents and happened to them, in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.models import Event


def of_subjects(ids: Iterable[UUID]) -> dict[UUID, list[Event]]:
    """Return the events of documents that the state may see, in the order they were told."""
    found: dict[UUID, list[Event]] = defaultdict(list)
    query = select(Event).where(Event.subject_id.in_(list(ids))).order_by(Event.id)
    for event in db.session.scalars(query):
        found[event.subject_id].append(event)
    return found
