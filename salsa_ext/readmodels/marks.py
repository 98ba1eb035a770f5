"""The search over mark_key: the one reader that sees the keys of all states."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CHAR,
    ColumnElement,
    Select,
    SmallInteger,
    Text,
    all_,
    any_,
    bindparam,
    case,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from salsa_ext.db import NO_STATE, db
from salsa_ext.matching.evidence import WEIGHTS, Description
from salsa_ext.matching.marks import Key
from salsa_ext.models import MarkKey, RollupDelta
from salsa_ext.models import Rollup as RollupModel
from salsa_ext.readmodels import names

CANDIDATES = 500


class Held(NamedTuple):
    """One key that some state holds."""

    record_id: UUID
    state: str
    serial_norm: str
    event: str
    occurred_on: date
    make: str | None
    calibre: str | None
    type: str | None
    country: str | None
    year: int | None
    visibility: str
    is_superseded: bool


class Coverage(NamedTuple):
    """How far the records of a state reach: how many, and the day of the newest."""

    state: str
    records: int
    through: date


_COLUMNS = tuple(getattr(MarkKey, name) for name in Held._fields)


def holding(keys: Sequence[Key], asked: Description, asker: str | None) -> list[Held]:
    """Return who holds marks of these keys, whatever their visibility; the caller must heed it.

    Of a family of many the likeliest come first, before the rest is cut: what agrees in every
    glyph, then in the fields that `asked` gives. What the asker may not read is placed by the
    glyphs alone, and what must not be shown takes nobody's place.
    """
    rows = db.session.execute(_LIKELIEST, {
        "keys": [key.value for key in keys], "skeletons": [key.skeleton for key in keys],
        "norms": [key.norm for key in keys], "asker": asker or NO_STATE,
        "make": asked.make, "calibre_family": names.calibres(asked.calibre_family),
        "type": asked.type, "country": asked.country, "year": asked.year,
    })  # fmt: skip
    return [Held(*row) for row in rows]


def _agreement(shown: ColumnElement[bool]) -> ColumnElement[float]:
    """Return the bits of the fields, as `matching.evidence` weighs them; unknown ones give none."""
    bits: ColumnElement[float] = literal(0.0)
    for name, agrees, differs, *_ in WEIGHTS:
        given = bindparam(name, type_=_TYPES[name])
        if name == "calibre_family":
            same, other = MarkKey.calibre == any_(given), MarkKey.calibre != all_(given)
        else:
            same, other = getattr(MarkKey, name) == given, getattr(MarkKey, name) != given
        bits += case((shown & same, agrees), (shown & other, differs), else_=0.0)
    return bits


def _likeliest() -> Select[Any]:
    asker = bindparam("asker", type_=CHAR(3))
    shown = (MarkKey.state == asker) | (MarkKey.visibility == "open")
    hidden = (MarkKey.state != asker) & (MarkKey.visibility == "silent")
    other_make = shown & (MarkKey.make != bindparam("make", type_=Text()))
    place = func.row_number().over(partition_by=hidden, order_by=[
        case((other_make, 1), else_=0),
        MarkKey.serial_norm.not_in(bindparam("norms", expanding=True)),
        _agreement(shown).desc(),
        MarkKey.is_superseded,
        case((shown, MarkKey.occurred_on)).desc().nulls_last(),
        MarkKey.mark_id,
    ])  # fmt: skip
    wanted = (
        MarkKey.key.in_(bindparam("keys", expanding=True)),
        MarkKey.skeleton.in_(bindparam("skeletons", expanding=True)),
        ~MarkKey.is_void,
    )
    ranked = select(*_COLUMNS, place.label("place")).where(*wanted).subquery()
    columns = [ranked.c[name] for name in Held._fields]
    return select(*columns).where(ranked.c.place <= CANDIDATES).order_by(ranked.c.place)


_TYPES: dict[str, Any] = {
    "make": Text(), "calibre_family": ARRAY(Text()), "type": Text(), "country": CHAR(3),
    "year": SmallInteger(),
}  # fmt: skip
_LIKELIEST = _likeliest()  # built once: a check has to be quick


def owner_of(record_id: UUID) -> tuple[str, str] | None:
    """Return the state that owns a record, and the record's visibility."""
    found = func.salsa_record(record_id).table_valued("state", "visibility")
    row = db.session.execute(select(found.c.state, found.c.visibility)).first()
    return (row.state, row.visibility) if row else None


def coverage() -> list[Coverage]:
    """Return every state's coverage, from sums that leave `silent` records out."""
    parts = [
        select(table.state, table.amount, table.period).where(table.dataset == "coverage")
        for table in (RollupModel, RollupDelta)
    ]
    union = parts[0].union_all(parts[1]).subquery()
    sums = select(union.c.state, func.sum(union.c.amount), func.max(union.c.period))
    rows = db.session.execute(sums.group_by(union.c.state).order_by(union.c.state))
    return [Coverage(state, int(records), through) for state, records, through in rows]
