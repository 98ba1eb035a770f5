"""Read transfers, reports, and seizures with items and parties."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core import codes
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import FIELD_GROUPS
from salsa_ext.core.dates import first_day, last_day
from salsa_ext.core.errors import NotFound
from salsa_ext.core.field_checks import Problems, check_agency
from salsa_ext.core.fields import OWNER, groups_with_values, presenter
from salsa_ext.core.rows import from_row
from salsa_ext.database.locks import VersionInfo, list_versions, select_current
from salsa_ext.database.paging import Listing, Page
from salsa_ext.database.session import db
from salsa_ext.disclosure import disclosures
from salsa_ext.disclosure.sharing import Sharing, share_records
from salsa_ext.documents.models import Report, Seizure, Transfer
from salsa_ext.documents.values import ReportData, SeizureData, TransferData
from salsa_ext.firearms.marks.values import RecordedSeizedItem
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import (
    PartiesById,
    RecordView,
    documents_with_serial,
    find_parties,
    recorded_item,
    recorded_party,
    records_of_documents,
)
from salsa_ext.guns import joint_seizures
from salsa_ext.guns.joint_seizures import JointReference
from salsa_ext.matches.search import ItemMatches
from salsa_ext.reference import names
from salsa_ext.reference.agencies import agency_codes
from salsa_ext.reference.suggestions import WordRemark


@dataclass(frozen=True)
class DocumentView:
    """One version of a document with items and parties.

    `remarks` are set if it was just recorded. `sharing` is what the reader may see of another
    state's document; None for an own one. `joint` is a seizure's joint reference.
    """

    kind: DocumentKind
    document: Any
    items: Sequence[RecordView]
    parties: PartiesById
    remarks: Sequence[WordRemark] | None = None
    sharing: Sharing | None = None
    joint: JointReference | None = None

    @property
    def version(self) -> int:
        """Return the version for If-Match."""
        return int(self.document.version)

    def may(self, group: str) -> bool:
        """Return whether the reader may see a field group."""
        return self.sharing is None or self.sharing.may(group)

    @cached_property
    def value(self) -> Any:
        """Return what the document says, as its declared class."""
        return self.kind.read_value(self)

    @cached_property
    def present_groups(self) -> list[str]:
        """Return the field groups that have values, but for the owner's own."""
        groups = groups_with_values(self.value)
        if self.document.reason:
            groups.add("remarks")
        return [group for group in FIELD_GROUPS if group in groups]

    def present(self) -> dict[str, Any]:
        """Return the declared fields, each for readers of its group alone."""
        groups = [group for group in (*FIELD_GROUPS, OWNER) if self.may(group)]
        return presenter(self.kind.value, frozenset(groups))(self.value)


@dataclass(frozen=True)
class MatchedDocument:
    """A document just recorded, with the matches of its items."""

    view: DocumentView
    matches: Sequence[ItemMatches]

    @property
    def version(self) -> int:
        """Return the version of the document."""
        return self.view.version


DOCUMENT_SORTS: Final = ("occurred_on", "number")
"""Columns by which lists of documents are sorted."""


@dataclass(frozen=True)
class DocumentKind:
    """A kind of document: table, declared class, permission, list filters.

    `parts(view)` returns the values of other tables, by the fields that hold them.
    """

    name: str
    model: Any
    value: type
    permission: Permission
    filters: tuple[str, ...]
    parts: Callable[[DocumentView], dict[str, Any]]

    @property
    def listing(self) -> Listing:
        """Return how its list is narrowed and sorted."""
        columns = self.model.__table__.c
        sorts = tuple(name for name in DOCUMENT_SORTS if not columns[name].nullable)
        return Listing(self.model, "occurred_on", sorts)

    def read_value(self, view: DocumentView) -> Any:
        """Return what a document says, as the declared class."""
        return from_row(self.value, view.document, **self.parts(view))


def _read_items(view: DocumentView) -> dict[str, Any]:
    return {"items": tuple(recorded_item(item, RecordedSeizedItem) for item in view.items)}


