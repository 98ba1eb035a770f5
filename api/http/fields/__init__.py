"""Strict fields of request schemas, with helpful messages."""

__all__ = [
    "Code",
    "Day",
    "EventDay",
    "Flag",
    "Id",
    "Items",
    "Line",
    "Moment",
    "Nested",
    "PostCode",
    "Quantity",
    "QuantityOrZero",
    "QueryFlag",
    "QueryWhole",
    "Real",
    "RequestSchema",
    "StateCode",
    "Text",
    "Whole",
]
