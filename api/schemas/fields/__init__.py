"""Fields that take exactly what the contract says, and tell in words what would be right."""

from api.schemas.fields.codes import Code, PostCode, StateCode
from api.schemas.fields.numbers import Quantity, QueryWhole, Real, Remainder, Whole
from api.schemas.fields.schemas import Items, Nested, RequestSchema
from api.schemas.fields.texts import Flag, Id, Line, QueryFlag, Text
from api.schemas.fields.times import Day, Moment

__all__ = [
    "Code",
    "Day",
    "Flag",
    "Id",
    "Items",
    "Line",
    "Moment",
    "Nested",
    "PostCode",
    "Quantity",
    "QueryFlag",
    "QueryWhole",
    "Real",
    "Remainder",
    "RequestSchema",
    "StateCode",
    "Text",
    "Whole",
]
