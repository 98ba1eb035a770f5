"""Figures: of the own state whole and live, of others as they are published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Date, cast, func, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, Message, NotFound, message
from salsa_ext.database.session import db
from salsa_ext.reference.models import StateSetting
from salsa_ext.releases.models import Release
from salsa_ext.statistics.dataset_types import MIN_CELL, Dataset, Grain, Published
from salsa_ext.statistics.models import Rollup

PERIODS: Final = ("month", "quarter", "year")
_UNKNOWN: Final = message("{dimension} is not a dimension of these figures. One of: {choices}.")
_OWN_ALONE: Final = message("These figures are read of the own state alone. Give your state.")
_UNPUBLISHED: Final = message(
    "Of other states this is not published. Give your own state, or leave this out."
)


@dataclass(frozen=True)
class StatisticsCell:
    """One figure; `amount` None if suppressed. `values` has its codes by dimension."""

    state: str
    partner: str | None
    values: Mapping[str, str]
    period: str
    amount: int | None


@dataclass(frozen=True)
class StatisticsTable:
    """Cells of one dataset by `by`; `total` None if any cell is suppressed.

    Nor is there one where an object may count under several values.
    """

    dataset: Dataset
    by: Sequence[str]
    grain: Grain
    through: date
    cells: Sequence[StatisticsCell]
    total: int | None

    @property
    def withheld(self) -> int:
        """Return the number of suppressed cells."""
        return sum(cell.amount is None for cell in self.cells)


@dataclass(frozen=True)
class _Selection:
    """Which table is read: by what, of which values, for periods of what length."""

    by: Sequence[str]
    where: Mapping[str, str]
    grain: Grain
    is_whole: bool
    is_yearly: bool = False
    is_own: bool = False

    @property
    def used(self) -> set[str]:
        return {*self.by, *self.where}


def list_datasets(actor: Actor, datasets: Sequence[Dataset]) -> list[Dataset]:
    """Return the datasets available to the reader; the secretariat has no state."""
    require(actor, Permission.STATISTICS_READ)
    if actor.state:
        return [dataset for dataset in datasets if dataset.readers == "states"]
    return [dataset for dataset in datasets if dataset.published]


def get_table(
    actor: Actor, datasets: Sequence[Dataset], code: str, filters: Mapping[str, Any]
) -> StatisticsTable:
    """Return figures by state, partner, period and the dimensions of `by`.

    With the own `state` in `filters` they are whole, with silent records, and go up to today, by
    any of the base and at most one finer dimension, and of values in `where`. Of all states they
    are as published: by ended quarters of years without a release, cells below 5 suppressed, and
    with them the total. The secretariat reads ended years whole, with silent records, by the base,
    of states that allow it. Raises NotFound for an unknown dataset, Invalid for dimensions, values
    or periods that this table has not.
    """
    require(actor, Permission.STATISTICS_READ)
    dataset = next((each for each in list_datasets(actor, datasets) if each.code == code), None)
    if dataset is None:
        raise NotFound("dataset", code)
    selection = _read_selection(actor, dataset, filters)
    today = actor.now().date()  # the day of UTC, or a period would end sooner for some readers
    is_ended = selection.is_yearly or not selection.is_whole
    through = selection.grain.start(today) if is_ended else today + timedelta(days=1)
    query = _build_query(dataset, selection, filters, through)
    cells = [
        StatisticsCell(
            state,
            partner or None,
            dict(zip(selection.by, values, strict=True)),
            selection.grain.label(period),
            int(count) if selection.is_whole or count >= MIN_CELL else None,
        )
        for state, partner, period, *values, count in db.session.execute(query)
    ]
    total = _total(dataset, selection, cells)
    return StatisticsTable(dataset, selection.by, selection.grain, through, cells, total)


def _read_selection(actor: Actor, dataset: Dataset, filters: Mapping[str, Any]) -> _Selection:
    """Return what is asked for; raises Invalid."""
    is_own = actor.state is not None and filters.get("state") == actor.state
    published = dataset.published
    if published is None:
        if not is_own:
            raise Invalid({"state": [_OWN_ALONE]})
        published = Published(dataset.base[-1].code)
    by, grain = filters.get("by"), filters.get("grain")
    is_of_secretariat = dataset.readers == "secretariat"
    is_yearly = not (actor.state or is_of_secretariat) and grain == Grain.YEAR.value
    is_whole = is_own or is_of_secretariat or is_yearly
    where = dict(filters.get("where") or {})
    base = {each.code for each in dataset.base}
    if not (is_own or is_of_secretariat):
        readable = base if is_yearly else {published.by}
        unpublished = {
            "by": by is not None and not readable.issuperset(by),
            "grain": grain not in (None, Grain.QUARTER.value) and not is_yearly,
        } | {code: code not in readable for code in where}
        if problems := {name: [_UNPUBLISHED] for name, is_wrong in unpublished.items() if is_wrong}:
            raise Invalid(problems)
    if by is None:
        by = (dataset.base[-1].code if is_yearly else published.by,)
        where = {**published.where, **where}
    defaults = {each.code: each.default for each in dataset.base if each.default}
    selection = _Selection(
        tuple(by),
        {code: value for code, value in defaults.items() if code not in by} | where,
        Grain(grain or Grain.QUARTER.value),
        is_whole,
        is_yearly,
        is_own,
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
    columns: dict[str, Any] = {
        each.code: func.split_part(Rollup.subject, "|", at)
        for at, each in enumerate(dataset.base, start=1)
    }
    columns[finer] = Rollup.value
    period = cast(func.date_trunc(selection.grain.value, Rollup.period), Date)
    keys = [Rollup.state, Rollup.partner, period, *(columns[code] for code in selection.by)]
    amount = func.sum(Rollup.amount)
    has_silent = selection.is_own or selection.is_yearly
    counted = [dataset.code, dataset.silent] if has_silent else [dataset.code]
    query = select(*keys, amount).where(
        Rollup.dataset.in_(counted),
        Rollup.dimension == finer,
        Rollup.period < through,
        *(columns[code] == value for code, value in selection.where.items()),
    )
    for name in ("state", "partner"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Rollup, name) == value)
    if (first := filters.get("from_period")) is not None:
        query = query.where(Rollup.period >= selection.grain.start(first))
    if (last := filters.get("to_period")) is not None:
        query = query.where(period <= selection.grain.start(last))
    if not selection.is_whole:  # from both together would follow what silent records count
        released = select(Release.year).where(Release.status == "published")
        query = query.where(func.extract("year", Rollup.period).not_in(released))
    if selection.is_yearly:
        query = query.where(Rollup.state.not_in(withheld_states()))
    return query.group_by(*keys).having(amount > 0).order_by(*keys)


def withheld_states() -> Sequence[str]:
    """Return the states that do not allow the secretariat to read their yearly totals."""
    withheld = select(StateSetting.owner_state).where(~StateSetting.yearly_totals)
    return db.session.scalars(withheld).all()


def _total(dataset: Dataset, selection: _Selection, cells: Sequence[StatisticsCell]) -> int | None:
    """Return the sum of the cells; None where one is suppressed, or objects count several times."""
    amounts = [cell.amount for cell in cells]
    if None in amounts or any(dataset.dimensions[code].is_several for code in selection.by):
        return None
    return sum(amount or 0 for amount in amounts)
