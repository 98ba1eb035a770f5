"""A picture of figures with its table, and which figures a page of pictures shows."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple, TypeVar

from flask import url_for

from api.i18n.messages import translate
from api.schemas.figures.releases import DISPOSED, column_name, state_name, table_name
from api.web import formatting
from api.web.charts import Chart, Flows, draw_flows
from api.web.maps import ShadedMap, draw_shaded_map
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.custody.figures import NOT_ESTABLISHED, UNKNOWN
from salsa_ext.figures import DATASETS
from salsa_ext.reference.names import participants
from salsa_ext.releases.release_tables import OTHERS, published_cells
from salsa_ext.releases.releases import ReleaseView
from salsa_ext.statistics import queries
from salsa_ext.statistics.dataset_types import Dataset
from salsa_ext.statistics.queries import StatisticsCell

NO_VALUE: Final = (UNKNOWN, NOT_ESTABLISHED)
RANKED: Final = ("types", "markings", "contexts", "dispositions")
"""Tables of a release of which the sums of all states are a picture."""
Key = TypeVar("Key")


class Row(NamedTuple):
    """A line of a table: its name, cells (None is withheld), and where the name leads to."""

    name: str
    cells: Sequence[Any]
    href: str | None = None


class Links(NamedTuple):
    """Addresses of the same figures: the page of their table, and their file.

    `ignored` are the filters of the page that these figures do not have.
    """

    table: str
    file: str
    ignored: Sequence[str] = ()


@dataclass(frozen=True)
class Picture:
    """Figures with their table; `columns` name the lines and their cells.

    `whole` is what the cells are parts of, each drawn as a bar.
    """

    code: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    drawing: Chart | Flows | ShadedMap | None = None
    note: str = ""
    links: Links | None = None
    whole: int = 0
    is_open: bool = False

    @property
    def kind(self) -> str:
        """Return what is drawn: the name of its type, or nothing."""
        return type(self.drawing).__name__.lower() if self.drawing else ""


@dataclass(frozen=True)
class Source:
    """Which figures a page shows: of whom, of which year, and `where` of what was seized."""

    actor: Actor
    year: int
    state: str | None
    where: Mapping[str, str]
    grain: str

    def read(
        self, dataset: Dataset, *by: str, years: int = 1, grain: str = "year"
    ) -> Sequence[StatisticsCell]:
        """Return cells of the last years up to the chosen one."""
        filters = self._period(years) | {"state": self.state, "by": by, "grain": grain}
        where = self._where(dataset, by)
        return queries.get_table(
            self.actor, DATASETS, dataset.code, filters | {"where": where}
        ).cells

    def sums(self, dataset: Dataset, *by: str) -> Counter[str]:
        """Return the amounts of the year by a dimension; by state without one."""
        sums = Counter[str]()
        for cell in self.read(dataset, *by):
            sums[cell.values[by[0]] if by else cell.state] += cell.amount
        return sums

    def tally(
        self, dataset: Dataset, row: str, column: str, years: int = 1, grain: str = "year"
    ) -> defaultdict[str, Counter[str]]:
        """Return amounts by two dimensions; `state` and `period` are such, too."""
        by = [axis for axis in (row, column) if axis not in ("state", "period")]
        amounts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for cell in self.read(dataset, *by, years=years, grain=grain):
            values = {**cell.values, "state": cell.state, "period": cell.period}
            amounts[values[row]][values[column]] += cell.amount
        return amounts

    def links(self, dataset: Dataset, *by: str, years: int = 1, grain: str = "year") -> Links:
        """Return where the same figures are a table, and their file."""
        filters: dict[str, Any] = {"dataset": dataset.code, "state": self.state, "grain": grain}
        filters |= dict(zip(("by", "then"), by, strict=False))
        filters |= self._where(dataset, by) | self._period(years)
        ignored = self.ignored(*dataset.dimensions)
        return links("account.figure_table", **filters)._replace(ignored=ignored)

    def ignored(self, *dimensions: str) -> list[str]:
        """Return the chosen filters that figures by these dimensions do not have."""
        left = [code for code in self.where if code not in dimensions]
        return [head(code) for code in left if self.where[code] != "firearm"]

    def page(self, **more: str | None) -> str:
        """Return the page of pictures of the same year, narrowed further."""
        filters: dict[str, Any] = {"year": self.year, **self.where, **more}
        return url_for("account.figures_page", **filters)

    def _period(self, years: int) -> dict[str, Any]:
        first, last = date(self.year - years + 1, 1, 1), date(self.year, 12, 31)
        return {"from_period": first, "to_period": last}

    def _where(self, dataset: Dataset, by: Sequence[str]) -> dict[str, str]:
        known = dataset.dimensions
        chosen = {code: value for code, value in self.where.items() if code in known}
        counted = dataset.counted_values.items()
        return {code: value for code, value in counted if code not in by} | chosen


def links(endpoint: str, **filters: Any) -> Links:
    """Return the address of a page, and that of its file."""
    return Links(url_for(endpoint, **filters), url_for(endpoint, format="csv", **filters))


def release_links(release: ReleaseView, code: str) -> Links:
    """Return where a table of a release is, and its file once it is published."""
    page = "account.release_page"
    return Links(
        url_for(page, release_id=release.id, _anchor=f"table-{code}"),
        url_for(page, release_id=release.id, format="csv", table=code)
        if release.published_at
        else "",
    )


def head(code: str) -> str:
    """Return how a dimension heads its column."""
    return translate(message("State")) if code == "state" else formatting.label("dimension", code)


def largest_first(amounts: Mapping[Key, int]) -> list[Key]:
    """Return keys by their amounts, the largest first."""
    return sorted(amounts, key=lambda key: (-amounts[key], str(key)))


def draw_states(amounts: Mapping[str, int], addresses: Mapping[str, str]) -> ShadedMap:
    """Return the map of the hemisphere by the amounts of its states."""

    def describe(state: str) -> tuple[str, str | None]:
        amount = amounts.get(state)
        text = translate(message("no figures")) if amount is None else formatting.number(amount)
        return f"{formatting.label('state', state)}: {text}", addresses.get(state)

    return draw_shaded_map(participants(), amounts, describe)


def draw_paths(amounts: Mapping[tuple[str, ...], int]) -> Flows | None:
    """Return the drawing of amounts by the names of their stages."""
    return draw_flows(amounts, translate(message("All others")))


def add_total(amounts: dict[str, Counter[str]]) -> dict[str, int]:
    """Add those of all states as '' to the amounts of several; return the sum of each."""
    if len(amounts) > 1:
        amounts[""] = sum(amounts.values(), Counter[str]())
    return {state: counts.total() for state, counts in amounts.items()}


def share(part: int, whole: int) -> str:
    """Return a share in percent; a dash of nothing."""
    return f"{formatting.number(round(100 * part / whole, 1))} %" if whole else "–"


def part_of(part: int, whole: int) -> str:
    """Return a part and its whole in words."""
    numbers = {"part": formatting.number(part), "whole": formatting.number(whole)}
    return translate(message("{part} of {whole}", **numbers))


def released_picture(release: ReleaseView, code: str, state: str = "") -> Picture:
    """Return a line of a released table as a ranking: of all states, or one."""
    content = next(table.content or {} for table in release.tables if table.code == code)
    cells = published_cells(content) if content.get("rows") else {}
    amounts = {column: amount for (row, column), amount in cells.items() if row == state}
    whole = amounts.pop("", None) or 0
    notes = [message("As released. A withheld figure is no zero.")]
    notes += [DISPOSED] if code == "dispositions" else []
    columns = sorted(amounts, key=lambda column: -(amounts[column] or 0))
    return Picture(
        code,
        table_name(code),
        (state_name(state), str(release.year)),
        [Row(column_name(code, column), (amounts[column],)) for column in columns],
        note=" ".join(map(translate, notes)),
        links=release_links(release, code),
        whole=whole,
    )


def released_pictures(release: ReleaseView) -> list[Picture]:
    """Return the pictures of a release: map of states, flows, and sums of all states."""
    cells = {
        table.code: published_cells(table.content) for table in release.tables if table.content
    }
    totals = {
        state: amount or 0
        for (state, column), amount in cells.get("seizures", {}).items()
        if state and not column
    }
    if not totals:
        return []
    origins: dict[tuple[str, ...], int] = {
        (column_name("countries", column), state_name(state)): amount
        for (state, column), amount in cells["countries"].items()
        if state and column not in ("", OTHERS, *NO_VALUE) and amount
    }
    states = [Row(state_name(state), (totals[state],)) for state in largest_first(totals)]
    states.insert(0, Row(state_name(""), (sum(totals.values()),)))
    known = message(
        "Made where it is known, and not withheld: {part} of {whole}.",
        part=formatting.number(sum(origins.values())),
        whole=formatting.number(sum(totals.values())),
    )
    return [
        Picture(
            "states",
            translate(
                message("{what}, by state", what=translate(message("Seized, found, surrendered")))
            ),
            (head("state"), str(release.year)),
            states,
            draw_states(totals, {}),
            coverage_note(len(totals)),
            release_links(release, "seizures"),
        ),
        Picture(
            "flows",
            table_name("countries"),
            (head("country_of_manufacture"), translate(message("Found in")), str(release.year)),
            [Row(path[0], (path[1], origins[path])) for path in largest_first(origins)],
            draw_paths(origins),
            translate(known),
            release_links(release, "countries"),
        ),
        *(released_picture(release, code) for code in RANKED),
    ]


def coverage_note(counted: int) -> str:
    """Return how many states have figures, and what it means that others have none."""
    note = message(
        "States with figures: {part} of {whole}. One without may have recorded nothing here, or"
        " does not give its figures: that is no zero.",
        part=counted,
        whole=len(participants()),
    )
    return translate(note)
