"""Reports of traces, with places of events, and their verification."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal_column, or_, select

from salsa_ext.access.audit import Action, AuditEvent, append, append_many
from salsa_ext.access.models import AuditEntry
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.errors import Invalid, message
from salsa_ext.core.text import strip_invisible
from salsa_ext.database.session import db
from salsa_ext.database.versions import select_current
from salsa_ext.disclosure import sharing
from salsa_ext.disclosure.disclosures import record_disclosure_event
from salsa_ext.disclosure.sharing import COURT_USE
from salsa_ext.documents.models import Report, Seizure
from salsa_ext.firearms.records.queries import RecordView, find_records
from salsa_ext.reference.models import Post
from salsa_ext.tracing.traces import queries as trace_queries
from salsa_ext.tracing.traces.queries import ResultView, TraceView
from salsa_ext.trade.shipments.models import Checkpoint

CONTENT, FILE = "content", "file"
HASHES: Final = (CONTENT, FILE)
REPORT_ACTION: Final[ColumnElement[str]] = literal_column(f"'{Action.TRACE_REPORTED}'")
"""A literal in the query: the partial index of reports serves it."""
HASH_PATTERN: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class TraceReport:
    """A report: trace, result, and missing consents to court use.

    `seizure` is that of the gun, for readers who may read it.
    """

    view: TraceView
    result: ResultView
    without_consent: tuple[str, ...]
    seizure: Seizure | None

    @property
    def is_for_court(self) -> bool:
        """Return whether each quoted state consented to use in court."""
        return bool(self.result.events()) and not self.without_consent


@dataclass(frozen=True)
class HashCheck:
    """Whether a hash is of a report in the audit.

    With its kind, time and trace. `of` is `content` or `file`.
    """

    known: bool
    kind: str | None = None
    made_at: datetime | None = None
    language: str | None = None
    view: TraceView | None = None


def compile_report(*, actor: Actor, trace_id: UUID) -> TraceReport:
    """Return the contents of a trace's report; raises NotFound.

    States whose licensees it names see that in their audit, as for the result.
    """
    require(actor, Permission.TRACE_READ)
    result = trace_queries.read_result(actor=actor, trace_id=trace_id)
    quoted = {
        shared.statement.owner
        for shared in result.sharing.values()
        if not (shared.is_own or shared.decide("firearm", COURT_USE).allowed)
    }
    view = trace_queries.load(actor, trace_id)
    seizure = trace_queries.find_seizure(actor, view.trace)
    return TraceReport(view, result, tuple(sorted(quoted)), seizure)


def audit_report(*, actor: Actor, report: TraceReport, content: str, file: str) -> None:
    """Audit that a report was made: SHA-256 of content and file, hexadecimal."""
    require(actor, Permission.TRACE_READ)
    said = {CONTENT: content, FILE: file, "language": actor.language, "court": report.is_for_court}
    append(actor, AuditEvent(Action.TRACE_REPORTED, "trace", report.view.trace.id, data=said))


def check_report_hash(*, actor: Actor, trace_id: UUID, sha256: str) -> HashCheck:
    """Check a hash against the own audit of this trace's reports.

    Either the hash printed on each page, as copied from there, or that of the file. Raises
    NotFound, or Invalid for what is no hash.
    """
    require(actor, Permission.TRACE_READ)
    view = trace_queries.load(actor, trace_id)
    return _check_hash(actor, _require_hash(sha256), view)


def find_report_by_hash(*, actor: Actor, sha256: str) -> HashCheck:
    """Find the trace of an own report by hash; raises Invalid."""
    require(actor, Permission.TRACE_READ)
    asked = _require_hash(sha256)
    subject = db.session.scalar(
        _reports_with_hash(actor, asked).with_only_columns(AuditEntry.subject_id).limit(1)
    )
    return (
        _check_hash(actor, asked, trace_queries.load(actor, UUID(subject)))
        if subject
        else HashCheck(False)
    )


def is_hash(text: str) -> bool:
    """Return whether a text is a hash, as copied from a report."""
    return HASH_PATTERN.fullmatch(_normalise_hash(text)) is not None


def _normalise_hash(text: str) -> str:
    return strip_invisible(text).lower().removeprefix("sha-256:")


def _require_hash(sha256: str) -> str:
    if not is_hash(sha256):
        raise Invalid({"sha256": [message("A SHA-256 has 64 hexadecimal digits.")]})
    return _normalise_hash(sha256)


def _reports_with_hash(actor: Actor, asked: str) -> Select[Any]:
    """Select the own audit entries of reports with this hash."""
    return (
        select(AuditEntry)
        .where(
            AuditEntry.owner_state == actor.own_state(),
            AuditEntry.action == REPORT_ACTION,
            or_(*(AuditEntry.data[name].as_string() == asked for name in HASHES)),
        )
        .order_by(AuditEntry.id)
    )


def _check_hash(actor: Actor, asked: str, view: TraceView) -> HashCheck:
    made = _reports_with_hash(actor, asked).where(AuditEntry.subject_id == str(view.trace.id))
    entry = db.session.scalars(made.limit(1)).first()
    if entry is None:
        return HashCheck(False)
    of = next(name for name in HASHES if entry.data[name] == asked)
    return HashCheck(True, of, entry.at, entry.data["language"], view)


@dataclass(frozen=True)
class EventLocation:
    """A place by coordinates, with name and uncertainty in km where known.

    `post` is the code of a border post. Some have a name alone.
    """

    latitude: float | None
    longitude: float | None
    name: str | None = None
    within_km: float | None = None
    post: str | None = None

    @property
    def point(self) -> tuple[float, float] | None:
        """Return longitude and latitude, or None."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.longitude, self.latitude


