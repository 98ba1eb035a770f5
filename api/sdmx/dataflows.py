"""Dataflows: a table of figures each, derived from its declaration, and what it has for a reader."""

from calendar import monthrange
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from api.i18n.messages import language, translate
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, Message, Unauthenticated, message
from salsa_ext.figures import DATASETS
from salsa_ext.reference import names
from salsa_ext.releases import releases
from salsa_ext.releases.release_tables import OTHERS, TABLE_TYPES, TableType
from salsa_ext.statistics import queries
from salsa_ext.statistics.dataset_types import Dataset, Grain

FREQUENCIES: Final = {"M": Grain.MONTH, "Q": Grain.QUARTER, "A": Grain.YEAR}
TOTAL: Final = "_T"
GENERIC_CODES: Final = {
    TOTAL: message("In all"),
    "_O": message("All others"),
    "_Z": message("Not applicable"),
    "unknown": message("Unknown"),
    "none": message("None"),
}
"""Codes that any list has besides its own."""
CONCEPTS: Final = {
    "FREQ": message("Frequency"),
    "REF_AREA": message("State"),
    "COUNTERPART_AREA": message("Other state"),
    "TIME_PERIOD": message("Period"),
    "OBS_VALUE": message("Amount"),
    "OBS_STATUS": message("Status of the figure"),
    "CONF_STATUS": message("Confidentiality"),
}
"""Those that all tables share; the others are dimensions of datasets."""
PUBLISHED: Final = {"OBS_STATUS": "A", "CONF_STATUS": "F"}
WITHHELD: Final = {"OBS_STATUS": "Q", "CONF_STATUS": "C"}
"""Withheld for its own sake or for another's: readers must not be able to tell."""
Observation = Mapping[str, str]
"""Values by component; a withheld one has no OBS_VALUE."""


@dataclass(frozen=True)
class Dataflow:
    """A dataset by its base and at most one finer dimension, or a `table` of releases."""

    id: str
    dataset: Dataset
    by: tuple[str, ...]
    table: TableType | None = None

    @property
    def dimensions(self) -> dict[str, str]:
        """Return the kind of labels of each dimension but time, by id; '' for any text."""
        has_partner = self.dataset.has_partner and self.table is None
        return {
            "FREQ": "frequency",
            "REF_AREA": "state",
            **({"COUNTERPART_AREA": "state"} if has_partner else {}),
            **{code.upper(): self.dataset.dimensions[code].labels for code in self.by},
        }

    def name(self) -> str:
        """Return its title in the current language."""
        if self.table:
            return translate(self.table.title)
        title = names.label("dataset", self.dataset.code, language.get())
        if self.dataset.dimensions[self.by[-1]] in self.dataset.finer:
            title += f": {names.label('dimension', self.by[-1], language.get())}"
        return title


def _list_dataflows() -> Iterator[Dataflow]:
    for dataset in DATASETS:
        base = tuple(each.code for each in dataset.base)
        yield Dataflow(dataset.code.upper(), dataset, base)
        for each in dataset.finer:
            yield Dataflow(f"{dataset.code}_BY_{each.code}".upper(), dataset, (*base, each.code))
    for table in TABLE_TYPES:
        yield Dataflow(f"RELEASE_{table.code}".upper(), table.dataset, table.by, table)


DATAFLOWS: Final = {flow.id: flow for flow in _list_dataflows()}
DIMENSIONS: Final = {
    id: kind for flow in DATAFLOWS.values() for id, kind in flow.dimensions.items()
}
"""Of all dataflows, with the kinds of their labels."""


@dataclass(frozen=True)
class Selection:
    """Which observations are read: some values of dimensions, and periods from a day to a day."""

    values: Mapping[str, Collection[str]]
    first: date | None = None
    last: date | None = None

    def has(self, observation: Observation) -> bool:
        """Return whether the observation is among the values."""
        return all(observation[id] in values for id, values in self.values.items())


