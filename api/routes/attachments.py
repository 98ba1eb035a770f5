"""Routes of attachments: photographs, documents, laboratory reports."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import g

from api.http.files import StoredFile
from api.http.resource import Resource
from api.schemas.attachments import (
    AttachmentQuery,
    AttachmentRequest,
    AttachmentResponse,
    AttachmentWithdrawRequest,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.administration import attachments, files
from salsa_ext.administration.attachments import AttachmentView
from salsa_ext.administration.files import MAX_RECEIVED
from salsa_ext.administration.values import AttachmentData, FileContent
from salsa_ext.core.actor import Actor
from salsa_ext.core.config import MIB
from salsa_ext.database.paging import Page
from salsa_ext.trade.permits.values import DecisionData

FILE_SUFFIXES: Final = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}
FILE_DESCRIPTION: Final = (
    "A photograph (JPEG, PNG or WebP; at most 50 million pixels, of WebP 16), which is made anew without"
    " what the camera wrote beside it; or a PDF without encryption and active content. At most 20 MiB."
)
PATH = "/attachments/<uuid:attachment_id>"

blueprint = Resource("attachments", "Photographs, documents and laboratory reports of any object")


def list_attachments(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[AttachmentView]:
    """Return a page of attachments; other states' may need Salsa-Purpose."""
    return attachments.view_attachments(
        actor=actor,
        subject=filters["subject"],
        kind=filters.get("kind"),
        limit=limit,
        cursor=cursor,
    )


def get_attachment(actor: Actor, attachment_id: UUID) -> AttachmentView:
    """Return an attachment; another state's may need Salsa-Purpose."""
    return attachments.view_attachment(actor=actor, attachment_id=attachment_id)


def get_attachment_content(actor: Actor, attachment_id: UUID) -> StoredFile:
    """Return the stored file; its ETag is the SHA-256."""
    row, held = attachments.download_attachment(actor=actor, attachment_id=attachment_id)
    name = f"{row.kind}-{row.id}.{FILE_SUFFIXES[row.media_type]}"
    return StoredFile(held.data, row.media_type, row.kept_sha256, name)


blueprint.listing(
    "/attachments",
    AttachmentQuery,
    AttachmentResponse,
    list_attachments,
    Permission.ATTACHMENT_READ,
)
blueprint.reading(PATH, AttachmentResponse, get_attachment, Permission.ATTACHMENT_READ)
blueprint.handing_out(
    f"{PATH}/content", get_attachment_content, Permission.ATTACHMENT_READ, FILE_SUFFIXES
)


@blueprint.uploading(
    "/attachments",
    AttachmentRequest,
    AttachmentResponse,
    Permission.ATTACHMENT_RECORD,
    most=MAX_RECEIVED + MIB,
    described=FILE_DESCRIPTION,
    taking=files.clean_file,
)
def create_attachment(
    actor: Actor, data: AttachmentData, received: bytes, content: FileContent
) -> AttachmentView:
    """Attach a file to an object that you may read."""
    made = attachments.add_attachment(actor=actor, data=data, received=received, stored=content)
    return attachments.attachment_view(actor, attachments.load_attachment(made))


@blueprint.posting(
    f"{PATH}/withdraw",
    AttachmentWithdrawRequest,
    AttachmentResponse,
    Permission.ATTACHMENT_RECORD,
    status=200,
    standing=attachments.attachment_version,
)
def withdraw_attachment(actor: Actor, data: DecisionData, attachment_id: UUID) -> AttachmentView:
    """Withdraw an attachment, with the reason; it is not deleted."""
    attachments.withdraw_attachment(
        actor=actor, attachment_id=attachment_id, expected_version=g.expected_version, data=data
    )
    return attachments.attachment_view(actor, attachments.load_attachment(attachment_id))
