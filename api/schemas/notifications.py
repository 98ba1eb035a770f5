"""Notifications over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.pagination import ListQuery
from api.schemas.common import columns
from api.schemas.fields import Code, Moment, QueryFlag, RequestSchema
from api.told import text_of
from salsa_ext.readmodels.notifications import NotificationView
from salsa_ext.values import codes
from salsa_ext.values.notices import ReadingMany


class SubjectResponse(Schema):
    """The object that a notification is about."""

    kind = fields.String(required=True)
    state = fields.String(required=True)
    id = fields.UUID(required=True)


class NotificationResponse(Schema):
    """What waits for the caller, said in his language; `read_at` is that of his account."""

    id = fields.UUID(required=True)
    code = fields.String(required=True)
    text = fields.String(required=True)
    subject = fields.Nested(SubjectResponse, required=True)
    number = fields.String(allow_none=True)
    data = fields.Dict(required=True)
    urgent = fields.Boolean(required=True)
    raised_at = fields.DateTime(required=True)
    read_at = fields.DateTime(allow_none=True)

    @pre_dump
    def _present(self, view: NotificationView, **_: Any) -> dict[str, Any]:
        row = view.notification
        about = {"kind": row.subject_kind, "state": row.subject_state, "id": row.subject_id}
        return columns(row) | {"text": text_of(view), "read_at": view.read_at, "subject": about,
                               "urgent": view.is_urgent}  # fmt: skip


class NotificationQuery(ListQuery):
    """Which notifications: unread or read, of a kind of object or of one code, `urgent` or not."""

    unread = QueryFlag()
    kind = Code(codes.NOTIFICATION_KINDS)
    code = Code(codes.NOTIFICATIONS)
    urgent = QueryFlag()


class ReadManyRequest(RequestSchema):
    """All of a kind or of a code that were told until a moment, or until now."""

    value = ReadingMany
    kind = Code(codes.NOTIFICATION_KINDS)
    code = Code(codes.NOTIFICATIONS)
    until = Moment()


class ReadManyResponse(Schema):
    """How many were marked as read: of more than 5,000 these are the oldest."""

    read = fields.Integer(required=True)