def select_by_key(flow: Dataflow, key: str) -> dict[str, Collection[str]]:
    """Return the values that a key names: of each dimension in order, `*` or nothing for all.

    Raises Invalid.
    """
    parts = [] if key == "*" else key.split(".")
    if parts and len(parts) != len(flow.dimensions):
        problem = message("A key has these dimensions, with points between them: {names}.")
        raise Invalid({"key": [Message(problem.text, {"names": ", ".join(flow.dimensions)})]})
    selected = zip(flow.dimensions, parts, strict=False)
    return {id: part.split("+") for id, part in selected if part not in ("", "*")}


def read_observations(actor: Actor, flow: Dataflow, selection: Selection) -> list[Observation]:
    """Return what the reader may see of a dataflow: releases for all, else what `get_table` gives.

    Raises Unauthenticated for a dataset without a key.
    """
    if flow.table:
        read: Callable[..., Iterator[Observation]] = _read_releases
    elif actor.account_id is None:
        raise Unauthenticated(message("Send your key as Authorization: Bearer <key>."))
    else:
        read = _read_dataset
    return [each for each in read(actor, flow, selection) if selection.has(each)]


def _read_releases(_: Actor, flow: Dataflow, selection: Selection) -> Iterator[Observation]:
    """Yield the cells of the newest release of each year."""
    first, last = selection.first or date.min, selection.last or date.max
    assert flow.table
    for year, content in releases.newest_contents(flow.table.code, first.year, last.year):
        yield from list_cells(flow, year, content)


def list_cells(flow: Dataflow, year: int, content: Mapping[str, Any]) -> Iterator[Observation]:
    """Yield the cells of a released table, with its totals."""
    for row in content["rows"]:
        for column, amount in zip(content["columns"], row["amounts"], strict=True):
            place = {"FREQ": "A", "REF_AREA": row["state"] or TOTAL}
            yield _observe(flow, place, _split_column(column, len(flow.by)), str(year), amount)


def _split_column(column: str, count: int) -> list[str]:
    whole = {"": TOTAL, OTHERS: "_O"}.get(column)
    return [whole] * count if whole else column.split("|")


def _read_dataset(actor: Actor, flow: Dataflow, selection: Selection) -> Iterator[Observation]:
    """Yield the figures of the own state, or for the secretariat those that it reads whole."""
    is_yearly = actor.state is None and flow.dataset.readers == "granted"
    for code in ("A",) if is_yearly else FREQUENCIES:
        if code not in selection.values.get("FREQ", FREQUENCIES):
            continue
        filters: dict[str, Any] = {
            "state": actor.state,
            "by": flow.by,
            "grain": FREQUENCIES[code].value,
            "from_period": selection.first,
            "to_period": selection.last,
        }
        for cell in queries.get_table(actor, DATASETS, flow.dataset.code, filters).cells:
            place = {"FREQ": code, "REF_AREA": cell.state}
            if flow.dataset.has_partner:
                place["COUNTERPART_AREA"] = cell.partner or "_Z"
            yield _observe(flow, place, cell.values.values(), cell.period, cell.amount)


def _observe(
    flow: Dataflow,
    place: Mapping[str, str],
    values: Collection[str],
    period: str,
    amount: int | None,
) -> Observation:
    by = dict(zip((code.upper() for code in flow.by), values, strict=True))
    figure = WITHHELD if amount is None else {"OBS_VALUE": str(amount)} | PUBLISHED
    return {**place, **by, "TIME_PERIOD": period, **figure}


def period_days(period: str) -> tuple[date, date]:
    """Return the first and last day of 2026, 2026-Q1, 2026-03 or 2026-03-14; raises ValueError."""
    year, _, rest = period.partition("-")
    if len(rest) > 2:
        return date.fromisoformat(period), date.fromisoformat(period)
    last = int(rest[1:]) * 3 if rest.startswith("Q") else int(rest or 12)
    first = last - 2 if rest.startswith("Q") else int(rest or 1)
    days = monthrange(int(year), last)[1]
    return date(int(year), first, 1), date(int(year), last, days)
