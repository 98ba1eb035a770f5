"""Requests and answers about releases of figures, and their files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from marshmallow import Schema, fields

from api.http.fields.scalars import Code, Flag, QueryWhole, Text, Whole
from api.http.fields.schemas import RequestSchema
from api.http.pagination import FORMATS, ListQuery
from api.http.tables import write_workbook
from api.i18n.messages import language, translate
from api.schemas.figures.statistics import value_name
from salsa_ext.core import codes
from salsa_ext.core.errors import message
from salsa_ext.reference import names
from salsa_ext.reference.name_matching import fold_name
from salsa_ext.releases.release_tables import OTHERS, TABLES_BY_CODE
from salsa_ext.releases.releases import ReleaseData, ReleaseView

WITHHELD: Final = message("withheld")
HIDDEN: Final = message("Records that are hidden from searches are counted too.")
DISPOSED: Final = message(
    "Dispositions are of guns found in the year, whenever they were decided. A later disposition"
    " replaces an earlier one."
)
NOTES: Final = (
    message("Figures are frozen on the day of the release. A correction is a new release."),
    message(
        "Withheld are figures under 5, and others from which these could be computed. All are"
        " marked alike."
    ),
    message(
        "Totals of a state and guns by class are whole, also under 5; so is what is the only"
        " figure of such a total."
    ),
    message("A state without figures may have recorded nothing here. That is no zero."),
    HIDDEN,
    message("Guns are counted by the day on which they were found."),
    message("Under legal grounds and crime contexts a gun may count several times."),
    DISPOSED,
)
COVERAGE: Final = {
    "counted": message("With figures of any table"),
    "incomplete": message("Of these, without guns in some months"),
    "without": message("Without figures"),
    "withheld": message("Totals not published by the state"),
}
CHANGE_COLUMNS: Final = (
    message("Table"),
    message("State"),
    message("Column"),
    message("Before"),
    message("Now"),
)


class NewReleaseRequest(RequestSchema):
    """New release: of which year, and what its readers should know."""

    value = ReleaseData
    year = Whole(least=2000, most=2100, required=True)
    note = Text(most=2000)
    is_preview = Flag()


class ReleaseQuery(ListQuery):
    """Filter of releases."""

    year = QueryWhole(least=2000, most=2100)


class ReleaseItemResponse(Schema):
    """Release of a year's figures; the highest number of a year is the newest."""

    id = fields.UUID(required=True)
    year = fields.Integer(required=True)
    number = fields.Integer(required=True)
    status = Code(codes.RELEASE_STATUSES, required=True)
    note = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    published_at = fields.DateTime(required=True, allow_none=True)


class ReleaseRowResponse(Schema):
    """Amounts of a state by column, those of all states with an empty `state`; null is withheld."""

    state = fields.String(required=True)
    amounts = fields.List(fields.Integer(allow_none=True), required=True)


class ReleaseTableResponse(Schema):
    """Table of a release; the last column, without a code, has totals."""

    code = Code(tuple(TABLES_BY_CODE), required=True)
    name = fields.Function(lambda table: table_name(table.code), required=True)
    columns = fields.List(fields.String(), attribute="content.columns", required=True)
    rows = fields.List(fields.Nested(ReleaseRowResponse), attribute="content.rows", required=True)
    digest = fields.String(required=True)


class ReleaseChangeResponse(Schema):
    """Cell that was published differently before."""

    table = Code(tuple(TABLES_BY_CODE), required=True)
    state = fields.String(required=True)
    column = fields.String(required=True)
    before = fields.Integer(required=True, allow_none=True)
    after = fields.Integer(required=True, allow_none=True)


class ReleaseResponse(ReleaseItemResponse):
    """Release with its tables, its signature, and what it changes of the one before."""

    coverage = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
    changes = fields.List(fields.Nested(ReleaseChangeResponse), required=True)
    tables = fields.List(fields.Nested(ReleaseTableResponse), required=True)
    kid = fields.String(required=True, allow_none=True)
    signature = fields.String(required=True, allow_none=True)


