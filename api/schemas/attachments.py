"""Attachments over HTTP."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, pre_dump

from api.i18n import Lazy
from api.pagination import ListQuery
from api.schemas.common import ReaderResponse, columns
from api.schemas.fields import Code, Line, RequestSchema, Text
from salsa_ext.readmodels.attachments import AttachmentView
from salsa_ext.readmodels.subjects import KINDS
from salsa_ext.values import codes
from salsa_ext.values.attachments import AttachmentData, Subject
from salsa_ext.values.changes import Decision

SUBJECT = re.compile(rf"({'|'.join(KINDS)}):([0-9a-f]{{8}}-(?:[0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}})")


class SubjectField(fields.String):
    """An object of the service by its kind and id, such as `seizure:0199f2c0-…`."""

    default_error_messages = {
        "invalid": Lazy("A kind of object and its id, such as seizure:0199f2c0-0000-7000-8000-000000000000;"
                        " the kinds are: {kinds}."),
    }  # fmt: skip

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"pattern": f"^{SUBJECT.pattern}$"}, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        found = SUBJECT.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise self.make_error("invalid", kinds=", ".join(KINDS))
        return Subject(found[1], UUID(found[2]))


class AttachmentRequest(RequestSchema):
    """What a file is attached to, and for whose eyes: H2 and H3 stay in your own state."""

    value = AttachmentData
    subject = SubjectField(required=True)
    kind = Code(codes.ATTACHMENT_KINDS, required=True)
    title = Line(most=200)
    handling = Code(codes.HANDLING_CODES, load_default="H1")


class AttachmentWithdrawRequest(RequestSchema):
    """Why an attachment is handed out no more."""

    value = Decision
    reason = Text(most=500, required=True)


class AttachmentQuery(ListQuery):
    """What is attached to which object."""

    subject = SubjectField(required=True)
    kind = Code(codes.ATTACHMENT_KINDS)


class AttachmentResponse(Schema):
    """What is known of an attachment; `size` in bytes and the digests are of what is kept and came."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    subject = fields.String(required=True)
    kind = fields.String(required=True)
    title = fields.String(allow_none=True)
    handling = fields.String(required=True)
    media_type = fields.String(required=True)
    size = fields.Integer(required=True)
    width = fields.Integer(allow_none=True)
    height = fields.Integer(allow_none=True)
    received_sha256 = fields.String(required=True)
    kept_sha256 = fields.String(required=True)
    added = fields.Nested(ReaderResponse, required=True)
    withdrawn_at = fields.DateTime(allow_none=True)
    withdrawn_reason = fields.String(allow_none=True)

    @pre_dump
    def _present(self, view: AttachmentView, **_: Any) -> dict[str, Any]:
        row, may = view.row, view.sharing.may
        officer = row.officer.number if row.officer and view.sharing.is_own else None
        by = {"agency": row.added_by_agency, "at": row.added_at, "officer": officer}
        return columns(row) | {
            "subject": f"{row.subject_kind}:{row.subject_id}", "added": by,
            "title": row.title if may("remarks") else None,
            "withdrawn_reason": row.withdrawn_reason if may("remarks") else None,
            "received_sha256": row.received_sha256.hex(), "kept_sha256": row.kept_sha256.hex(),
        }  # fmt: skip
