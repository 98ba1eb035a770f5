"""What is missing in the records of a state for its annual report."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from salsa_ext.annual_reports.report_tables import FIREARMS, NUMBERS, SECTIONS, read_year
from salsa_ext.core import codes
from salsa_ext.core.actor import Actor
from salsa_ext.custody.figures import NOT_ESTABLISHED, SEIZURES, UNKNOWN
from salsa_ext.figures import DATASETS
from salsa_ext.reference.participation.declarations import declarations_at
from salsa_ext.statistics.dataset_types import Dataset
from salsa_ext.statistics.queries import get_table
from salsa_ext.tracing.requests.figures import REQUESTS
from salsa_ext.tracing.traces.figures import TRACES
from salsa_ext.trade.discrepancies.figures import DISCREPANCIES
from salsa_ext.trade.permits.figures import LICIT_TRADE, PERMITS

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
