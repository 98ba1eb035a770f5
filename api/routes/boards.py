"""Routes of border posts, their boards, calls between sides, and notifications."""

from api.http import pagination
from api.http.resource import Item, Resource
from api.schemas.boards import (
    BoardEventsQuery,
    BoardEventsResponse,
    BoardResponse,
    CallQuery,
    CallRequest,
    CallResponse,
)
from api.schemas.notifications import (
    MarkReadRequest,
    MarkReadResponse,
    NotificationQuery,
    NotificationResponse,
    SearchQuery,
    SearchResponse,
    TasksResponse,
)
from api.schemas.reference import PostResponse, StateFilterQuery
from salsa_ext.access.permissions import Permission
from salsa_ext.boards import board, calls, events
from salsa_ext.boards.calls import CallRequestData, CallView
from salsa_ext.boards.events import EventPage
from salsa_ext.core.actor import Actor
from salsa_ext.notifications.notice_rules import ReadFilter
from salsa_ext.reference import queries as reference_queries
from salsa_ext.worklists import notification_inbox, search, tasks
from salsa_ext.worklists.search import FoundObject
from salsa_ext.worklists.tasks import TaskList

blueprint = Resource("posts", "Border posts and their boards")
blueprint.listing(
    "/posts",
    StateFilterQuery,
    PostResponse,
    reference_queries.list_posts,
    Permission.REFERENCE_READ,
)


def get_board_events(actor: Actor, code: str, limit: int, after: str | None = None) -> EventPage:
    """Return changes at a post since a cursor, as its board shows."""
    mark = pagination.decode_cursor(actor, code, after) if after else None
    return events.read_events(actor, code, mark, limit)


blueprint.reading(
    "/posts/<slug:code>/events",
    BoardEventsResponse,
    get_board_events,
    Permission.BOARD_READ,
    BoardEventsQuery,
)
blueprint.reading(
    "/posts/<slug:code>/board",
    BoardResponse,
    board.get_board,
    Permission.BOARD_READ,
    ignored_field="as_of",
)

calls_blueprint = Resource(
    "calls",
    "Calls between the two sides of a border post",
    Item(CallResponse, lambda _, call_id: calls.load_call(call_id)),
)
calls_blueprint.listing(
    "/posts/<slug:code>/calls", CallQuery, CallResponse, calls.list_calls, Permission.BOARD_READ
)


@calls_blueprint.posting(
    "/posts/<slug:code>/calls", CallRequest, CallResponse, Permission.CHECKPOINT_RECORD
)
def create_call(actor: Actor, data: CallRequestData, code: str) -> CallView:
    """Request a call from the other side of a post.

    409 `already_asked` for a recent equal request, `too_many_calls` if ten of your side wait.
    """
    return calls.load_call(calls.request_call(actor=actor, post=code, data=data))


calls_blueprint.action(
    "/calls/<uuid:call_id>/answer",
    None,
    calls.answer_call,
    Permission.CHECKPOINT_RECORD,
    "Mark a call request as answered, for both boards.",
)

notifications_blueprint = Resource(
    "notifications",
    "What waits for you, in your role",
    Item(NotificationResponse, notification_inbox.get_notification),
)
notifications_blueprint.listing(
    "/notifications",
    NotificationQuery,
    NotificationResponse,
    notification_inbox.list_notifications,
    Permission.NOTIFICATION_READ,
)
notifications_blueprint.action(
    "/notifications/<uuid:notification_id>/read",
    None,
    notification_inbox.mark_read,
    Permission.NOTIFICATION_READ,
    "Mark a notification as read by your account.",
    name="mark_notification_read",
)


@notifications_blueprint.posting(
    "/notifications/read",
    MarkReadRequest,
    MarkReadResponse,
    Permission.NOTIFICATION_READ,
    status=200,
)
def mark_notifications_read(actor: Actor, data: ReadFilter) -> dict[str, int]:
    """Mark all notifications of a kind, a code or an object as read, or all until a moment."""
    return {"read": notification_inbox.mark_many_read(actor=actor, data=data)}


def list_tasks(actor: Actor) -> dict[str, list[TaskList]]:
    """Return what waits for a decision of your role, the most urgent first."""
    return {"items": tasks.list_tasks(actor)}


notifications_blueprint.reading("/tasks", TasksResponse, list_tasks, Permission.NOTIFICATION_READ)


def find_objects(actor: Actor, q: str) -> dict[str, list[FoundObject]]:
    """Return what concerns your state and has this number, case, serial, plate or party."""
    return {"items": search.find_objects(actor, q)}


notifications_blueprint.reading(
    "/search", SearchResponse, find_objects, Permission.NOTIFICATION_READ, SearchQuery
)
