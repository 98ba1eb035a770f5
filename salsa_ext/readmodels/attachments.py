"""What is attached to objects of the service; what each holds is read apart."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Attachment, AttachmentPart
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.release import Said
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import subjects
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.readmodels.sharing import Sharing, reader_of
from salsa_ext.values.actor import Actor
from salsa_ext.values.attachments import Content, Subject


@dataclass(frozen=True)
class AttachmentView:
    """What is known of an attachment, and what of it the reader is given."""

    row: Attachment
    sharing: Sharing

    @property
    def version(self) -> int:
        """Return the version of the attachment."""
        return self.row.version


def shared(actor: Actor, row: Attachment) -> AttachmentView:
    """Return an attachment as its reader is given it: whom the object concerned may see it at all."""
    concerns = actor.state in row.concerned
    is_paper = not subjects.KINDS[row.subject_kind].for_a_purpose
    said = Said(row.owner_state, "open", row.handling, concerns, is_paper)
    return AttachmentView(row, Sharing(said, reader_of(actor)))


def list_attachments(
    actor: Actor, subject: Subject, kind: str | None, limit: int, cursor: str | None
) -> Page[Attachment]:
    """Return a page of what is attached to an object, newest first; raises NotFound.

    What another state attached to an object that is read for a purpose is left out without one.
    """
    require(actor, Permission.ATTACHMENT_READ)
    require(actor, subjects.KINDS[subject.kind].permission)
    subjects.find(subject)
    query = select(Attachment).where(
        Attachment.subject_kind == subject.kind, Attachment.subject_id == subject.id
    )
    if kind is not None:
        query = query.where(Attachment.kind == kind)
    if actor.purpose is None and subjects.KINDS[subject.kind].for_a_purpose:
        query = query.where(Attachment.owner_state == actor.state)
    return page(query, Attachment.id, limit, cursor)


def get_attachment(actor: Actor, attachment_id: UUID) -> Attachment:
    """Return one attachment of an object that the actor may read; raises NotFound."""
    require(actor, Permission.ATTACHMENT_READ)
    found = read(attachment_id)
    if subjects.KINDS[found.subject_kind].permission not in actor.permissions:
        raise NotFound("attachment", attachment_id)
    return found


def read(attachment_id: UUID) -> Attachment:
    """Return one attachment that the state may see, for a command that just wrote it."""
    found = db.session.get(Attachment, attachment_id, populate_existing=True)
    if found is None:
        raise NotFound("attachment", attachment_id)
    return found


def version(actor: Actor, attachment_id: UUID) -> int:
    """Return the version that stands, for If-Match; raises NotFound."""
    return read(attachment_id).version


def content_of(attachment: Attachment) -> Content:
    """Return what an attachment holds, piece by piece."""
    mine = AttachmentPart.attachment_id == attachment.id
    parts = select(AttachmentPart.content).where(mine).order_by(AttachmentPart.position)
    held = db.session.scalars(parts.execution_options(yield_per=1))
    return Content(b"".join(held), attachment.media_type, attachment.width, attachment.height)
