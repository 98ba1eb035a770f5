"""Declared values as rows: the columns of a value, and the value that a row holds."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any, Final, TypeVar
from uuid import UUID

from salsa_ext.core.dates import first_day, within_of
from salsa_ext.core.fields import WRITERS, Member, members

Value = TypeVar("Value")
Values = list[Any]
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
    cls: type = type(value)
    columns, read, others = _stored_members(cls)
    row: dict[str, Any] = dict(zip(columns, read(value), strict=True))
    for member, where in others:
        inner = getattr(value, member.name)
        if where == "columns":
            row |= to_row(inner)
        elif where == "details":
            row.setdefault("details", {})
            if inner not in (None, ()):
                row["details"][member.name] = to_plain(inner)
        elif member.limits.form == "rough":
            row |= date_columns(member.column, inner)
        else:
            row[member.column] = to_plain(inner)
    return row


@cache
def _stored_members(
    cls: type,
) -> tuple[list[str], Callable[[Any], tuple[Any, ...]], list[tuple[Member, str]]]:
    """Return the columns of fields as they are with what reads these, and those that become others."""
    plain, others = list[Member](), list[tuple[Member, str]]()
    for member in members(cls):
        where = member.field.stored
        is_plain = not (member.is_nested or member.is_many or member.limits.form == "rough")
        if where == "column" and is_plain:
            plain.append(member)
        elif where not in ("rows", "no"):
            others.append((member, where))
    names, columns = [each.name for each in plain], [each.column for each in plain]
    return columns, read_many(names), others


def read_many(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that reads these attributes of a value."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


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


def columns_of(rows: Sequence[Mapping[str, Any]], names: Iterable[str]) -> dict[str, Values]:
    """Return the values of rows by column."""
    return {name: [row[name] for row in rows] for name in names}


def is_constant(values: Values) -> bool:
    """Return whether all values are the same, and written in the same way."""
    first = values[0]
    inner = first[0] if isinstance(first, list) and first else first
    if isinstance(inner, dict) and inner:
        return False  # {"a": 1} equals {"a": True}
    # the last one is compared first: ids are slow to compare, and differ
    return bool(values[-1] == first) and values.count(first) == len(values)
