"""Figures: of the own state whole and live; for the secretariat the ended years of states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Date, cast, func, select
from sqlalchemy.orm import aliased

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, Message, NotFound, message
from salsa_ext.database.session import db
from salsa_ext.reference.models import StateSetting
from salsa_ext.statistics.dataset_types import Dataset, Grain
from salsa_ext.statistics.models import Amounts, Rollup, YearlyRollup

PERIODS: Final = ("month", "quarter", "year")
_UNKNOWN: Final = message("{dimension} is not a dimension of these figures. One of: {choices}.")
_OF_OTHERS: Final = message("Figures of other states are in releases. Give your own state here.")
_GRANTED: Final = message("States allow totals of ended years alone. Leave this out.")


@dataclass(frozen=True)
class StatisticsCell:
    """One figure; `values` has its codes by dimension."""

    state: str
    partner: str | None
    values: Mapping[str, str]
    period: str
    amount: int


@dataclass(frozen=True)
class StatisticsTable:
    """Cells of one dataset by `by`; `total` None where an object may count under several values."""

    dataset: Dataset
    by: Sequence[str]
    grain: Grain
    through: date
    cells: Sequence[StatisticsCell]
    total: int | None


@dataclass(frozen=True)
class _Selection:
    """Which table is read: by what, of which values, for periods of what length.

    `has_silent` if silent records count; `is_granted` if it is read as states allow it.
    """

    by: Sequence[str]
    where: Mapping[str, str]
    grain: Grain
    has_silent: bool
    is_granted: bool

    @property
    def used(self) -> set[str]:
        return {*self.by, *self.where}


def list_datasets(actor: Actor, datasets: Sequence[Dataset]) -> list[Dataset]:
    """Return the datasets available to the reader; the secretariat has no state."""
    require(actor, Permission.STATISTICS_READ)
    readers = ("granted", "owner") if actor.state else ("granted", "secretariat")
    return [dataset for dataset in datasets if dataset.readers in readers]


def get_table(
    actor: Actor, datasets: Sequence[Dataset], code: str, filters: Mapping[str, Any]
) -> StatisticsTable:
    """Return figures by state, partner, period and the dimensions of `by`.

    Those of the own `state` are whole, with silent records, and go up to today, by any of the base
    and at most one finer dimension, and of values in `where`. The secretariat reads ended years, by
    the totals, of states that allow it; of its own datasets all. Raises NotFound for an unknown
    dataset, Invalid for other states, and for dimensions, values or periods that this table has not.
    """
    require(actor, Permission.STATISTICS_READ)
    dataset = next((each for each in list_datasets(actor, datasets) if each.code == code), None)
    if dataset is None:
        raise NotFound("dataset", code)
    selection = _read_selection(actor, dataset, filters)
    today = actor.now().date()  # the day of UTC, or a period would end sooner for some readers
    through = Grain.YEAR.start(today) if selection.is_granted else today + timedelta(days=1)
    query = _build_query(dataset, selection, filters, through)
    cells = [
        StatisticsCell(
            state,
            partner or None,
            dict(zip(selection.by, values, strict=True)),
            selection.grain.label(period),
            int(count),
        )
        for state, partner, period, *values, count in db.session.execute(query)
    ]
    is_several = any(dataset.dimensions[code].is_several for code in selection.by)
    total = None if is_several else sum(cell.amount for cell in cells)
    return StatisticsTable(dataset, selection.by, selection.grain, through, cells, total)


def _read_selection(actor: Actor, dataset: Dataset, filters: Mapping[str, Any]) -> _Selection:
    """Return what is asked for; raises Invalid."""
    by, grain = filters.get("by"), filters.get("grain")
    where = dict(filters.get("where") or {})
    if actor.state and filters.get("state") != actor.state:
        raise Invalid({"state": [_OF_OTHERS]})
    is_granted = not actor.state and dataset.readers == "granted"
    if is_granted:
        allowed = {each.code for each in dataset.totals}
        refused = {
            "by": not allowed.issuperset(by or ()),
            "grain": grain not in (None, Grain.YEAR.value),
        } | {code: code not in allowed for code in where}
        if problems := {name: [_GRANTED] for name, is_wrong in refused.items() if is_wrong}:
            raise Invalid(problems)
        grain = Grain.YEAR.value
    if by is None:
        by = (dataset.base[-1].code,)
    defaults = {each.code: each.default for each in dataset.base if each.default}
    selection = _Selection(
        tuple(by),
        {code: value for code, value in defaults.items() if code not in by} | where,
        Grain(grain or Grain.QUARTER.value),
        has_silent=bool(actor.state) or is_granted,
        is_granted=is_granted,
    )
    _check_dimensions(dataset, selection)
    return selection


def _check_dimensions(dataset: Dataset, selection: _Selection) -> None:
    known = dataset.dimensions
    unknown = {"by": [code for code in selection.by if code not in known]}
    unknown |= {code: [code] for code in selection.where if code not in known}
    problems = {
        name: [Message(_UNKNOWN.text, {"dimension": codes[0], "choices": ", ".join(known)})]
        for name, codes in unknown.items()
        if codes
    }
    problems |= {
        code: [message("This is no value of it. One of: {choices}.", choices=", ".join(values))]
        for code, value in selection.where.items()
        if code in known and (values := known[code].values()) and value not in values
    }
    if problems:
        raise Invalid(problems)
    finer = [each.code for each in dataset.finer if each.code in selection.used]
    if len(finer) > 1:
        problem = message(
            "{first} and {second} cannot be combined. Leave one of them out.",
            first=finer[0],
            second=finer[1],
        )
        raise Invalid({"by": [problem]})


def _build_query(
    dataset: Dataset, selection: _Selection, filters: Mapping[str, Any], through: date
) -> Any:
    finer = next((each.code for each in dataset.finer if each.code in selection.used), "")
    sums = _select_sums(dataset, selection, finer, through)
    columns: dict[str, Any] = {
        each.code: func.split_part(sums.subject, "|", at)
        for at, each in enumerate(dataset.base, start=1)
    }
    columns[finer] = sums.value
    period = cast(func.date_trunc(selection.grain.value, sums.period), Date)
    keys = [sums.state, sums.partner, period, *(columns[code] for code in selection.by)]
    amount = func.sum(sums.amount)
    query = select(*keys, amount).where(
        *(columns[code] == value for code, value in selection.where.items())
    )
    for name in ("state", "partner"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(sums, name) == value)
    if (first := filters.get("from_period")) is not None:
        query = query.where(sums.period >= selection.grain.start(first))
    if (last := filters.get("to_period")) is not None:
        query = query.where(period <= selection.grain.start(last))
    if selection.is_granted:
        query = query.where(sums.state.not_in(withheld_states()))
    return query.group_by(*keys).having(amount > 0).order_by(*keys)


def _select_sums(dataset: Dataset, selection: _Selection, finer: str, through: date) -> Any:
    """Return the sums before a day; of years those by year, but for the year of that day."""
    counted = [dataset.code, dataset.silent] if selection.has_silent else [dataset.code]

    def select_from(table: type[Amounts], *where: Any) -> Any:
        chosen = table.dataset.in_(counted), table.dimension == finer, table.period < through
        return select(table).where(*chosen, *where)

    if selection.grain is not Grain.YEAR:
        return aliased(Rollup, select_from(Rollup).subquery())
    year = Grain.YEAR.start(through)
    ended = select_from(YearlyRollup, YearlyRollup.period < year)
    both = ended.union_all(select_from(Rollup, Rollup.period >= year)).subquery()
    return aliased(Rollup, both)


def withheld_states() -> Sequence[str]:
    """Return the states that do not allow the secretariat to read their yearly totals."""
    withheld = select(StateSetting.owner_state).where(~StateSetting.yearly_totals)
    return db.session.scalars(withheld).all()
