"""Notifications over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.pagination import ListQuery
from api.schemas.common import columns
from api.schemas.fields import Code, QueryFlag
from salsa_ext.readmodels.notifications import NotificationView
from salsa_ext.values import codes


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
    raised_at = fields.DateTime(required=True)
    read_at = fields.DateTime(allow_none=True)

    @pre_dump
    def _present(self, view: NotificationView, **_: Any) -> dict[str, Any]:
        row = view.notification
        about = {"kind": row.subject_kind, "state": row.subject_state, "id": row.subject_id}
        return columns(row) | {"text": view.text, "read_at": view.read_at, "subject": about}


class NotificationQuery(ListQuery):
    """Which notifications: the unread or the read ones, or those of one code."""

    unread = QueryFlag()
    code = Code(codes.NOTIFICATIONS)
