"""Declared values as rows: the columns of a value, and the value that a row holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import MISSING
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar
from uuid import UUID

from salsa_ext.core.dates import first_day, within_of
from salsa_ext.core.fields import WRITERS, Member, members

Value = TypeVar("Value")
READERS: Final[Mapping[type, Callable[[Any], Any]]] = {
    Decimal: lambda plain: Decimal(str(plain)),
    UUID: UUID,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}


def to_plain(value: Any) -> Any:
    """Return a value as a JSON column holds it, without what is in rows of other tables."""
    if isinstance(value, tuple):
        return [to_plain(each) for each in value]
    if dataclasses.is_dataclass(value):
        return {
            each.name: to_plain(getattr(value, each.name))
            for each in members(type(value))
            if each.field.stored not in ("rows", "no")
        }
    return value if value is None else WRITERS[type(value)](value)


def from_plain(member: Member, plain: Any) -> Any:
    """Return the value that a JSON column holds."""
    if isinstance(plain, list):
        return tuple(from_plain(member, each) for each in plain)
    if plain is None or not member.is_nested:
        read = READERS.get(member.type)
        return plain if plain is None or read is None else read(plain)
    inner = {inner_member.name: inner_member for inner_member in members(member.type)}
    return member.type(**{name: from_plain(inner[name], each) for name, each in plain.items()})


def to_row(value: Any) -> dict[str, Any]:
    """Return the columns of a value; what is in rows of other tables is not among them."""
    row: dict[str, Any] = {}
    for member in members(type(value)):
        inner, where = getattr(value, member.name), member.field.stored
        if where == "columns":
            row |= to_row(inner)
        elif where == "details":
            row.setdefault("details", {})
            if inner not in (None, ()):
                row["details"][member.name] = to_plain(inner)
        elif where == "column":
            is_json = member.is_nested or member.is_many
            row[member.column] = to_plain(inner) if is_json else inner
            if member.limits.form == "rough":
                row |= date_columns(member.column, inner)
    return row


def date_columns(column: str, on: date) -> dict[str, Any]:
    """Return the columns of a date that may be rough: its first day, and how far it is known."""
    return {column: first_day(on), f"{column.removesuffix('_on')}_within": within_of(on)}


def from_row(cls: type[Value], row: Any, **rows: Any) -> Value:
    """Return the value that a row holds, to be shown or corrected.

    `rows` are its values of other tables; those with a default may be left out. Raises KeyError for
    a required one, and for a detail that is not declared, so that none is lost in silence.
    """
    values: dict[str, Any] = {}
    details: set[str] = set()
    for member in members(cls):
        where = member.field.stored
        if where == "columns":
            values[member.name] = from_row(member.type, row)
        elif where == "details":
            details.add(member.name)
            if member.name in row.details:
                values[member.name] = from_plain(member, row.details[member.name])
        elif where == "column":
            values[member.name] = getattr(row, member.column)
            if member.is_many or member.is_nested:
                values[member.name] = from_plain(member, values[member.name])
        elif member.name in rows or member.default is MISSING:
            values[member.name] = rows.pop(member.name)
    if rows or (details and row.details.keys() - details):
        raise KeyError(f"{cls.__name__} does not declare {[*rows] or sorted(row.details)}")
    return cls(**values)
