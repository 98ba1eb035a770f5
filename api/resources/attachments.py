"""Attachments: photographs, documents and laboratory reports of any object."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import g

from api.handed import File
from api.resource import Resource
from api.schemas.attachments import (
    AttachmentQuery,
    AttachmentRequest,
    AttachmentResponse,
    AttachmentWithdrawRequest,
)
from salsa_ext.config import MIB
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import attachments as reading
from salsa_ext.readmodels.attachments import AttachmentView
from salsa_ext.readmodels.pages import Page
from salsa_ext.services import attachments, contents
from salsa_ext.services.contents import MOST_RECEIVED
from salsa_ext.values.actor import Actor
from salsa_ext.values.attachments import AttachmentData, Content
from salsa_ext.values.changes import Decision

ENDINGS: Final = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}
FILE: Final = (
    "A photograph (JPEG, PNG or WebP; at most 50 million pixels, of WebP 16), which is made anew without"
    " what the camera wrote beside it; or a PDF without encryption and active content. At most 20 MiB."
)
PATH = "/attachments/<uuid:attachment_id>"

blueprint = Resource("attachments", "Photographs, documents and laboratory reports of any object")


def _listed(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[AttachmentView]:
    """Return a page of what is attached to an object; another state's may need Salsa-Purpose."""
    return attachments.list_of(actor=actor, subject=filters["subject"], kind=filters.get("kind"),
                               limit=limit, cursor=cursor)  # fmt: skip


def _read(actor: Actor, attachment_id: UUID) -> AttachmentView:
    """Return what is known of an attachment; another state's may need Salsa-Purpose."""
    return attachments.read(actor=actor, attachment_id=attachment_id)


def content_of(actor: Actor, attachment_id: UUID) -> File:
    """Return the file as it is kept; its ETag is its SHA-256."""
    row, held = attachments.hand_out(actor=actor, attachment_id=attachment_id)
    name = f"{row.kind}-{row.id}.{ENDINGS[row.media_type]}"
    return File(held.data, row.media_type, row.kept_sha256, name)


blueprint.listing(
    "/attachments", AttachmentQuery, AttachmentResponse, _listed, Permission.ATTACHMENT_READ
)
blueprint.reading(PATH, AttachmentResponse, _read, Permission.ATTACHMENT_READ)
blueprint.handing_out(f"{PATH}/content", content_of, Permission.ATTACHMENT_READ, ENDINGS)


@blueprint.uploading(
    "/attachments", AttachmentRequest, AttachmentResponse, Permission.ATTACHMENT_RECORD,
    most=MOST_RECEIVED + MIB, described=FILE, taking=contents.take,
)  # fmt: skip
def add_attachment(
    actor: Actor, data: AttachmentData, received: bytes, kept: Content
) -> AttachmentView:
    """Attach a file to an object that you may read."""
    made = attachments.add(actor=actor, data=data, received=received, kept=kept)
    return reading.shared(actor, reading.read(made))


@blueprint.posting(
    f"{PATH}/withdraw", AttachmentWithdrawRequest, AttachmentResponse,
    Permission.ATTACHMENT_RECORD, status=200, standing=reading.version,
)  # fmt: skip
def withdraw_attachment(actor: Actor, data: Decision, attachment_id: UUID) -> AttachmentView:
    """Hand an attachment out no more, with the reason; it is not deleted."""
    attachments.withdraw(actor=actor, attachment_id=attachment_id, seen=g.seen, data=data)
    return reading.shared(actor, reading.read(attachment_id))
