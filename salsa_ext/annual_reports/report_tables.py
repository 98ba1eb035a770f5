"""Tables of annual reports, by the categories of the questionnaires that states answer."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core import codes
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.custody.figures import NOT_ESTABLISHED, SEIZURES, UNKNOWN
from salsa_ext.figures import DATASETS, OriginShare, origin_share
from salsa_ext.reference.participation.declarations import declarations_at
from salsa_ext.statistics.dataset_types import Dataset
from salsa_ext.statistics.queries import get_table
from salsa_ext.tracing.requests.figures import REQUESTS
from salsa_ext.tracing.traces.figures import TIMES_TO_CRIME, TRACES
from salsa_ext.trade.discrepancies.figures import DISCREPANCIES
from salsa_ext.trade.permits.figures import LICIT_TRADE, PERMITS

SECTIONS: Final = tuple(
    "introduction seizures circumstances flows tracing disposition trade cooperation".split()
)
"""Sections of a report in their order; each has a text."""
NUMBERS: Final = ("persons_prosecuted", "persons_convicted", "stock_marked", "stock_destroyed")
"""What a state answers that its records do not have."""
PARTNER: Final = "partner"
"""The other state of licit trade, which a table may be by like a dimension."""
ORDERED: Final[Mapping[str, Sequence[str]]] = {
    "kind": codes.SEIZURE_KINDS,
    "category": codes.CATEGORIES,
    "class": (
        *("pistol", "revolver", "rifle", "shotgun", "submachine_gun", "machine_gun"),
        *("other", UNKNOWN),
    ),
    "owner": codes.OWNER_KINDS,
    "marking": codes.MARK_CONDITIONS,
    "legal_ground": codes.LEGAL_GROUNDS,
    "context_group": tuple(codes.CRIME_CONTEXT_GROUPS),
    "organized_crime": codes.CRIME_LINKS,
    "transport": codes.SEIZURE_TRANSPORTS,
    "disposition": codes.DISPOSITION_KINDS,
    "established_by": codes.ESTABLISHED_BY,
    "outcome": codes.TRACE_OUTCOMES,
    "scope": ("domestic", "international"),
    "channel": codes.CHANNELS,
    "time_to_crime": tuple(TIMES_TO_CRIME),
    "answer": ("in_time", "late", "overdue", "refused", "withdrawn", "waiting"),
    "permit": codes.PERMIT_KINDS,
    "decision": ("issued", "refused"),
    "measure": ("export_authorised", "shipped", "import_authorised", "received"),
    "status": codes.DISCREPANCY_STATUSES,
}
"""Values that a table has in any case; others follow where they have figures, the largest first."""
FIREARMS: Final = {"category": "firearm"}
Content = dict[str, Any]
"""A filled table: `columns`, and `rows` with their `code` and `amounts`; '' is the total."""


@dataclass(frozen=True)
class ReportTable:
    """A table of one state and year: `rows` by `columns` of a dataset, of firearms alone or all.

    `is_drawn`: reports show its rows as bars, too.
    """

    questionnaire: str
    section: str
    code: str
    dataset: Dataset
    rows: str
    columns: str
    is_of_firearms: bool
    is_drawn: bool

    def is_several(self, code: str) -> bool:
        """Return whether an object may count under several values, so that they have no sum."""
        return code != PARTNER and self.dataset.dimensions[code].is_several


_DECLARED: Final = """
arms_flows          seizures      classes          seizures      class        kind firearms drawn
arms_flows          seizures      categories       seizures      category     kind
arms_flows          seizures      owners           seizures      owner        kind firearms
arms_flows          circumstances grounds          seizures      legal_ground kind firearms
arms_flows          circumstances contexts         seizures      context_group kind firearms drawn
arms_flows          circumstances organized_crime  seizures      organized_crime kind firearms
arms_flows          flows         transports       seizures      transport    kind firearms
arms_flows          flows         manufacture      seizures      country_of_manufacture kind firearms drawn
arms_flows          flows         diverted         seizures      diverted_in  kind firearms drawn
arms_flows          flows         departures       seizures      departure    kind firearms
arms_flows          flows         destinations     seizures      destination  kind firearms
arms_flows          tracing       markings         seizures      marking      kind firearms drawn
arms_flows          tracing       origins          seizures      established_by kind firearms
arms_flows          tracing       traces           traces        class        outcome
arms_flows          tracing       trace_scopes     traces        scope        outcome
programme_of_action tracing       traces_sent      traces        asked        outcome
programme_of_action tracing       channels         traces        channel      outcome
programme_of_action tracing       time_to_crime    traces        time_to_crime outcome
programme_of_action tracing       requests         requests      asking       answer
programme_of_action disposition   dispositions     seizures      disposition  kind firearms drawn
programme_of_action trade         permits          permits       permit       decision
programme_of_action trade         end_users        permits       end_user     decision
programme_of_action trade         trade_classes    licit_trade   class        measure firearms
programme_of_action trade         trade_partners   licit_trade   partner      measure firearms
programme_of_action trade         trade_categories licit_trade   category     measure
programme_of_action trade         discrepancies    discrepancies discrepancy  status
"""
"""Questionnaire, section, code, dataset, rows, columns; `firearms` alone; `drawn` as bars."""


def _declare(row: str) -> ReportTable:
    questionnaire, section, code, dataset, rows, columns, *more = row.split()
    [counted] = [each for each in DATASETS if each.code == dataset]
    is_of_firearms, is_drawn = "firearms" in more, "drawn" in more
    return ReportTable(
        questionnaire, section, code, counted, rows, columns, is_of_firearms, is_drawn
    )


REPORT_TABLES: Final = tuple(map(_declare, _DECLARED.strip().splitlines()))
TABLES_BY_CODE: Final = {each.code: each for each in REPORT_TABLES}
SECTION_BY_RELEASED_TABLE: Final = {
    "seizures": "seizures",
    "types": "seizures",
    "calibres": "seizures",
    "grounds": "circumstances",
    "contexts": "circumstances",
    "countries": "flows",
    "origins": "flows",
    "markings": "tracing",
    "traces": "tracing",
    "times": "tracing",
    "requests": "tracing",
    "dispositions": "disposition",
    "trade": "trade",
    "permits": "trade",
}
"""Section of each table of a release in the hemispheric report."""


@dataclass(frozen=True)
class FilledTables:
    """Tables of a state and year by their code, and indicator 16.4.2."""

    state: str
    year: int
    tables: Mapping[str, Content]
    share: OriginShare


def fill_tables(actor: Actor, year: int, questionnaire: str | None = None) -> FilledTables:
    """Return the own state's tables of a year, by one questionnaire or all; raises NotFound."""
    require(actor, Permission.STATISTICS_READ)
    if actor.state is None:
        raise NotFound("dataset", "questionnaires")
    tables = {
        table.code: _fill_table(actor, table, year)
        for table in REPORT_TABLES
        if questionnaire in (None, table.questionnaire)
    }
    return FilledTables(actor.state, year, tables, origin_share(actor, year))


