"""Transfers, reports and seizures as their readers see them: the version, its items, parties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Report, Seizure, Transfer
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import joint
from salsa_ext.readmodels.joint import Joint
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.readmodels.parties import Parties, parties_of
from salsa_ext.readmodels.records import RecordView, of_documents
from salsa_ext.readmodels.remarks import Remark
from salsa_ext.readmodels.sharing import Sharing, groups_of, of_records
from salsa_ext.readmodels.versions import Telling, current, versions_of
from salsa_ext.values.actor import Actor


@dataclass(frozen=True)
class Kind:
    """One kind of document: its table, its permission, and the fields that lists filter by."""

    name: str
    model: Any
    permission: Permission
    filters: tuple[str, ...]
    groups: tuple[str, ...]


SAID = ("firearm", "event", "document", "parties", "firms", "persons", "remarks")
TRANSFERS = Kind("transfer", Transfer, Permission.TRANSFER_READ,
                 ("kind", "number", "occurred_on"), SAID)  # fmt: skip
REPORTS = Kind("report", Report, Permission.REPORT_READ,
               ("kind", "status", "number", "occurred_on"), (*SAID, "place"))  # fmt: skip
SEIZURES = Kind("seizure", Seizure, Permission.SEIZURE_READ,
                ("kind", "number", "occurred_on", "post"), (*SAID, "place"))  # fmt: skip


@dataclass(frozen=True)
class DocumentView:
    """One version of a document with its items; `remarks` where it was just taken.

    `sharing` says what the reader is given of another state's, and `held` of which field groups
    there is something; None where it is his own. `joint` is what a seizure is joint with.
    """

    document: Any
    items: Sequence[RecordView]
    parties: Parties
    remarks: Sequence[Remark] | None = None
    sharing: Sharing | None = None
    held: Sequence[str] = ()
    joint: Joint | None = None

    @property
    def version(self) -> int:
        """Return the version that corrections refer to."""
        return int(self.document.version)

    def may(self, group: str) -> bool:
        """Tell whether the reader is given a field group."""
        return self.sharing is None or self.sharing.may(group)


def list_documents(
    actor: Actor, kind: Kind, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[DocumentView]:
    """Return a page of current versions of the actor's state, newest first."""
    require(actor, kind.permission)
    own = current(kind.model).where(kind.model.owner_state == actor.state)
    return _listed(own, kind, filters, limit, cursor)


def list_concerning(
    actor: Actor, kind: Kind, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[DocumentView]:
    """Return a page of current versions that concern the actor's state, whoever owns them."""
    require(actor, kind.permission)
    return _listed(current(kind.model), kind, filters, limit, cursor)


def _listed(
    query: Select[Any], kind: Kind, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[DocumentView]:
    for name in kind.filters:
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(kind.model, name) == value)
    found = page(query, kind.model.id, limit, cursor)
    return found.of(_views(found.items))


def told(view: DocumentView) -> list[Telling]:
    """Return when a document was recorded, corrected and withdrawn; and why, to who is told."""
    versions = versions_of(view.document, is_own=view.sharing is None)
    may_why = view.may("remarks")
    return [one if may_why else replace(one, reason=None) for one in versions]


def shared(actor: Actor, kind: Kind, views: Sequence[DocumentView]) -> list[DocumentView]:
    """Return documents with what the actor is given of each: its items are settled together."""
    found = of_records(actor, [item for view in views for item in view.items])
    return [
        replace(view, sharing=found[view.items[0].record.id], held=_held(kind, view))
        for view in views
    ]


def _held(kind: Kind, view: DocumentView) -> list[str]:
    """Return the field groups of which a document holds something; what describes it is free text."""
    is_described = bool(getattr(view.document, "details", None))
    return list(dict.fromkeys([*groups_of(kind.groups, view.items[0]),
                               *(["remarks"] if is_described else [])]))  # fmt: skip


def version(kind: Kind, document_id: UUID) -> int:
    """Return the version that stands, for If-Match; raises NotFound."""
    return read(kind, document_id).version


def read(kind: Kind, document_id: UUID, as_of: datetime | None = None) -> DocumentView:
    """Return one document that the state may see, for a command that just wrote it."""
    query = current(kind.model, as_of).where(kind.model.id == document_id)
    document = db.session.scalars(query).first()
    if document is None:
        raise NotFound(kind.name, document_id)
    return _views([document], as_of)[0]


def _views(documents: Sequence[Any], as_of: datetime | None = None) -> list[DocumentView]:
    items = of_documents([document.id for document in documents], as_of)
    sides = ("giver_id", "receiver_id")
    parties = parties_of(getattr(row, side, None) for row in documents for side in sides)
    joints = joint.of(row for row in documents if isinstance(row, Seizure))
    return [
        DocumentView(row, items[row.id], parties, joint=joints.get(row.id)) for row in documents
    ]
