"""Attachments of objects: adding, reading, downloading, withdrawing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import AuditEvent, append, append_many, resolve_officer
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.release import FINDER_VISIBILITIES, Statement
from salsa_ext.access.rules import require
from salsa_ext.administration import file_cleaning
from salsa_ext.administration.attachment_values import (
    AttachmentData,
    AttachmentSubject,
    FileContent,
)
from salsa_ext.administration.content_store import ContentStore, require_whole
from salsa_ext.administration.models import Attachment, AttachmentPart
from salsa_ext.checks.models import Check
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.core.config import MIB
from salsa_ext.core.errors import CodeLabel, Conflict, Forbidden, Invalid, NotFound, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many, is_any_of
from salsa_ext.database.locks import lock, select_current
from salsa_ext.database.models import Versioned
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db, read_row
from salsa_ext.disclosure.disclosures import require_purpose
from salsa_ext.disclosure.sharing import Sharing, actor_reader
from salsa_ext.documents.models import Report, Seizure, Transfer
from salsa_ext.exchange.models import ConversationMessage
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.search.mark_lookup import find_owner
from salsa_ext.tracing.traces.models import Trace
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.permits.models import Licensee, Permit
from salsa_ext.trade.permits.values import StatusDecision
from salsa_ext.trade.shipments.models import Shipment

PART_SIZE: Final = MIB
CONTENT_GROUPS: Final = ("content",)
"""Groups audited when the file itself is downloaded."""
SHARED_HANDLING: Final = ("H0", "H1")
"""Handling codes visible to the other states concerned (Europol's H0 to H3)."""


def add_attachment(
    *,
    actor: Actor,
    data: AttachmentData,
    received: bytes,
    stored: FileContent,
    store: ContentStore | None = None,
) -> UUID:
    """Attach a file to an object the actor may read.

    `stored` is the result of `files.clean_file`, computed before the transaction, since it takes
    seconds and runs one picture at a time. Its content goes to `store`, or to the database for None.
    Raises NotFound, Unavailable, or Invalid for the file.
    """
    require(actor, Permission.ATTACHMENT_RECORD)
    require(actor, ATTACHABLE_KINDS[data.subject.kind].permission)
    subject = find_subject(data.subject)
    if data.kind == "photograph" and stored.media_type == file_cleaning.PDF_TYPE:
        raise Invalid({"kind": [message("A PDF is a document or a laboratory report.")]})
    owner = actor.own_state()
    concerned = sorted({owner, *(subject.concerned if data.handling in SHARED_HANDLING else ())})
    row = _attachment_row(actor, data, received, stored) | {
        "owner_state": owner,
        "concerned": concerned,
    }
    insert_many(Attachment, [row])
    _save_content(actor, store, row, stored.data)
    if stored.media_type == file_cleaning.PDF_TYPE:  # a laboratory's signature is on what it sent
        _save_content(actor, store, row, received, is_original=True)
    append(actor, _audit_event(Action.ATTACHMENT_ADDED, Attachment(**row), concerned))
    return UUID(str(row["id"]))


def withdraw_attachment(
    *, actor: Actor, attachment_id: UUID, expected_version: int | None, data: StatusDecision
) -> None:
    """Withdraw a file; reason and hashes remain. Raises NotFound, Forbidden, StaleVersion, Conflict."""
    require(actor, Permission.ATTACHMENT_RECORD)
    owner = find_attachment(actor, attachment_id).owner_state
    require(actor, Permission.ATTACHMENT_RECORD, owner)
    attachment = lock(Attachment, attachment_id, expected_version)
    _check_not_withdrawn(attachment)
    attachment.withdrawn_at, attachment.withdrawn_reason = actor.now(), data.reason
    attachment.version += 1
    db.session.flush()
    append(actor, _audit_event(Action.ATTACHMENT_WITHDRAWN, attachment, attachment.concerned))


def view_attachment(*, actor: Actor, attachment_id: UUID) -> AttachmentView:
    """Return an attachment's metadata, audited for its owner; raises NotFound, Invalid."""
    require(actor, Permission.ATTACHMENT_READ)
    return _disclose(actor, [_find_with_purpose(actor, attachment_id)])[0]


def download_attachment(
    *, actor: Actor, attachment_id: UUID, store: ContentStore | None = None
) -> tuple[Attachment, FileContent]:
    """Return an attachment's content, audited for its owner; raises NotFound, Invalid, Conflict."""
    require(actor, Permission.ATTACHMENT_READ)
    attachment = _find_with_purpose(actor, attachment_id)
    _check_not_withdrawn(attachment)
    if attachment.owner_state != actor.state:
        append(actor, _disclosure_event(attachment, CONTENT_GROUPS))
    return attachment, load_content(attachment, store)


def view_attachments(
    *, actor: Actor, subject: AttachmentSubject, kind: str | None, limit: int, cursor: str | None
) -> Page[AttachmentView]:
    """Return a page of an object's attachments; audits disclosures to their owners.

    Raises NotFound, Invalid for an incomplete purpose, and Forbidden for an open record of another
    state: its attachments are only for concerned states.
    """
    require(actor, Permission.ATTACHMENT_READ)
    if actor.purpose is not None:
        require_purpose(actor)
    try:
        page = fetch_attachments(actor, subject, kind, limit, cursor)
    except NotFound:
        _refuse_open(actor, subject)
        raise
    return page.with_items(_disclose(actor, page.items))


def view_attachments_of(
    *, actor: Actor, kind: str, ids: Collection[UUID]
) -> Mapping[UUID, Sequence[AttachmentView]]:
    """Return the attachments of objects whose files others read without a purpose, as above."""
    require(actor, Permission.ATTACHMENT_READ)
    require(actor, ATTACHABLE_KINDS[kind].permission)
    query = select(Attachment).where(
        Attachment.subject_kind == kind, is_any_of(Attachment.subject_id, ids)
    )
    rows = db.session.scalars(query.order_by(Attachment.id)).all()
    return group_by(_disclose(actor, rows), lambda view: view.row.subject_id)


def _refuse_open(actor: Actor, subject: AttachmentSubject) -> None:
    """Raise Forbidden with the state to ask, for a visible open record.

    It does not reveal whether there are attachments. Files contain free text, persons and places
    (`remarks`), which release denies to states not concerned.
    """
    owner = find_owner(subject.id) if subject.kind == "record" else None
    if (
        owner
        and owner[1] in FINDER_VISIBILITIES["firearm"]
        and Permission.RECORD_READ in actor.permissions
    ):
        raise Forbidden(
            message(
                "What is attached to a record is shown to the states that it concerns;"
                " ask {state}.",
                state=CodeLabel("state", owner[0]),
            )
        )


def _find_with_purpose(actor: Actor, attachment_id: UUID) -> Attachment:
    attachment = find_attachment(actor, attachment_id)
    if (
        attachment.owner_state != actor.state
        and ATTACHABLE_KINDS[attachment.subject_kind].for_a_purpose
    ):
        require_purpose(actor)
    return attachment


def _disclose(actor: Actor, rows: Sequence[Attachment]) -> list[AttachmentView]:
    """Return views for the reader; audit disclosures of other states' data."""
    views = [attachment_view(actor, row) for row in rows]
    append_many(
        actor,
        [
            _disclosure_event(view.row, view.sharing.given(_field_groups(view.row)))
            for view in views
            if not view.sharing.is_own
        ],
    )
    return views


def _field_groups(row: Attachment) -> list[str]:
    has_text = row.title or row.withdrawn_reason
    return ["document", "remarks"] if has_text else ["document"]


def _check_not_withdrawn(attachment: Attachment) -> None:
    if attachment.withdrawn_at is not None:
        raise Conflict(
            message("This attachment was withdrawn: {reason}", reason=attachment.withdrawn_reason)
        )


def _attachment_row(
    actor: Actor, data: AttachmentData, received: bytes, stored: FileContent
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "version": 1,
        "subject_kind": data.subject.kind,
        "subject_id": data.subject.id,
        "kind": data.kind,
        "title": data.title,
        "handling": data.handling,
        "media_type": stored.media_type,
        "size": len(stored.data),
        "width": stored.width,
        "height": stored.height,
        "received_sha256": hashlib.sha256(received).digest(),
        "stored_sha256": hashlib.sha256(stored.data).digest(),
        "added_at": actor.now(),
        "added_by_agency": actor.agency,
        "added_by_officer": resolve_officer(actor),
        "withdrawn_at": None,
        "withdrawn_reason": None,
    }


def _save_content(
    actor: Actor,
    store: ContentStore | None,
    row: dict[str, Any],
    content: bytes,
    *,
    is_original: bool = False,
) -> None:
    """Store a content before the commit, so that what is acknowledged is there.

    An original is never handed out; in the database it is sealed, and its positions count from -1
    down.
    """
    if store is not None:
        store.save(_name(row["id"], is_original), content)
        return
    if is_original:
        content = actor.vault.seal(content, f"attachment:{row['id']}")
    owner = row["owner_state"]
    common = {
        "attachment_id": row["id"],
        "owner_state": owner,
        "concerned": [owner] if is_original else row["concerned"],
    }
    for position, start in enumerate(range(0, len(content), PART_SIZE)):
        at = -1 - position if is_original else position
        part = {"position": at, "content": content[start : start + PART_SIZE]}
        insert_many(AttachmentPart, [common | part])  # one at a time: the driver holds each thrice


def _name(attachment_id: UUID, is_original: bool = False) -> str:
    return f"attachments/{attachment_id}{'.original' if is_original else ''}"


def _disclosure_event(attachment: Attachment, groups: Sequence[str]) -> AuditEvent:
    act = _audit_event(Action.ATTACHMENT_DISCLOSED, attachment, [attachment.owner_state])
    return replace(act, data=act.data | {"groups": [*groups]})


def _audit_event(action: Action, attachment: Attachment, concerned: Sequence[str]) -> AuditEvent:
    audit_data: dict[str, Any] = {
        "subject": f"{attachment.subject_kind}:{attachment.subject_id}",
        "kind": attachment.kind,
        "sha256": attachment.stored_sha256.hex(),
    }
    if attachment.subject_kind == "trace":  # restricting the trace restricts this entry too
        audit_data["about"] = [str(attachment.subject_id)]
    return AuditEvent(
        action, "attachment", attachment.id, attachment.owner_state, concerned, audit_data
    )


@dataclass(frozen=True)
class AttachmentView:
    """Attachment metadata as shared with the reader."""

    row: Attachment
    sharing: Sharing

    @property
    def version(self) -> int:
        """Return the attachment's version."""
        return self.row.version


def attachment_view(actor: Actor, row: Attachment) -> AttachmentView:
    """Return an attachment as shared with its reader."""
    concerns = actor.state in row.concerned
    is_paper = not ATTACHABLE_KINDS[row.subject_kind].for_a_purpose
    statement = Statement(row.owner_state, "open", row.handling, concerns, is_paper)
    return AttachmentView(row, Sharing(statement, actor_reader(actor)))


def fetch_attachments(
    actor: Actor, subject: AttachmentSubject, kind: str | None, limit: int, cursor: str | None
) -> Page[Attachment]:
    """Return attachments, newest first, without a purpose not others'; raises NotFound."""
    require(actor, Permission.ATTACHMENT_READ)
    require(actor, ATTACHABLE_KINDS[subject.kind].permission)
    find_subject(subject)
    query = select(Attachment).where(
        Attachment.subject_kind == subject.kind, Attachment.subject_id == subject.id
    )
    if kind is not None:
        query = query.where(Attachment.kind == kind)
    if actor.purpose is None and ATTACHABLE_KINDS[subject.kind].for_a_purpose:
        query = query.where(Attachment.owner_state == actor.state)
    return fetch_page(query, Attachment.id, limit, cursor)


def find_attachment(actor: Actor, attachment_id: UUID) -> Attachment:
    """Return an attachment of an object the actor may read; raises NotFound."""
    require(actor, Permission.ATTACHMENT_READ)
    attachment = load_attachment(attachment_id)
    if ATTACHABLE_KINDS[attachment.subject_kind].permission not in actor.permissions:
        raise NotFound("attachment", attachment_id)
    return attachment


def load_attachment(attachment_id: UUID) -> Attachment:
    """Return an attachment visible to the state; checks no permission, raises NotFound."""
    return read_row(Attachment, attachment_id)


def attachment_version(actor: Actor, attachment_id: UUID) -> int:
    """Return the current version for If-Match; raises NotFound as for reading."""
    return find_attachment(actor, attachment_id).version


def load_content(attachment: Attachment, store: ContentStore | None) -> FileContent:
    """Return a content from the database, else from the store; raises Unavailable, NotConfigured."""
    mine = AttachmentPart.attachment_id == attachment.id, AttachmentPart.position >= 0
    parts = select(AttachmentPart.content).where(*mine).order_by(AttachmentPart.position)
    content = b"".join(db.session.scalars(parts.execution_options(yield_per=1)))
    if not content and store is not None:
        with suppress(FileNotFoundError):
            content = b"".join(store.load(_name(attachment.id)))
    require_whole(hashlib.sha256(content).digest() == attachment.stored_sha256)
    return FileContent(content, attachment.media_type, attachment.width, attachment.height)


@dataclass(frozen=True)
class SubjectKind:
    """Kind of object: table, read permission, and whether others need a purpose."""

    model: Any
    permission: Permission
    for_a_purpose: bool = False


ATTACHABLE_KINDS: Final[Mapping[str, SubjectKind]] = {
    "check": SubjectKind(Check, Permission.CHECK_MAKE),
    "discrepancy": SubjectKind(Discrepancy, Permission.DISCREPANCY_READ),
    "message": SubjectKind(ConversationMessage, Permission.CONVERSATION_WRITE),
    "licensee": SubjectKind(Licensee, Permission.LICENSEE_READ),
    "permit": SubjectKind(Permit, Permission.PERMIT_READ),
    "record": SubjectKind(Record, Permission.RECORD_READ, for_a_purpose=True),
    "report": SubjectKind(Report, Permission.REPORT_READ, for_a_purpose=True),
    "seizure": SubjectKind(Seizure, Permission.SEIZURE_READ, for_a_purpose=True),
    "shipment": SubjectKind(Shipment, Permission.SHIPMENT_READ),
    "trace": SubjectKind(Trace, Permission.TRACE_READ),
    "transfer": SubjectKind(Transfer, Permission.TRANSFER_READ, for_a_purpose=True),
}


def find_subject(subject: AttachmentSubject) -> Any:
    """Return the current row of a visible object; raises NotFound."""
    model = ATTACHABLE_KINDS[subject.kind].model
    query = select_current(model) if issubclass(model, Versioned) else select(model)
    row = db.session.scalars(query.where(model.id == subject.id)).first()
    if row is None:
        raise NotFound(subject.kind, subject.id)
    return row
