"""Schemas and texts of notifications."""

from typing import Any, Final

from marshmallow import Schema, fields, pre_dump

from api.http.fields.scalars import Code, EventDay, Id, Moment, QueryFlag, StateCode, Text
from api.http.fields.schemas import RequestSchema
from api.http.pagination import ListQuery
from api.i18n.messages import language, translate
from api.schemas.common import row_fields
from salsa_ext.access.audit_actions import SUBJECT_KINDS
from salsa_ext.core import codes
from salsa_ext.core.errors import Message, message
from salsa_ext.notifications.notice_rules import NOTIFICATION_CODES, NOTIFICATION_KINDS, ReadFilter
from salsa_ext.reference.names import label
from salsa_ext.worklists.notification_inbox import NotificationView
from salsa_ext.worklists.search import FOUND_KINDS


class NotificationSubjectResponse(Schema):
    """Object of a notification."""

    kind = Code(NOTIFICATION_KINDS, required=True)
    state = StateCode(required=True)
    id = fields.UUID(required=True)


class NotificationResponse(Schema):
    """Notification in the caller's language; `read_at` of the caller's account."""

    id = fields.UUID(required=True)
    code = Code(NOTIFICATION_CODES, required=True)
    text = fields.String(required=True)
    subject = fields.Nested(NotificationSubjectResponse, required=True)
    number = fields.String(allow_none=True)
    data = fields.Dict(required=True)
    urgent = fields.Boolean(required=True)
    raised_at = fields.DateTime(required=True)
    read_at = fields.DateTime(allow_none=True)

    @pre_dump
    def _present(self, view: NotificationView, **_: Any) -> dict[str, Any]:
        row = view.notification
        about = {"kind": row.subject_kind, "state": row.subject_state, "id": row.subject_id}
        return row_fields(row) | {
            "text": notification_text(view),
            "read_at": view.read_at,
            "subject": about,
            "urgent": view.is_urgent,
        }


class NotificationQuery(ListQuery):
    """Filter of notifications."""

    unread = QueryFlag()
    kind = Code(NOTIFICATION_KINDS)
    code = Code(NOTIFICATION_CODES)
    urgent = QueryFlag()


class MarkReadRequest(RequestSchema):
    """Kind, code or object of notifications to mark read, until a moment."""

    value = ReadFilter
    kind = Code(NOTIFICATION_KINDS)
    code = Code(NOTIFICATION_CODES)
    subject_id = Id()
    until = Moment()


class MarkReadResponse(Schema):
    """Number marked read: of more than 5,000 the oldest."""

    read = fields.Integer(required=True)


STATE_TEXTS: Final = {
    "hit_made": message(
        "A gun that matches an alert of {state} was found: {state} has to confirm the hit before anybody acts."
    ),
    "hit_reopened": message(
        "A record was corrected and matches an alert of {state} again: {state} has to confirm the"
        " hit before anybody acts."
    ),
}


def notification_text(view: NotificationView) -> str:
    """Return a notification's text, naming the alert's state if known."""
    row = view.notification
    named, state = STATE_TEXTS.get(row.code), row.data.get("alert_state")
    if named is None or state is None:
        return view.text
    return translate(Message(named.text, {"state": label("state", state, language.get())}))


class TaskResponse(Schema):
    """Object that waits for a person's decision; `since` when it came, `due_at` its deadline."""

    subject_kind = Code(SUBJECT_KINDS, required=True)
    subject_id = fields.UUID(required=True)
    number = fields.String(allow_none=True, required=True)
    state = StateCode(allow_none=True, required=True)
    due_at = fields.DateTime(allow_none=True, required=True)
    since = fields.DateTime(allow_none=True, required=True)


class TaskListResponse(Schema):
    """Tasks of one kind: how many, up to 1,001, how many late, and the six most urgent."""

    kind = Code(codes.TASK_KINDS, required=True)
    count = fields.Integer(required=True)
    late = fields.Integer(required=True)
    tasks = fields.List(fields.Nested(TaskResponse), required=True)


class TasksResponse(Schema):
    """What waits for your role, by kind."""

    items = fields.List(fields.Nested(TaskListResponse), required=True)


class SearchQuery(Schema):
    """Text of a search."""

    q = Text(most=100, required=True)


FOUND_STATUSES: Final = tuple(
    dict.fromkeys(
        (
            *codes.PERMIT_STATUSES,
            *codes.SHIPMENT_STATUSES,
            *codes.TRACE_STATUSES,
            *codes.REQUEST_STATUSES,
            *codes.ALERT_STATUSES,
            *codes.DOCUMENT_STATUSES,
        )
    )
)


class FoundObjectResponse(Schema):
    """Object found by a search: `number` is its number or case."""

    kind = Code(tuple(FOUND_KINDS), required=True)
    id = fields.UUID(required=True)
    number = fields.String(required=True, allow_none=True)
    day = EventDay(required=True)
    status = Code(FOUND_STATUSES, required=True)


class SearchResponse(Schema):
    """What bears the text, by kind, the newest first; at most 20 of each kind."""

    items = fields.List(fields.Nested(FoundObjectResponse), required=True)