def in_order(tables: Mapping[str, Content]) -> dict[str, Content]:
    """Return stored tables in the order of their declarations, which JSON in a database loses."""
    return {code: tables[code] for code in TABLES_BY_CODE if code in tables}


def _fill_table(actor: Actor, table: ReportTable, year: int) -> Content:
    by = tuple(code for code in (table.rows, table.columns) if code != PARTNER)
    amounts = Counter[tuple[str, str]]()
    for cell in read_year(actor, table.dataset, year, by, FIREARMS if table.is_of_firearms else {}):
        values = {**cell.values, PARTNER: cell.partner or UNKNOWN}
        amounts[values[table.rows], values[table.columns]] += cell.amount or 0
    columns = _list_codes(table.columns, ((column, n) for (_, column), n in amounts.items()))
    rows = _list_codes(table.rows, ((row, n) for (row, _), n in amounts.items()))
    lines = {row: [amounts[row, column] for column in columns] for row in rows}
    if lines and not table.is_several(table.rows):
        lines[""] = [*map(sum, zip(*lines.values(), strict=True))]
    if not table.is_several(table.columns):
        columns.append("")
        lines = {row: [*each, sum(each)] for row, each in lines.items()}
    return {
        "columns": columns,
        "rows": [{"code": row, "amounts": each} for row, each in lines.items()],
    }


def read_year(
    actor: Actor, dataset: Dataset, year: int, by: Sequence[str], where: Mapping[str, str]
) -> Sequence[Any]:
    """Return the figures of the own state for a year by dimensions."""
    filters = {
        "state": actor.state,
        "by": by,
        "where": where,
        "grain": "year",
        "from_period": date(year, 1, 1),
        "to_period": date(year, 12, 31),
    }
    return get_table(actor, DATASETS, dataset.code, filters).cells


def _list_codes(dimension: str, amounts: Iterable[tuple[str, int]]) -> list[str]:
    """Return the values of a dimension in the order of a table."""
    totals = Counter[str]()
    for code, amount in amounts:
        totals[code] += amount
    known = ORDERED.get(dimension, ())
    last = (UNKNOWN, NOT_ESTABLISHED)
    others = sorted(totals.keys() - {*known}, key=lambda code: (code in last, -totals[code], code))
    return [*known, *others]


