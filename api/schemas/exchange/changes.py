"""Query and answer of the change feed."""

from __future__ import annotations

from marshmallow import Schema, fields

from api.http.fields.codes import Code
from api.http.fields.numbers import QueryWhole
from api.http.fields.schemas import RequestSchema
from api.http.fields.texts import Text
from salsa_ext.access.audit import Action
from salsa_ext.exchange.feed import FEED_KINDS


class ChangeQuery(RequestSchema):
    """Where to go on, how many changes, and how long to wait for one."""

    after = Text(most=400)
    limit = QueryWhole(least=1, most=1000, load_default=200)
    wait = QueryWhole(least=0, most=20, load_default=0)
    kind = Code(tuple(FEED_KINDS))


class ChangeResponse(Schema):
    """A change; nothing of the object's content."""

    kind = Code(tuple(FEED_KINDS), required=True)
    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    action = Code(tuple(Action), required=True)
    at = fields.DateTime(required=True)


class ChangesResponse(Schema):
    """Changes in the order of their commits. `next` is the `after` of the next request."""

    items = fields.List(fields.Nested(ChangeResponse), required=True)
    next = fields.String(required=True)
    more = fields.Boolean(required=True)