def _read_gun(view: DocumentView) -> dict[str, Any]:
    giver = recorded_party(view.parties, view.document.giver_id)
    return {"firearm": recorded_item(view.items[0]), "giver": giver}


def _read_gun_and_sides(view: DocumentView) -> dict[str, Any]:
    receiver = recorded_party(view.parties, view.document.receiver_id)
    return _read_gun(view) | {"receiver": receiver}


TRANSFERS = DocumentKind(
    "transfer",
    Transfer,
    TransferData,
    Permission.TRANSFER_READ,
    ("kind", "number"),
    _read_gun_and_sides,
)
REPORTS = DocumentKind(
    "report", Report, ReportData, Permission.REPORT_READ, ("kind", "status", "number"), _read_gun
)
SEIZURES = DocumentKind(
    "seizure",
    Seizure,
    SeizureData,
    Permission.SEIZURE_READ,
    ("kind", "status", "number", "post", "agency", "admin1"),
    _read_items,
)


def list_own_documents(
    actor: Actor, kind: DocumentKind, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[DocumentView]:
    """Return a page of own documents, newest first; raises Invalid for an unknown agency."""
    require(actor, kind.permission)
    problems = Problems()
    if agency := filters.get("agency"):
        check_agency(problems, "agency", agency, agency_codes(actor.own_state()))
    problems.raise_any()
    own = select_current(kind.model).where(kind.model.owner_state == actor.state)
    return _list_page(actor, own, kind, filters, limit, cursor)


def list_concerning(
    actor: Actor, kind: DocumentKind, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[DocumentView]:
    """Return a page of documents of any owner that concern the state."""
    require(actor, kind.permission)
    return _list_page(actor, select_current(kind.model), kind, filters, limit, cursor)


def _list_page(
    actor: Actor,
    query: Select[Any],
    kind: DocumentKind,
    filters: dict[str, Any],
    limit: int,
    cursor: str | None,
) -> Page[DocumentView]:
    if (on := filters.get("occurred_on")) is not None:
        query = kind.listing.between(query, first_day(on), last_day(on))
    for name in kind.filters:
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(kind.model, name) == value)
    if (serial := filters.get("serial")) is not None:
        query = query.where(kind.model.id.in_(documents_with_serial(actor.own_state(), serial)))
    if make := filters.get("make"):
        bearing = select(Record.document_id).where(Record.owner_state == actor.state)
        code = names.resolve("make", make)
        named = Record.make == code if code else Record.make_text.icontains(make, autoescape=True)
        query = query.where(kind.model.id.in_(bearing.where(named)))
    if number := filters.get("external_id"):
        query = query.where(
            kind.model.owner_state == actor.state, kind.model.has_external_id(number)
        )
    if place := filters.get("place"):
        query = query.where(kind.model.place_name.icontains(place, autoescape=True))
    if gap := filters.get("missing"):
        query = query.where(_lacks(actor.own_state(), gap))
    page = kind.listing.fetch(query, filters, limit, cursor)
    return page.with_items(_build_views(kind, page.items))


def _lacks(state: str, gap: str) -> ColumnElement[bool]:
    """Return whether a seizure or a gun of it lacks what a gap of annual reports names."""
    if gap == "ground_unknown":
        return func.cardinality(Seizure.legal_grounds) == 0
    if gap == "context_unknown":
        contexts = Seizure.crime_context
        return (func.cardinality(contexts) == 0) | contexts.contains(["unknown"])
    guns = select_current(Record).where(Record.owner_state == state, Record.category == "firearm")
    if gap == "mark_unread":
        is_read = Record.serial.regexp_match(r"^[^?*[]+$")
        is_read &= Record.marking.not_in(UNREAD)
        guns = guns.where(is_read.is_not(True), Record.marking != "unmarked")
        return Seizure.id.in_(guns.with_only_columns(Record.document_id))
    classes = {code: names.questionnaire_class(code) for code in names.type_codes()}
    column, known = {
        "class_unknown": (Record.type, [code for code in classes if classes[code] != "unknown"]),
        "marking_unknown": (Record.marking, codes.MARK_CONDITIONS),
        "manufacture_unknown": (Record.country_of_manufacture, None),
    }[gap]
    is_known = column.is_not(None) if known is None else column.in_({*known} - {"unknown"})
    return Seizure.id.in_(guns.where(is_known.is_not(True)).with_only_columns(Record.document_id))


UNREAD: Final = ("altered", "obliterated")


def unread_guns(view: DocumentView) -> list[Record]:
    """Return the guns of a seizure whose marks are damaged or removed, as `mark_unread` finds."""
    return [
        gun
        for gun in (item.record for item in view.items)
        if gun.category == "firearm"
        and gun.marking != "unmarked"
        and (gun.marking in UNREAD or not re.fullmatch(r"[^?*[]+", gun.serial or ""))
    ]


def document_history(view: DocumentView) -> list[VersionInfo]:
    """Return the versions of a document; reasons only if disclosed."""
    versions = list_versions(view.document, is_own=view.sharing is None)
    may_why = view.may("remarks")
    return [version if may_why else replace(version, reason=None) for version in versions]


def with_sharing(actor: Actor, views: Sequence[DocumentView]) -> list[DocumentView]:
    """Return documents with the reader's sharing, computed together."""
    sharings = share_records(actor, [item for view in views for item in view.items])
    return [replace(view, sharing=sharings[view.items[0].record.id]) for view in views]


def current_version(kind: DocumentKind, document_id: UUID) -> int:
    """Return the current version for If-Match; raises NotFound."""
    return load_document(kind, document_id).version


def load_document(
    kind: DocumentKind, document_id: UUID, as_of: datetime | None = None
) -> DocumentView:
    """Return a document as its command wrote it, or `as_of`; raises NotFound."""
    query = select_current(kind.model, as_of).where(kind.model.id == document_id)
    document = db.session.scalars(query).first()
    if document is None:
        raise NotFound(kind.name, document_id)
    return _build_views(kind, [document], as_of)[0]


def _build_views(
    kind: DocumentKind, documents: Sequence[Any], as_of: datetime | None = None
) -> list[DocumentView]:
    items = records_of_documents([document.id for document in documents], as_of)
    sides = ("giver_id", "receiver_id")
    parties = find_parties(getattr(row, party, None) for row in documents for party in sides)
    joints = joint_seizures.find_references(row for row in documents if isinstance(row, Seizure))
    return [
        DocumentView(kind, row, items[row.id], parties, joint=joints.get(row.id))
        for row in documents
    ]


def read_document(
    *, actor: Actor, kind: DocumentKind, document_id: UUID, as_of: datetime | None = None
) -> DocumentView:
    """Return a seizure, report or transfer; audits disclosures. Raises NotFound, Invalid."""
    require(actor, kind.permission)
    view = load_document(kind, document_id, as_of)
    if view.document.owner_state == actor.state:
        return view
    disclosures.require_purpose(actor)
    return _audit_views(actor, [view])[0]


def list_documents(
    *, actor: Actor, kind: DocumentKind, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[DocumentView]:
    """Return own documents, or all with a purpose; audits disclosures. Raises Invalid."""
    require(actor, kind.permission)
    if actor.purpose is None:
        return list_own_documents(actor, kind, filters, limit, cursor)
    disclosures.require_purpose(actor)
    page = list_concerning(actor, kind, filters, limit, cursor)
    return page.with_items(_audit_views(actor, page.items))


def _audit_views(actor: Actor, views: Sequence[DocumentView]) -> list[DocumentView]:
    """Add the sharing to documents and audit disclosures of other states'."""
    shared = with_sharing(actor, views)
    disclosures.append_disclosures(
        actor,
        [
            disclosures.record_disclosure_event(item, view.sharing, view.present_groups)
            for view in shared
            if view.sharing and not view.sharing.is_own
            for item in view.items
        ],
    )
    return shared
