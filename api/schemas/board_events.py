"""What changed at a border post, over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import g, request
from marshmallow import Schema, fields, pre_dump, validate

from api import following
from api.schemas.fields import QueryWhole, RequestSchema, Text
from salsa_ext.readmodels.board_events import KINDS, Events


class EventsQuery(RequestSchema):
    """From where to go on, and how many at most."""

    after = Text(most=20_000)
    limit = QueryWhole(least=1, most=200, load_default=50)


class BoardEventResponse(Schema):
    """Something that changed: which object, and what it is now, not what it was.

    `state` is whose word it is: of a tick the side that ticked, of a seizure yours, of a hit that of
    the alert, of a `trace` yours, of a `request` and a call that which asks. `id` is that of the
    shipment, also of a tick and a receipt, and null of a trace or request whose case you may not look into.
    `incident` is the kind of the last that was told of a shipment that is not over.
    """

    at = fields.DateTime(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    state = fields.String(required=True)
    id = fields.UUID(required=True, allow_none=True)
    number = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, allow_none=True)
    stage = fields.String(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True)
    incident = fields.String(required=True, allow_none=True)


class BoardEventsResponse(Schema):
    """What changed since `after`; ask with the new one for what comes.

    `next` leads to more that changed already, and is null where no more was found; after very much
    the rest comes with the next question.
    """

    items = fields.List(fields.Nested(BoardEventResponse), required=True)
    next = fields.String(required=True, allow_none=True)
    after = fields.String(required=True)

    @pre_dump
    def _present(self, events: Events, **_: Any) -> dict[str, Any]:
        code = (request.view_args or {})["code"]
        after = following.written(g.actor, code, events.after)
        query = urlencode(request.args.to_dict() | {"after": after})
        onward = f"{request.path}?{query}" if events.has_more else None
        return {"items": events.items, "next": onward, "after": after}