def read_locations(*, actor: Actor, result: ResultView) -> Mapping[str, EventLocation]:
    """Return the places of a result's events by record; audits them.

    States answer without places, so of most events the state alone is known: places are of own
    documents and of those that concern the own state, for readers who may read such documents.
    """
    require(actor, Permission.TRACE_READ)
    trace = result.trace
    ids = {UUID(event["record"]) for event in result.events()}
    ids |= {trace.record_id} if trace.record_id else set()
    asking = actor.for_purpose(Purpose("investigation", trace.case_number, about=(str(trace.id),)))
    views = find_records(ids)
    shared = sharing.share_records(asking, views)
    open_to = [view for view in views if shared[view.record.id].may("place")]
    found = _locations_by_record(actor, open_to)
    append_many(
        asking,
        [
            record_disclosure_event(view, shared[view.record.id], ["place"])
            for view in open_to
            if str(view.record.id) in found and not shared[view.record.id].is_own
        ],
    )
    return found


def _locations_by_record(actor: Actor, views: Sequence[RecordView]) -> dict[str, EventLocation]:
    """Return places by record, from documents that the actor may read."""
    readers = (
        ("seizure", Permission.SEIZURE_READ, _seizure_locations),
        ("report", Permission.REPORT_READ, _report_locations),
        ("shipment", Permission.SHIPMENT_READ, _exit_locations),
    )
    found: dict[str, EventLocation] = {}
    for kind, permission, read in readers:
        ids = {
            view.record.id: view.record.document_id
            for view in views
            if view.record.document_kind == kind
        }
        if ids and permission in actor.permissions:
            places = read(set(ids.values()))
            found |= {
                str(key): places[document] for key, document in ids.items() if document in places
            }
    return found


def _seizure_locations(ids: Iterable[UUID]) -> dict[UUID, EventLocation]:
    rows = list(db.session.scalars(select_current(Seizure).where(Seizure.id.in_(ids))))
    posts = _post_locations(row.post for row in rows)
    given = {row.id: _recorded_location(vars(row) | {"name": row.place_name}) for row in rows}
    best = {row.id: _prefer_coordinates(given[row.id], posts.get(row.post or "")) for row in rows}
    return {key: place for key, place in best.items() if place}


def _prefer_coordinates(
    given: EventLocation | None, post: EventLocation | None
) -> EventLocation | None:
    """Return the recorded place, or its post if that alone has coordinates."""
    return post if post and not (given and given.point) else given


def _report_locations(ids: Iterable[UUID]) -> dict[UUID, EventLocation]:
    rows = db.session.scalars(select_current(Report).where(Report.id.in_(ids)))
    return {row.id: place for row in rows if row.place and (place := _recorded_location(row.place))}


def _recorded_location(place: Mapping[str, Any]) -> EventLocation | None:
    latitude, longitude = place.get("latitude"), place.get("longitude")
    if (latitude is None or longitude is None) and not place.get("name"):
        return None
    return EventLocation(latitude, longitude, place.get("name"), place.get("precision"))


def _exit_locations(ids: Iterable[UUID]) -> dict[UUID, EventLocation]:
    """Return the post at which each shipment left the exporting state."""
    left = select(Checkpoint.shipment_id, Checkpoint.post).where(
        Checkpoint.shipment_id.in_(ids),
        Checkpoint.stage == "exit",
        Checkpoint.post.is_not(None),
        Checkpoint.outcome == "passed",
    )
    ticks = db.session.execute(left.order_by(Checkpoint.id)).all()
    posts_of = {row.shipment_id: row.post for row in ticks}
    posts = _post_locations(posts_of.values())
    return {key: posts[post] for key, post in posts_of.items() if post in posts}


def _post_locations(codes: Iterable[str | None]) -> dict[str, EventLocation]:
    wanted = {code for code in codes if code}
    rows = db.session.scalars(select(Post).where(Post.code.in_(wanted))) if wanted else ()
    return {
        row.code: EventLocation(row.latitude, row.longitude, row.name, None, row.code)
        for row in rows
    }
