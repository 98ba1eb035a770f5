"""Routes of attachments: photographs, documents, laboratory reports."""

from typing import Any, Final
from uuid import UUID

from flask import Response

from api.http.context import current_store
from api.http.files import Upload, send_file
from api.http.resource import Item, Resource
from api.schemas.attachments import (
    AttachmentQuery,
    AttachmentRequest,
    AttachmentResponse,
    AttachmentWithdrawRequest,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.administration import attachments, file_cleaning
from salsa_ext.administration.attachment_values import AttachmentData, FileContent
from salsa_ext.administration.attachments import AttachmentView
from salsa_ext.administration.file_cleaning import MAX_RECEIVED
from salsa_ext.core.actor import Actor
from salsa_ext.core.config import MIB
from salsa_ext.database.paging import Page

FILE_SUFFIXES: Final = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}
FILE_DESCRIPTION: Final = (
    "A photograph (JPEG, PNG or WebP; at most 50 million pixels, of WebP 16), stored without the"
    " camera's metadata; or a PDF without encryption and active content. At most 20 MiB."
)
PATH = "/attachments/<uuid:attachment_id>"


def _load_view(actor: Actor, attachment_id: UUID) -> AttachmentView:
    return attachments.attachment_view(actor, attachments.load_attachment(attachment_id))


blueprint = Resource(
    "attachments",
    "Photographs, documents and laboratory reports of any object",
    Item(AttachmentResponse, _load_view, attachments.attachment_version),
)


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


def get_attachment_content(actor: Actor, attachment_id: UUID) -> Response:
    """Return the stored file; its ETag is the SHA-256."""
    row, content = attachments.download_attachment(
        actor=actor, attachment_id=attachment_id, store=current_store()
    )
    name = f"{row.kind}-{row.id}.{FILE_SUFFIXES[row.media_type]}"
    return send_file(content.data, row.media_type, row.stored_sha256, name)


READ = Permission.ATTACHMENT_READ
blueprint.listing("/attachments", AttachmentQuery, AttachmentResponse, list_attachments, READ)
blueprint.reading(PATH, AttachmentResponse, get_attachment, READ)
blueprint.reading(f"{PATH}/content", None, get_attachment_content, READ, media_types=FILE_SUFFIXES)


@blueprint.posting(
    "/attachments",
    AttachmentRequest,
    AttachmentResponse,
    Permission.ATTACHMENT_RECORD,
    location="/attachments/{id}",
    upload=Upload(MAX_RECEIVED + MIB, FILE_DESCRIPTION, file_cleaning.clean_file),
)
def create_attachment(
    actor: Actor, data: AttachmentData, received: bytes, content: FileContent
) -> AttachmentView:
    """Attach a file to an object that you may read."""
    attachment_id = attachments.add_attachment(
        actor=actor, data=data, received=received, stored=content, store=current_store()
    )
    return _load_view(actor, attachment_id)


blueprint.action(
    f"{PATH}/withdraw",
    AttachmentWithdrawRequest,
    attachments.withdraw_attachment,
    Permission.ATTACHMENT_RECORD,
    "Withdraw an attachment, with the reason; it is not deleted.",
)