def changed_cells(
    before: Mapping[str, Content], after: Mapping[str, Content]
) -> Iterator[dict[str, Any]]:
    """Yield the cells of tables that differ, those without figures as 0."""
    old, new = dict(_cells(before)), dict(_cells(after))
    for key in [*new, *(key for key in old if key not in new)]:
        if old.get(key, 0) != new.get(key, 0):
            table, row, column = key
            yield {
                "table": table,
                "row": row,
                "column": column,
                "before": old.get(key, 0),
                "after": new.get(key, 0),
            }


def _cells(tables: Mapping[str, Content]) -> Iterator[tuple[tuple[str, str, str], int]]:
    for code, content in tables.items():
        for line in content["rows"]:
            for column, amount in zip(content["columns"], line["amounts"], strict=True):
                yield (code, line["code"], column), amount


COUNTED_GAPS: Final[Mapping[str, tuple[Dataset, str, tuple[str, ...], Mapping[str, str]]]] = {
    "class_unknown": (SEIZURES, "class", (UNKNOWN,), FIREARMS),
    "marking_unknown": (SEIZURES, "marking", (UNKNOWN,), FIREARMS),
    "ground_unknown": (SEIZURES, "legal_ground", (UNKNOWN,), FIREARMS),
    "context_unknown": (SEIZURES, "context_group", (UNKNOWN,), FIREARMS),
    "manufacture_unknown": (SEIZURES, "country_of_manufacture", (UNKNOWN,), FIREARMS),
    "origin_open": (SEIZURES, "established_by", (NOT_ESTABLISHED,), FIREARMS),
    "traces_pending": (TRACES, "outcome", ("pending",), {}),
    "requests_waiting": (REQUESTS, "answer", ("waiting", "overdue"), {}),
    "discrepancies_open": (DISCREPANCIES, "status", ("open", "reopened"), {}),
}
"""Gaps that a dataset counts: by which dimension, which of its values, of what alone."""
DATASETS_BY_REGISTER: Final[Mapping[str, tuple[Dataset, Mapping[str, str]]]] = {
    "seizures": (SEIZURES, {}),
    "permits": (PERMITS, {}),
    "export": (LICIT_TRADE, {"measure": "shipped"}),
    "import": (LICIT_TRADE, {"measure": "received"}),
}
"""Registers whose records of a year are counted."""


class Gap(NamedTuple):
    """Something missing: its code, how many, and which registers, months or fields."""

    code: str
    amount: int
    items: tuple[str, ...] = ()


def find_gaps(
    actor: Actor, year: int, words: Mapping[str, Any], numbers: Mapping[str, int]
) -> list[Gap]:
    """Return what is missing for a year; needs the permission to read figures."""
    lists = {
        **_register_gaps(actor, year),
        "months_without": tuple(_empty_months(actor, year)),
        "words_missing": tuple(section for section in SECTIONS if section not in words),
        "numbers_missing": tuple(name for name in NUMBERS if name not in numbers),
    }
    gaps = {code: Gap(code, len(items), items) for code, items in lists.items()}
    for code, (dataset, dimension, values, where) in COUNTED_GAPS.items():
        cells = read_year(actor, dataset, year, (dimension,), where)
        count = sum(cell.amount or 0 for cell in cells if cell.values[dimension] in values)
        gaps[code] = Gap(code, count)
    return [gaps[code] for code in codes.ANNUAL_REPORT_GAPS if gaps[code].amount]


def _register_gaps(actor: Actor, year: int) -> dict[str, tuple[str, ...]]:
    """Return registers that are not declared now, and declared ones without records in a year."""
    state = actor.own_state()
    declared = declarations_at({state: actor.now()})[state]
    empty = [
        register
        for register, (dataset, where) in DATASETS_BY_REGISTER.items()
        if register in declared and not read_year(actor, dataset, year, (), where)
    ]
    undeclared = [register for register in codes.REGISTERS if register not in declared]
    return {"registers_undeclared": tuple(undeclared), "registers_empty": tuple(empty)}


def _empty_months(actor: Actor, year: int) -> Iterator[str]:
    """Yield the months of a year without a seizure."""
    filters = {
        "state": actor.state,
        "by": (),
        "grain": "month",
        "from_period": date(year, 1, 1),
        "to_period": date(year, 12, 31),
    }
    table = get_table(actor, DATASETS, SEIZURES.code, filters)
    recorded = {cell.period for cell in table.cells}
    yield from (month for at in range(1, 13) if (month := f"{year}-{at:02}") not in recorded)
