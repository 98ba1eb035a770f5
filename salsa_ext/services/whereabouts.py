"""Where the events of a chain happened, as exactly as the reader may know it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import append_many
from salsa_ext.db import db
from salsa_ext.models import Checkpoint, Post, Report, Seizure
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import sharing
from salsa_ext.readmodels.records import RecordView, by_id
from salsa_ext.readmodels.traces import ResultView
from salsa_ext.readmodels.versions import current
from salsa_ext.services.disclosures import act_of
from salsa_ext.values.actor import Actor, Purpose


@dataclass(frozen=True)
class Whereabouts:
    """A place by coordinates, with its name, and how far it may be off in kilometres where that is known.

    `post` is the code of the border post that it is. Of some the name alone was recorded.
    """

    latitude: float | None
    longitude: float | None
    name: str | None = None
    within_km: float | None = None
    post: str | None = None

    @property
    def point(self) -> tuple[float, float] | None:
        """Return its longitude and latitude."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.longitude, self.latitude


def read_whereabouts(*, actor: Actor, result: ResultView) -> Mapping[str, Whereabouts]:
    """Return where the events of a result happened, by record; of most the state alone is known.

    States answer without places. So these are of the own state's documents, and of those that concern
    it, for who may read such documents; whose they are reads that the place was given.
    """
    require(actor, Permission.TRACE_READ)
    trace = result.trace
    ids = {UUID(event["record"]) for event in result.events()}
    ids |= {trace.record_id} if trace.record_id else set()
    asking = actor.for_purpose(Purpose("investigation", trace.case_number, about=(str(trace.id),)))
    views = by_id(ids)
    shared = sharing.of_records(asking, views)
    open_to = [view for view in views if shared[view.record.id].may("place")]
    found = _found(actor, open_to)
    append_many(asking, [
        act_of(view, shared[view.record.id], ["place"]) for view in open_to
        if str(view.record.id) in found and not shared[view.record.id].is_own
    ])  # fmt: skip
    return found


def _found(actor: Actor, views: Sequence[RecordView]) -> dict[str, Whereabouts]:
    """Return the places of records by the kinds of documents that the actor may read."""
    readers = (
        ("seizure", Permission.SEIZURE_READ, _of_seizures),
        ("report", Permission.REPORT_READ, _of_reports),
        ("shipment", Permission.SHIPMENT_READ, _of_shipments),
    )
    found: dict[str, Whereabouts] = {}
    for kind, permission, read in readers:
        ids = {view.record.id: view.record.document_id for view in views
               if view.record.document_kind == kind}  # fmt: skip
        if ids and permission in actor.permissions:
            places = read(set(ids.values()))
            found |= {str(key): places[document] for key, document in ids.items()
                      if document in places}  # fmt: skip
    return found


def _of_seizures(ids: Iterable[UUID]) -> dict[UUID, Whereabouts]:
    rows = list(db.session.scalars(current(Seizure).where(Seizure.id.in_(ids))))
    posts = _posts(row.post for row in rows)
    given = {row.id: _given(vars(row) | {"name": row.place_name}) for row in rows}
    best = {row.id: _better(given[row.id], posts.get(row.post or "")) for row in rows}
    return {key: place for key, place in best.items() if place}


def _better(given: Whereabouts | None, post: Whereabouts | None) -> Whereabouts | None:
    """Return the place that was recorded; that of its post where that alone has coordinates."""
    return post if post and not (given and given.point) else given


def _of_reports(ids: Iterable[UUID]) -> dict[UUID, Whereabouts]:
    rows = db.session.scalars(current(Report).where(Report.id.in_(ids)))
    return {row.id: place for row in rows if row.place and (place := _given(row.place))}


def _given(place: Mapping[str, Any]) -> Whereabouts | None:
    latitude, longitude = place.get("latitude"), place.get("longitude")
    if (latitude is None or longitude is None) and not place.get("name"):
        return None
    return Whereabouts(latitude, longitude, place.get("name"), place.get("precision"))


def _of_shipments(ids: Iterable[UUID]) -> dict[UUID, Whereabouts]:
    """Return the post at which each shipment left the exporting state, as its officer ticked it."""
    left = select(Checkpoint.shipment_id, Checkpoint.post).where(
        Checkpoint.shipment_id.in_(ids), Checkpoint.stage == "exit", Checkpoint.post.is_not(None),
        Checkpoint.outcome == "passed",
    )  # fmt: skip
    ticks = db.session.execute(left.order_by(Checkpoint.id)).all()
    posts_of = {row.shipment_id: row.post for row in ticks}
    posts = _posts(posts_of.values())
    return {key: posts[post] for key, post in posts_of.items() if post in posts}


def _posts(codes: Iterable[str | None]) -> dict[str, Whereabouts]:
    wanted = {code for code in codes if code}
    rows = db.session.scalars(select(Post).where(Post.code.in_(wanted))) if wanted else ()
    return {row.code: Whereabouts(row.latitude, row.longitude, row.name, None, row.code)
            for row in rows}  # fmt: skip
