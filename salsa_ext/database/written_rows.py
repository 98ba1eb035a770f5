"""Rows that an act wrote, as texts whose hashes its audit entry holds.

Insertions of `Sealed` models wait in the session until the audit entry of their act. Columns that
jobs change later, or an erasure, are no part of the text: `unsealed` of the model.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import cycle, repeat
from typing import Any, ClassVar, Final, NamedTuple, cast
from uuid import UUID

import orjson
from sqlalchemy import Boolean, Integer, LargeBinary, Numeric, String, Table, Uuid, event
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Session, SessionTransaction

from salsa_ext.core.ids import id_texts
from salsa_ext.core.rows import is_constant
from salsa_ext.database import session
from salsa_ext.database.session import Base, db

WAITING: Final = "written_rows"
COUNTS: Final = "written_rows of savepoints"


class Sealed:
    """Rows whose hash is in the audit entry of the act that wrote them.

    `seal_key` names the text of a row: a word, and columns; rows of one name share a text.
    `seal_subject` is the column of the document.
    """

    seal_key: ClassVar[tuple[str, ...]]
    seal_subject: ClassVar[str | None] = "id"
    unsealed: ClassVar[frozenset[str]] = frozenset()


class WrittenText(NamedTuple):
    """The text of rows under one key, the document they belong to, and their own salt, if any."""

    text: str
    subject: str | None
    salt: bytes | None


def collect_rows(parts: Mapping[type[Base], Sequence[Mapping[str, Any]]]) -> None:
    """Remember rows of sealed models until the audit entry of their act."""
    if sealed := [part for part in parts.items() if part[1] and issubclass(part[0], Sealed)]:
        db.session.info.setdefault(WAITING, []).extend(sealed)


def collect_changed(row: Any) -> None:
    """Remember a row that its act changed; its newest hash is the one that holds."""
    columns = [column.name for column in row.__table__.columns if column.computed is None]
    properties = row.__mapper__.columns
    names = {properties[name].name: name for name in properties.keys()}  # noqa: SIM118
    collect_rows({type(row): [{name: getattr(row, names[name]) for name in columns}]})


def take_texts(subjects: Sequence[str | None]) -> list[dict[str, WrittenText]]:
    """Return the texts of waiting rows for each act: of its subject, others by turns.

    An act that its own state may not read, with None as subject, gets none; all wait if there is no
    other.
    """
    texts: list[dict[str, WrittenText]] = [{} for _ in subjects]
    places = {subject: place for place, subject in enumerate(subjects) if subject is not None}
    if not places:
        return texts
    turns = cycle(places.values())
    for key, text in texts_of(db.session.info.pop(WAITING, ())).items():
        place = places.get(text.subject or "")
        texts[next(turns) if place is None else place][key] = text
    return texts


def texts_of(
    parts: Iterable[tuple[type[Base], Sequence[Mapping[str, Any]]]],
) -> dict[str, WrittenText]:
    """Return the texts of rows, of one shape for each part, by key."""
    lines: dict[str, list[str]] = {}
    subjects: dict[str, str] = {}
    salts: dict[str, bytes | None] = {}
    for part, rows in parts:
        model = cast(type[Sealed], part)
        name, *columns = model.seal_key
        is_salted = "salt" in rows[0]
        cells = [_texts([row[column] for row in rows]) for column in columns]
        keys = [*map("/".join, zip(repeat(name), *cells, strict=False))]
        for key, row, text in zip(keys, rows, _row_texts(part, rows), strict=True):
            lines.setdefault(key, []).append(text)
            salts[key] = row["salt"] if is_salted else None
        if subject := model.seal_subject:
            subjects |= zip(keys, _texts([row[subject] for row in rows]), strict=True)
    return {
        key: WrittenText("\n".join(sorted(texts)), subjects.get(key), salts[key])
        for key, texts in lines.items()
    }


def _texts(values: list[Any]) -> Sequence[str]:
    return id_texts(values) if type(values[0]) is UUID else [*map(str, values)]


def _row_texts(model: type[Base], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return each row as JSON in the order of its names; what is the same in all is written once."""
    parts, text = list[Iterable[str]](), f"{model.__tablename__} "
    for at, (name, default, write) in enumerate(_columns(model)):
        values = [row[name] for row in rows] if name in rows[0] else [default]
        is_same = is_constant(values)
        if is_same:
            values = values[:1]
        if write:
            values = [None if value is None else write(value) for value in values]
        text += f'{"," if at else "{"}"{name}":'
        if is_same:
            text += _json_cells(values)[0]
        else:
            parts += repeat(text), _json_cells(values)
            text = ""
    return [*map("".join, zip(*parts, repeat(text + "}", len(rows)), strict=False))]


def _json_cells(values: list[Any]) -> list[str]:
    """Return each value as JSON; ids, and texts, which hold no bare quotes, at once."""
    kinds = {*map(type, values)}
    if len(kinds) == 1 and kinds <= {str, UUID}:
        return [f'"{text}"' for text in orjson.dumps(values)[2:-2].decode().split('","')]
    return [
        orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS).decode()
        for value in values
    ]


@lru_cache(maxsize=50)
def _columns(model: type[Base]) -> list[tuple[str, Any, Callable[[Any], Any] | None]]:
    """Return the sealed columns by name, with their defaults, and what writes values that JSON lacks."""
    left_out = {"salt", *cast(type[Sealed], model).unsealed}
    return [
        (str(column.name), _default(column), _writer(column))
        for column in sorted(cast(Table, model.__table__).columns, key=lambda each: each.name)
        if column.computed is None and column.name not in left_out
    ]


def _default(column: Any) -> Any:
    """Return the value of a column that a command leaves to the database."""
    if column.server_default is None:
        return None
    written = getattr(column.server_default.arg, "text", None) or str(column.server_default.arg)
    return json.loads(written) if written in ("{}", "[]", "false", "0") else written


def _writer(column: Any) -> Callable[[Any], Any] | None:
    if isinstance(column.type, Numeric) and column.type.asdecimal:
        return lambda value: str(Decimal(value).quantize(Decimal("0.001")))
    if isinstance(column.type, JSONB):
        return lambda value: value and _plain_number(json.loads(session.to_json(value)))
    if isinstance(column.type, LargeBinary):
        return lambda value: bytes(value).hex()
    is_json = isinstance(column.type, String | Uuid | Boolean | Integer | ARRAY)
    return None if is_json else _plain


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, the same for what is inserted and what is read."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return date.isoformat(value)  # a rough one by its first day, as the column has it
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return _plain_number(value)


def _plain_number(value: Any) -> Any:
    """Return JSON whose whole numbers have no fraction: PostgreSQL stores 1e16 as digits."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain_number(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain_number(each) for name, each in value.items()}
    return str(value) if isinstance(value, str) else value


def sealed_models() -> list[Any]:
    """Return the models whose rows are sealed."""
    models = [mapper.class_ for mapper in Base.registry.mappers]
    return [model for model in models if issubclass(model, Sealed)]


@event.listens_for(Session, "after_transaction_create")
def _note_count(began: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        began.info.setdefault(COUNTS, {})[transaction] = len(began.info.get(WAITING, ()))


@event.listens_for(Session, "after_soft_rollback")
def _forget_undone(ended: Session, transaction: SessionTransaction) -> None:
    if (count := ended.info.get(COUNTS, {}).pop(transaction, None)) is not None:
        del ended.info.get(WAITING, [])[count:]


@event.listens_for(Session, "after_transaction_end")
def _forget_rest(ended: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:  # it was rolled back, or no act came
        ended.info.pop(WAITING, None)
        ended.info.pop(COUNTS, None)
