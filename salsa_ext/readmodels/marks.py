"""The search over mark_key: the one reader that sees the keys of all states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CHAR,
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Select,
    SmallInteger,
    Subquery,
    Text,
    and_,
    any_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from salsa_ext.db import NO_STATE, db
from salsa_ext.matching import neighbours
from salsa_ext.matching.evidence import WEIGHTS, Description
from salsa_ext.matching.marks import value_of
from salsa_ext.matching.neighbours import make_code
from salsa_ext.models import MarkForm, MarkKey, RollupDelta
from salsa_ext.models import Rollup as RollupModel
from salsa_ext.readmodels import names

CANDIDATES = 200
TARGETS, CROWD = 500, 20_000  # marks of a tier that are looked at; forms of which these are chosen
TIER_BITS: Final = {0: 0.0, 1: -9.0, 2: -15.0, 3: -12.0}
SAME_BITS: Final = 2.0


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


@dataclass(frozen=True)
class Sought:
    """A mark that is looked for.

    `is_whole` where every glyph of it was read, so that its own key is looked up; `is_near` where
    marks that are near are looked for too.
    """

    norm: str
    value: int
    is_whole: bool = True
    is_near: bool = False


class Coverage(NamedTuple):
    """How far the records of a state reach: how many, and the day of the newest."""

    state: str
    records: int
    through: date


Row = ReadOnlyColumnCollection[str, Any]
_COLUMNS = tuple(getattr(MarkKey, name) for name in Held._fields)


def holding(
    sought: Sequence[Sought], asked: Description, asker: str | None, *, settles: bool = True
) -> list[Held]:
    """Return who holds marks that are, or are near, the sought ones, whatever their visibility.

    The caller must heed it. Of a crowd the likeliest come first, before the rest is cut: what has
    the same key, then what is nearer, then what agrees in the fields that `asked` gives. What the
    asker may not read is placed by its nearness alone, and what must not be shown takes nobody's
    place. Where `settles`, marks that are only near are looked for unless a record that is
    shown agrees in all that is asked.
    """
    rows = db.session.execute(_STATEMENT, _asking(sought) | {
        "settles": settles, "asker": asker or NO_STATE, "make": asked.make, "make_code": make_code(asked.make),
        "calibre_family": names.calibres(asked.calibre_family),
        "type": asked.type, "country": asked.country, "year": asked.year,
    })  # fmt: skip
    return [Held(*row) for row in rows]


def _asking(sought: Sequence[Sought]) -> dict[str, list[int] | list[str]]:
    """Return the keys of all that is sought, by how near what they find can be."""
    forms = [neighbours.sought(one.norm) for one in sought if one.is_near]
    return {
        "keys": [one.value for one in sought if one.is_whole],
        "norms": [one.norm for one in sought if one.is_whole],
        "whole": [value_of(text) for form in forms for text in form.whole],
        "one": [key for form in forms for key in form.one],
        "two": [key for form in forms for key in form.two],
        "part": [key for form in forms for key in form.part],
    }


def _statement() -> Select[Any]:
    """Return one statement: the marks of the very key, then in tiers those that are near.

    A tier below the first is read unless `settles` and a record that is shown agrees in all.
    """
    own = _tier(0, _numbers("keys")).cte("own")
    settled = select(literal(1)).where(_is_shown(own.c), _settles(own.c)).exists()
    open_still = ~(bindparam("settles", type_=Boolean()) & settled)
    near = (
        _tier(1, _numbers("whole").op("||")(_targets("one"))).where(open_still),
        _tier(2, _targets("two")).where(open_still),
        _tier(3, _targets("part")).where(open_still),
    )
    return _ranked(union_all(select(own), *near).subquery("found"))


def _tier(tier: int, keys: ColumnElement[Any]) -> Select[Any]:
    found = select(*_COLUMNS, MarkKey.mark_id, literal_column(str(tier)).label("tier"))
    return found.where(MarkKey.key == any_(keys), ~MarkKey.is_void)


def _targets(name: str) -> ColumnElement[Any]:
    """Return the keys of marks that are kept under the forms, those of the make first."""
    few = select(MarkForm.target, MarkForm.make).where(MarkForm.key == any_(_numbers(name)))
    forms = few.limit(literal_column(str(CROWD))).subquery()
    likely = (forms.c.make != bindparam("make_code", type_=SmallInteger())).asc()
    few = select(forms.c.target).order_by(likely).limit(literal_column(str(TARGETS)))
    return func.array(few.scalar_subquery())


def _is_shown(row: Row) -> ColumnElement[bool]:
    return or_(row.state == _ASKER, row.visibility == literal_column("'open'"))


def _settles(row: Row) -> ColumnElement[bool]:
    """Tell a record that agrees in every glyph, and in make and calibre where both are known."""
    make, calibres = _given("make"), _given("calibre_family")
    return and_(
        row.serial_norm == any_(_texts("norms")),
        func.coalesce(row.make == make, true()),
        func.coalesce(row.calibre == any_(calibres), true()),
    )


def _agreement(row: Row) -> ColumnElement[float]:
    """Return the bits of the fields, as `matching.evidence` weighs them; unknown ones give none."""
    bits: ColumnElement[float] = literal_column("0.0")
    for name, agrees, differs, *_ in WEIGHTS:
        held = row.calibre if name == "calibre_family" else getattr(row, name)
        is_same = held == (any_(_given(name)) if name == "calibre_family" else _given(name))
        bits += case((is_same, _number(agrees)), (~is_same, _number(differs)), else_=_number(0))
    return bits


def _ranked(found: Subquery) -> Select[Any]:
    """Order all tiers by what they say so far, and cut; hidden ones have an order of their own."""
    row, shown = found.c, _is_shown(found.c)
    silent = (row.state != _ASKER) & (row.visibility == literal_column("'silent'"))
    hidden = case((silent, _number(1)), else_=_number(0))
    tier = case(*((row.tier == _number(tier), _number(bits)) for tier, bits in TIER_BITS.items()))
    same = case((row.serial_norm == any_(_texts("norms")), _number(SAME_BITS)), else_=_number(0))
    fields = case((shown, _agreement(row)), else_=_number(0))
    place = func.row_number().over(partition_by=hidden, order_by=[
        (tier + same + fields).desc(), row.is_superseded,
        case((shown, row.occurred_on)).desc().nulls_last(), row.mark_id,
    ])  # fmt: skip
    placed = select(*(row[name] for name in Held._fields), place.label("place")).subquery("placed")
    columns = [placed.c[name] for name in Held._fields]
    kept = placed.c.place <= _number(CANDIDATES)
    return select(*columns).where(kept).order_by(placed.c.place)


def _given(name: str) -> BindParameter[Any]:
    return bindparam(name, type_=_TYPES[name])


def _number(value: float) -> ColumnElement[float]:
    """Return a constant of ours as text of the statement: parameters would make it long."""
    return literal_column(str(value))


def _numbers(name: str) -> BindParameter[Any]:
    return bindparam(name, type_=ARRAY(BigInteger))


def _texts(name: str) -> BindParameter[Any]:
    return bindparam(name, type_=ARRAY(Text))


_ASKER: BindParameter[str] = bindparam("asker", type_=CHAR(3))
_TYPES: dict[str, Any] = {
    "make": Text(), "calibre_family": ARRAY(Text()), "type": Text(), "country": CHAR(3),
    "year": SmallInteger(),
}  # fmt: skip
_STATEMENT = _statement()  # built once: a check has to be quick


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
