"""Figures by what and for which periods the reader chooses, as table and file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from api.http import tables
from api.i18n.messages import translate
from api.schemas.figures.statistics import (
    NONE_NAMES,
    FiguresQuery,
    MirrorFilters,
    MirrorRowResponse,
    flat_rows,
    value_name,
)
from api.web import choices, formatting, lists
from api.web.access import login_required
from api.web.forms import Field, Form
from api.web.pages import account_pages
from api.web.pages.statistics.pictures import NO_VALUE
from api.web.record_pages import HOME, render_page
from salsa_ext.annual_reports.report_tables import ORDERED
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, message
from salsa_ext.custody.figures import NOT_ESTABLISHED, UNKNOWN
from salsa_ext.figures import DATASETS
from salsa_ext.reference import names
from salsa_ext.reference.calendars import today
from salsa_ext.reference.name_matching import fold_name
from salsa_ext.statistics import queries
from salsa_ext.statistics.coverage import Coverage, list_coverage
from salsa_ext.statistics.dataset_types import Dataset
from salsa_ext.statistics.queries import StatisticsTable
from salsa_ext.trade import mirror
from salsa_ext.trade.permits.figures import LICIT_TRADE

TITLE: Final = message("Figures")
MAX_PERIODS: Final = 12
"""Columns of the table: the last ones, without gaps."""
STATE: Final = Field("state", message("State"), "choice", "participant")
COMPLETE: Final = message("none")
ALL_MONTHS: Final = message("all months")
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
    _drop_unused(dataset, filters, form, is_own=is_own, is_whole=is_whole)
    form.values.setdefault("grain", "quarter" if is_whole else "year")
    selected = _select_table(actor, dataset, filters, is_own)
    table = _read_table(actor, dataset, filters | selected, form)
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
        grains=[(code, translate(name)) for code, name in GRAINS if is_whole],
        datasets=dataset_names(actor),
        state_field=STATE,
        dimensions=_dimension_options(dataset, is_own=is_own),
        narrowed=_list_filters(dataset, selected["by"]),
        **_show_coverage(actor, dataset, table),
        **(_layout(table, is_own) if table and table.cells else {}),
    )
    return page, form.status


def _drop_unused(
    dataset: Dataset, filters: dict[str, Any], form: Form, *, is_own: bool, is_whole: bool
) -> None:
    """Drop what an address has of another dataset, and this one does not have for the reader."""
    offered = {code for code, _ in _dimension_options(dataset, is_own=is_own)}
    by = filters.get("by", ())
    unused = {code for code in filters["where"] if code not in offered}
    unused |= {"by"} if not offered.issuperset(by) else set()
    unused |= {"then"} if filters.get("then") not in offered else set()
    unused |= set() if is_whole else {"grain"}
    filters["where"] = {
        code: value for code, value in filters["where"].items() if code not in unused
    }
    for name in unused:
        filters.pop(name, None)
        form.values.pop(name, None)


def _show_coverage(actor: Actor, dataset: Dataset, table: StatisticsTable | None) -> dict[str, Any]:
    """Return the coverage of the last year that the table shows, as lines by state and register."""
    periods = [cell.period for cell in table.cells] if table else []
    year = int(max(periods)[:4]) if periods else today(actor).year - 1
    lines = [
        (
            formatting.label("state", each.state),
            formatting.label("register", each.register) if each.register else "–",
            " – ".join(formatting.day(on) for on in (each.since, each.until) if on) or "–",
            formatting.months(each.with_records) or "–",
            list_missing(each),
        )
        for each in sorted(list_coverage(actor, [dataset], year), key=_state_order)
    ]
    return {"coverage": lines, "coverage_year": year}


def _state_order(coverage: Coverage) -> str:
    return fold_name("state", formatting.label("state", coverage.state))


def list_missing(coverage: Coverage) -> str:
    """Return the months of a year without records, in words."""
    if not coverage.without_records:
        return translate(COMPLETE)
    if not coverage.with_records:
        return translate(ALL_MONTHS)
    return formatting.months(coverage.without_records)


def dataset_names(actor: Actor) -> choices.Options:
    """Return the datasets of the reader with their names."""
    listed = queries.list_datasets(actor, DATASETS)
    return [(each.code, formatting.label("dataset", each.code)) for each in listed]


def _select_table(
    actor: Actor, dataset: Dataset, filters: Mapping[str, Any], is_own: bool
) -> dict[str, Any]:
    """Return which table is read: of the own state, or ended years of those that allow it."""
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


def _list_filters(dataset: Dataset, by: Sequence[str]) -> list[tuple[str, str, choices.Options]]:
    """Return dimensions to narrow a table to: code, what counts without a choice, values."""
    counted = {code: value for code, value in dataset.counted_values.items() if code not in by}
    any_value = translate(message("Any"))
    return [
        (
            each.code,
            value_name(dataset, each.code, counted[each.code])
            if each.code in counted
            else any_value,
            list_values(dataset, each.code, counted.get(each.code)),
        )
        for each in dataset.totals
        if each.values()
    ]


def list_values(dataset: Dataset, code: str, left_out: str | None = None) -> choices.Options:
    """Return the values of a dimension to choose from: bands by size, states of today by name."""
    values = {*dataset.dimensions[code].values()} - {left_out}
    if dataset.dimensions[code].labels == "state":
        values -= names.former_states().keys()
    if code not in NONE_NAMES:
        values.discard(NOT_ESTABLISHED)
    ordered = sorted(values, key=lambda value: _order(dataset, code, value))
    return [(value, value_name(dataset, code, value)) for value in ordered]


def _order(dataset: Dataset, code: str, value: str) -> tuple[int, str]:
    """Return where a value belongs: in the order of its list, else by its name; unknown last."""
    known = ORDERED.get(code, ())
    if value in known and value != UNKNOWN:
        return known.index(value), ""
    name = fold_name("state", value_name(dataset, code, value))
    return len(known) + (value in NO_VALUE), name


def _layout(table: StatisticsTable, is_own: bool) -> dict[str, Any]:
    """Return the lines and periods of a table."""
    periods = _list_periods(table)
    lines: dict[tuple[str, ...], dict[str, int]] = {}
    order: dict[tuple[str, ...], Any] = {}
    has_partners = any(cell.partner for cell in table.cells)
    for cell in table.cells:
        if cell.period in periods:
            states = (() if is_own else (cell.state,)) + ((cell.partner,) if has_partners else ())
            who = [formatting.label("state", state) if state else "–" for state in states]
            values = (value_name(table.dataset, *item) for item in cell.values.items())
            lines.setdefault(key := (*who, *values), {})[cell.period] = cell.amount
            places = [_order(table.dataset, *item) for item in cell.values.items()]
            order[key] = ([fold_name("state", name) for name in who], places)
    columns = [] if is_own else [translate(message("State"))]
    columns += [translate(message("Partner"))] if has_partners else []
    columns += [formatting.label("dimension", code) for code in table.by]
    every = [
        Line(key, amounts)
        for key, amounts in sorted(lines.items(), key=lambda line: order[line[0]])
    ]
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


MAX_ROWS: Final = 200
FILTERS: Final = (
    Field("year", message("Year"), max_length=4),
    Field("exporting_state", message("Exporting country"), "choice", "any_state"),
    Field("importing_state", message("Importing country"), "choice", "any_state"),
    Field("heading", message("Tariff heading"), "choice", "tariff_heading"),
)


@account_pages.get("/figures/mirror")
@login_required
def mirror_page(actor: Actor) -> Any:
    """Show the figures of both sides, of the last ended year unless another is chosen."""
    listed = lists.read_filters(MirrorFilters)
    filters, form = dict(listed.filters), listed.form
    year = filters.pop("year", today(actor).year - 1)
    rows = mirror.list_mirror(actor, year, filters)
    if listed.format:
        return tables.list_response(listed.format, MirrorRowResponse(), rows, "mirror", {})
    chips = list(lists.chips(form, FILTERS))
    form.values.setdefault("year", str(year))
    page = render_page(
        "account/mirror.html",
        actor,
        trail=(HOME,),
        form=form,
        fields=FILTERS,
        chips=chips,
        year=year,
        rows=rows[:MAX_ROWS],
        total=len(rows),
        heading_name=lambda heading: value_name(LICIT_TRADE, "heading", heading),
        measures=[
            formatting.label("trade_measure", code)
            for code in (*mirror.OF_EXPORTER, *mirror.OF_IMPORTER)
        ],
    )
    return page, form.status