class ReleaseTableQuery(RequestSchema):
    """Format of a table."""

    format = Code(FORMATS)


def table_name(code: str) -> str:
    """Return the title of a table in the reader's language."""
    return translate(TABLES_BY_CODE[code].title)


def column_name(code: str, column: str) -> str:
    """Return a column of a table in words."""
    table = TABLES_BY_CODE[code]
    if column in ("", OTHERS):
        return translate(message("All others") if column else message("In all"))
    values = zip(table.by, column.split("|"), strict=True)
    return ", ".join(value_name(table.dataset, *each) for each in values)


def state_name(state: str) -> str:
    """Return the name of a state; that of all states for ''."""
    return (
        names.label("state", state, language.get()) if state else translate(message("All states"))
    )


def sort_states(states: Iterable[str]) -> list[str]:
    """Return states by their names in the reader's language; '', of all, last."""
    return sorted(states, key=lambda state: (not state, fold_name("state", state_name(state))))


def sorted_rows(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rows of a table by the names of their states, that of all states last."""
    rows = {row["state"]: row for row in content["rows"]}
    return [rows[state] for state in sort_states(rows)]


def flat_rows(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the cells of a table as rows of a file; an empty state or column has totals."""
    return [
        {"state": row["state"], "column": column, "amount": amount, "withheld": amount is None}
        for row in content["rows"]
        for column, amount in zip(content["columns"], row["amounts"], strict=True)
    ]


def count_cells(content: Mapping[str, Any]) -> tuple[int, int, int]:
    """Return how many states, figures and withheld ones a table has, without those of all states."""
    rows = [row["amounts"] for row in content["rows"] if row["state"]]
    amounts = [amount for row in rows for amount in row]
    return len(rows), len(amounts) - amounts.count(None), amounts.count(None)


def table_lines(code: str, content: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Yield the lines of a table as people read it: a heading, then states."""
    yield [translate(message("State")), *(column_name(code, each) for each in content["columns"])]
    for row in sorted_rows(content):
        amounts = (translate(WITHHELD) if each is None else each for each in row["amounts"])
        yield [state_name(row["state"]), *amounts]


def release_title(release: Any) -> str:
    """Return the title of a release in the reader's language."""
    title = message(
        "Figures of {year}, release {number}", year=str(release.year), number=release.number
    )
    return translate(title)


def write_release(release: ReleaseView) -> bytes:
    """Return a release as a workbook: notes, coverage, changes, and a sheet for each table."""
    notes = [
        [release_title(release)],
        [translate(message("Published")), f"{release.published_at:%Y-%m-%d}"],
        *([[release.note]] if release.note else []),
        *([translate(note)] for note in NOTES),
        [],
        *([table.code, table_name(table.code)] for table in release.tables),
    ]
    coverage = [
        [state_name(state), translate(COVERAGE[code])]
        for code, states in release.coverage.items()
        for state in sort_states(states)
    ]
    changes = [[translate(each) for each in CHANGE_COLUMNS], *change_lines(release.changes)]
    tables = {
        table.code: [*table_lines(table.code, table.content or {})] for table in release.tables
    }
    sheets: dict[str, Sequence[Sequence[Any]]] = {
        translate(message("Notes")): notes,
        translate(message("Coverage")): coverage,
        translate(message("Changes")): changes,
    }
    return write_workbook(sheets | tables, width=30)


def change_lines(changes: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Any]]:
    """Yield what a release changes of the one before, as people read it."""
    for each in changes:
        amounts = (each["before"], each["after"])
        yield [
            table_name(each["table"]),
            state_name(each["state"]),
            column_name(each["table"], each["column"]),
            *(translate(WITHHELD) if amount is None else amount for amount in amounts),
        ]
