"""Reports of traces, with places of events, and their verification."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal_column, or_, select

from salsa_ext.access.audit import AuditEvent, append, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import AuditEntry
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, message
from salsa_ext.core.text import strip_invisible
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.disclosure import sharing
from salsa_ext.disclosure.disclosures import record_disclosure_event
from salsa_ext.disclosure.sharing import COURT_USE
from salsa_ext.documents.models import Report, Seizure
from salsa_ext.firearms.records.queries import find_records
from salsa_ext.reference.models import Post
from salsa_ext.tracing.traces import queries as trace_queries
from salsa_ext.tracing.traces import trace_results
from salsa_ext.tracing.traces.queries import TraceView
from salsa_ext.tracing.traces.trace_results import ResultView
from salsa_ext.trade.shipments.models import Checkpoint

CONTENT, FILE = "content", "file"
HASHES: Final = (CONTENT, FILE)
REPORT_ACTION: Final[ColumnElement[str]] = literal_column(f"'{Action.TRACE_REPORTED}'")
"""A literal in the query: the partial index of reports serves it."""
HASH_PATTERN: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class TraceReport:
    """A report: trace, result, missing consents to court use; `seizure` where readable."""

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
    """Whether a hash `of` content or file is of an audited report: its kind, time, trace."""

    known: bool
    kind: str | None = None
    made_at: datetime | None = None
    language: str | None = None
    view: TraceView | None = None


def compile_report(*, actor: Actor, trace_id: UUID) -> TraceReport:
    """Return a report's contents, audited for licensees' states; raises NotFound."""
    require(actor, Permission.TRACE_READ)
    result = trace_results.read_result(actor=actor, trace_id=trace_id)
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
    data = {CONTENT: content, FILE: file, "language": actor.language, "court": report.is_for_court}
    append(actor, AuditEvent(Action.TRACE_REPORTED, "trace", report.view.trace.id, data=data))


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
    digest = _require_hash(sha256)
    query = _reports_with_hash(actor, digest).with_only_columns(AuditEntry.subject_id)
    if (trace_id := db.session.scalar(query.limit(1))) is None:
        return HashCheck(False)
    return _check_hash(actor, digest, trace_queries.load(actor, UUID(trace_id)))


def is_hash(text: str) -> bool:
    """Return whether a text is a hash, as copied from a report."""
    return HASH_PATTERN.fullmatch(_normalise_hash(text)) is not None


def _normalise_hash(text: str) -> str:
    return strip_invisible(text).lower().removeprefix("sha-256:")


def _require_hash(sha256: str) -> str:
    if not is_hash(sha256):
        raise Invalid({"sha256": [message("A SHA-256 has 64 hexadecimal digits.")]})
    return _normalise_hash(sha256)


def _reports_with_hash(actor: Actor, digest: str) -> Select[Any]:
    """Select the own audit entries of reports with this hash."""
    return (
        select(AuditEntry)
        .where(
            AuditEntry.owner_state == actor.own_state(),
            AuditEntry.action == REPORT_ACTION,
            or_(*(AuditEntry.data[name].as_string() == digest for name in HASHES)),
        )
        .order_by(AuditEntry.id)
    )


def _check_hash(actor: Actor, digest: str, view: TraceView) -> HashCheck:
    reports = _reports_with_hash(actor, digest)
    of_trace = reports.where(AuditEntry.subject_id == str(view.trace.id))
    entry = db.session.scalars(of_trace.limit(1)).first()
    if entry is None:
        return HashCheck(False)
    kind = next(name for name in HASHES if entry.data[name] == digest)
    return HashCheck(True, kind, entry.at, entry.data["language"], view)


@dataclass(frozen=True)
class EventLocation:
    """A place by coordinates, with name and uncertainty in km where known."""

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
    """Return the places of a result's events by record, where readable; audits them."""
    require(actor, Permission.TRACE_READ)
    trace = result.trace
    ids = {UUID(event["record"]) for event in result.events()}
    ids |= {trace.record_id} if trace.record_id else set()
    asking = actor.for_trace(trace.case_number, trace.id)
    views = find_records(ids)
    shared = sharing.share_records(asking, views)
    open_to = [view for view in views if shared[view.record.id].may("place")]
    readers = (
        ("seizure", Permission.SEIZURE_READ, _seizure_locations),
        ("report", Permission.REPORT_READ, _report_locations),
        ("shipment", Permission.SHIPMENT_READ, _exit_locations),
    )
    locations: dict[str, EventLocation] = {}
    for kind, permission, read in readers:
        documents = {
            str(view.record.id): view.record.document_id
            for view in open_to
            if view.record.document_kind == kind
        }
        if documents and permission in actor.permissions:
            places = read(set(documents.values()))
            locations |= {
                record: places[document]
                for record, document in documents.items()
                if document in places
            }
    append_many(
        asking,
        [
            record_disclosure_event(view, shared[view.record.id], ["place"])
            for view in open_to
            if str(view.record.id) in locations and not shared[view.record.id].is_own
        ],
    )
    return locations


def _seizure_locations(ids: Iterable[UUID]) -> dict[UUID, EventLocation]:
    """Return the recorded places, or the post where that alone has coordinates."""
    rows = list(db.session.scalars(select_current(Seizure).where(Seizure.id.in_(ids))))
    posts = _post_locations(row.post for row in rows)
    locations = {}
    for row in rows:
        recorded = _recorded_location(vars(row) | {"name": row.place_name})
        post = posts.get(row.post or "")
        if location := post if post and not (recorded and recorded.point) else recorded:
            locations[row.id] = location
    return locations


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
    exits = select(Checkpoint.shipment_id, Checkpoint.post).where(
        Checkpoint.shipment_id.in_(ids),
        Checkpoint.stage == "exit",
        Checkpoint.post.is_not(None),
        Checkpoint.outcome == "passed",
    )
    codes = dict(db.session.execute(exits.order_by(Checkpoint.id)).all())
    posts = _post_locations(codes.values())
    return {shipment: posts[code] for shipment, code in codes.items() if code in posts}


def _post_locations(codes: Iterable[str | None]) -> dict[str, EventLocation]:
    known = {code for code in codes if code}
    rows = db.session.scalars(select(Post).where(Post.code.in_(known))) if known else ()
    return {
        row.code: EventLocation(row.latitude, row.longitude, row.name, None, row.code)
        for row in rows
    }
