"""Schemas of attachments."""

import re
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, pre_dump

from api.http.fields.scalars import Code, Line, StateCode, Text
from api.http.fields.schemas import RequestSchema, repeats
from api.http.pagination import ListQuery
from api.i18n.messages import LazyMessage
from api.schemas.common import RecorderResponse, row_fields
from salsa_ext.administration.attachment_values import AttachmentData, AttachmentSubject
from salsa_ext.administration.attachments import ATTACHABLE_KINDS, AttachmentView
from salsa_ext.core import codes
from salsa_ext.trade.permits.values import StatusDecision

MEDIA_TYPES = ("image/jpeg", "image/png", "application/pdf")
SUBJECT_PATTERN = re.compile(
    rf"({'|'.join(ATTACHABLE_KINDS)}):([0-9a-f]{{8}}-(?:[0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}})"
)


class SubjectField(fields.String):
    """Object by kind and id, such as `seizure:0199f2c0-…`."""

    default_error_messages = {
        "invalid": LazyMessage(
            "A kind of object and its id, such as seizure:0199f2c0-0000-7000-8000-000000000000;"
            " the kinds are: {kinds}."
        )
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"pattern": f"^{SUBJECT_PATTERN.pattern}$"}, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        match = SUBJECT_PATTERN.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise self.make_error("invalid", kinds=", ".join(ATTACHABLE_KINDS))
        return AttachmentSubject(match[1], UUID(match[2]))


class AttachmentRequest(RequestSchema):
    """New attachment; handling H2 and H3 stay in your state."""

    value = AttachmentData
    subject = SubjectField(required=True)
    kind = Code(codes.ATTACHMENT_KINDS, required=True)
    title = Line(most=200)
    handling = Code(codes.HANDLING_CODES, load_default="H1")


class AttachmentWithdrawRequest(RequestSchema):
    """Reason to withdraw an attachment."""

    value = StatusDecision
    reason = Text(most=500, required=True)


class AttachmentQuery(ListQuery):
    """Object, and optionally the kind of attachment."""

    subject = SubjectField(required=True)
    kind = Code(codes.ATTACHMENT_KINDS)


@repeats(AttachmentRequest)
class AttachmentResponse(Schema):
    """Attachment; `size` in bytes, digests of the received and the stored file."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = StateCode(required=True)
    subject = fields.String(required=True)
    media_type = Code(MEDIA_TYPES, required=True)
    size = fields.Integer(required=True)
    width = fields.Integer(allow_none=True)
    height = fields.Integer(allow_none=True)
    received_sha256 = fields.String(required=True)
    stored_sha256 = fields.String(required=True)
    added = fields.Nested(RecorderResponse, required=True)
    withdrawn_at = fields.DateTime(allow_none=True)
    withdrawn_reason = fields.String(allow_none=True)

    @pre_dump
    def _present(self, view: AttachmentView, **_: Any) -> dict[str, Any]:
        row, may = view.row, view.sharing.may
        officer = row.officer.number if row.officer and view.sharing.is_own else None
        by = {"agency": row.added_by_agency, "at": row.added_at, "officer": officer}
        return row_fields(row) | {
            "subject": f"{row.subject_kind}:{row.subject_id}",
            "added": by,
            "title": row.title if may("remarks") else None,
            "withdrawn_reason": row.withdrawn_reason if may("remarks") else None,
            "received_sha256": row.received_sha256.hex(),
            "stored_sha256": row.stored_sha256.hex(),
        }
