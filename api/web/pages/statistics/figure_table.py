"""Figures by what and for which periods the reader chooses, as table and file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from api.http import tables
from api.i18n.messages import translate
from api.schemas.figures.statistics import FiguresQuery, flat_rows, value_name
from api.web import choices, formatting, lists
from api.web.access import login_required
from api.web.forms import Field, Form
from api.web.pages import account_pages
from api.web.record_pages import HOME, render_page
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, message
from salsa_ext.figures import DATASETS
from salsa_ext.reference.calendars import today
from salsa_ext.statistics import queries
from salsa_ext.statistics.coverage import list_coverage
from salsa_ext.statistics.dataset_types import Dataset
from salsa_ext.statistics.queries import StatisticsTable

TITLE: Final = message("Figures")
MAX_PERIODS: Final = 12
"""Columns of the table: the last ones, without gaps."""
STATE: Final = Field("state", message("State"), "choice", "participant")
COMPLETENESS: Final = {True: message("complete"), False: message("not complete")}
GRAINS: Final = (
    ("month", message("By month")),
    ("quarter", message("By quarter")),
    ("year", message("By year")),
)


@dataclass(frozen=True)
class Line:
    """A line of the table: what is counted, and its amounts by period."""

    names: Sequence[str]
    amounts: Mapping[str, int]

    @property
    def total(self) -> int:
        """Return the sum of the line."""
        return sum(self.amounts.values())


@account_pages.get("/figures/table")
@login_required
def figure_table(actor: Actor) -> Any:
    """Show figures by what and for which periods the reader chooses, as table and file."""
    datasets = queries.list_datasets(actor, DATASETS)
    listed = lists.read_filters(FiguresQuery)
    filters, form = dict(listed.filters), listed.form
    code = filters.pop("dataset", datasets[0].code)
    dataset = next((each for each in datasets if each.code == code), datasets[0])
    is_own = actor.state is not None
    is_whole = is_own or dataset.readers == "secretariat"
    table = _read_table(
        actor, dataset, filters | _select_table(actor, dataset, filters, is_own), form
    )
    if table and listed.format:
        return tables.table_response(flat_rows(table), listed.format, dataset.code)
    page = render_page(
        "account/figure_table.html",
        actor,
        trail=(HOME,),
        form=form,
        dataset=dataset,
        table=table,
        is_own=is_own,
        grains=[(code, translate(name)) for code, name in GRAINS if is_whole or code == "year"],
        is_whole=is_whole,
        datasets=dataset_names(actor),
        state_field=STATE,
        dimensions=_dimension_options(dataset, is_own=is_own),
        narrowed=_list_filters(dataset),
        **_show_coverage(actor, dataset, table),
        **(_layout(table, is_own) if table and table.cells else {}),
    )
    return page, form.status


def _show_coverage(actor: Actor, dataset: Dataset, table: StatisticsTable | None) -> dict[str, Any]:
    """Return the coverage of the last year that the table shows, as lines by state and register."""
    periods = [cell.period for cell in table.cells] if table else []
    year = int(max(periods)[:4]) if periods else today(actor).year - 1
    lines = [
        (
            formatting.label("state", each.state),
            formatting.label("register", each.register) if each.register else "–",
            " – ".join(formatting.day(on) for on in (each.since, each.until) if on) or "–",
            "–" if each.complete is None else translate(COMPLETENESS[each.complete]),
            formatting.months(each.with_records) or "–",
            formatting.months(each.without_records) or "–",
        )
        for each in list_coverage(actor, [dataset], year)
    ]
    return {"coverage": lines, "coverage_year": year}


def dataset_names(actor: Actor) -> choices.Options:
    """Return the datasets of the reader with their names."""
    listed = queries.list_datasets(actor, DATASETS)
    return [(each.code, formatting.label("dataset", each.code)) for each in listed]


def _select_table(
    actor: Actor, dataset: Dataset, filters: Mapping[str, Any], is_own: bool
) -> dict[str, Any]:
    """Return which table is read: of the own state, or ended years of those that allow it.

    Firearms alone, unless it is by category: guns and rounds are no sum. Who has no state sees a
    line a state at first.
    """
    by = dict.fromkeys(filters.get("by") or ((dataset.base[-1].code,) if is_own else ()))
    if then := filters.get("then"):
        by |= {then: None}
    where = {
        code: value for code, value in dataset.counted_values.items() if code not in by
    } | filters["where"]
    if is_own:
        return {"state": actor.state, "by": tuple(by), "where": where}
    return {"by": tuple(by), "where": where}


def _read_table(
    actor: Actor, dataset: Dataset, filters: dict[str, Any], form: Form
) -> StatisticsTable | None:
    filters.pop("then", None)
    try:
        return queries.get_table(actor, DATASETS, dataset.code, filters)
    except Invalid as error:
        form.errors |= {
            field: [translate(text) for text in texts] for field, texts in error.errors.items()
        }
        form.status = 422
        return None


def _dimension_options(dataset: Dataset, *, is_own: bool) -> choices.Options:
    offered = dataset.dimensions.values() if is_own else dataset.totals
    return [(each.code, formatting.label("dimension", each.code)) for each in offered]


def _list_filters(dataset: Dataset) -> list[tuple[str, str, choices.Options]]:
    """Return dimensions to narrow a table to: code, what counts without a choice, values."""
    counted = dataset.counted_values
    any_value = translate(message("Any"))
    return [
        (
            each.code,
            value_name(dataset, each.code, counted[each.code])
            if each.code in counted
            else any_value,
            [
                (value, value_name(dataset, each.code, value))
                for value in each.values()
                if value != counted.get(each.code)
            ],
        )
        for each in dataset.totals
        if each.values()
    ]


def _layout(table: StatisticsTable, is_own: bool) -> dict[str, Any]:
    """Return the lines and periods of a table."""
    periods = _list_periods(table)
    lines: dict[tuple[str, ...], dict[str, int]] = {}
    for cell in table.cells:
        if cell.period in periods:
            who = () if is_own else (formatting.label("state", cell.state),)
            partner = (formatting.label("state", cell.partner),) if cell.partner else ()
            values = (value_name(table.dataset, *item) for item in cell.values.items())
            lines.setdefault((*who, *partner, *values), {})[cell.period] = cell.amount
    columns = [] if is_own else [translate(message("State"))]
    columns += [translate(message("Partner"))] if any(cell.partner for cell in table.cells) else []
    columns += [formatting.label("dimension", code) for code in table.by]
    every = [Line(key, amounts) for key, amounts in sorted(lines.items())]
    if table.total is not None and len(every) > 1:
        every.append(_add_lines(every, len(columns)))
    return {
        "periods": {period: formatting.period(period) for period in periods},
        "columns": columns,
        "lines": every,
    }


def _list_periods(table: StatisticsTable) -> list[str]:
    """Return the last periods with figures, and those without between them."""
    counted = sorted({cell.period for cell in table.cells})
    years = range(int(counted[0][:4]), int(counted[-1][:4]) + 1)
    months = (date(year, month, 1) for year in years for month in range(1, 13))
    labels = dict.fromkeys(table.grain.label(month) for month in months)
    return [label for label in labels if counted[0] <= label <= counted[-1]][-MAX_PERIODS:]


def _add_lines(lines: Sequence[Line], columns: int) -> Line:
    """Return the line of all others."""
    amounts = Counter[str]()
    for line in lines:
        amounts.update(line.amounts)
    return Line((translate(message("In all")), *[""] * (columns - 1)), amounts)
