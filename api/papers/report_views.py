"""Annual reports in words: titles, tables, drawings, what is missing, and what changed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from babel.numbers import format_decimal

from api.http.tables import write_workbook
from api.i18n.messages import format_day, language, translate
from api.schemas.figures import releases as release_files
from api.schemas.figures.annual_reports import gap_name, number_title, section_title, table_title
from api.schemas.figures.statistics import value_name
from api.web.maps import draw_shaded_map
from salsa_ext.annual_reports.annual_reports import AnnualReportView
from salsa_ext.annual_reports.report_tables import (
    NUMBERS,
    PARTNER,
    SECTION_BY_RELEASED_TABLE,
    SECTIONS,
    TABLES_BY_CODE,
    Content,
    FilledTables,
)
from salsa_ext.core.errors import message
from salsa_ext.reference import names

MAX_UPRIGHT: Final = 9
"""Columns that an upright page has room for."""
MAX_BARS: Final = 12
"""Values of a table that are drawn, the largest."""
NOTES: Final = (
    message("Figures are those of the records of the state on the day of signing."),
    message("Firearms are counted by the day on which they were seized, found or surrendered."),
    message("Under legal grounds, criminal context, state asked and channel one may count twice."),
    release_files.DISPOSED,
    message("What came in by weight is not counted."),
    release_files.HIDDEN,
    message(
        "The categories are those of the Illicit Arms Flows Questionnaire and of the national"
        " report on the Programme of Action; the titles are those of this service."
    ),
)
SHARE_NAME: Final = message("Firearms whose illicit origin is established (SDG 16.4.2)")


@dataclass(frozen=True)
class TableView:
    """A table as people read it: headings, lines that begin with their name, and values to draw.

    A withheld amount is None; the last line may be the total. `is_wide` if its columns do not fit an
    upright page.
    """

    code: str
    title: str
    headings: Sequence[str]
    lines: Sequence[Sequence[Any]]
    has_total: bool
    bars: Sequence[tuple[str, int | None]]
    is_wide: bool = False

    @property
    def is_empty(self) -> bool:
        """Return whether it has no figure but zero."""
        return not any(amount != 0 for line in self.lines for amount in line[1:])


@dataclass(frozen=True)
class SectionView:
    """A section of a report: its title, words with the language that they are in, and tables."""

    code: str
    title: str
    words: str
    language: str | None
    tables: Sequence[TableView]


def report_title(row: Any) -> str:
    """Return the title of a report in the reader's language."""
    if row.state is None:
        title = message("Annual report on firearms of the hemisphere, {year}", year=str(row.year))
    else:
        state = names.label("state", row.state, language.get())
        title = message(
            "Annual report on firearms, {state}, {year}", state=state, year=str(row.year)
        )
    return translate(title)


def view_table(code: str, content: Content) -> TableView:
    """Return a filled table in words."""
    table = TABLES_BY_CODE[code]

    def name(dimension: str, value: str) -> str:
        if not value:
            return translate(message("In all"))
        if dimension == PARTNER:
            return names.label("state", value, language.get())
        return value_name(table.dataset, dimension, value)

    first = translate(message("Other state"))
    if table.rows != PARTNER:
        first = names.label("dimension", table.rows, language.get())
    headings = [first, *(name(table.columns, each) for each in content["columns"])]
    lines = [[name(table.rows, row["code"]), *row["amounts"]] for row in content["rows"]]
    codes_of_rows = [row["code"] for row in content["rows"]]
    drawn = zip(codes_of_rows, lines, strict=True) if table.is_drawn else ()
    bars = [(line[0], line[-1]) for row, line in drawn if row and line[-1]]
    return TableView(code, table_title(code), headings, lines, "" in codes_of_rows, bars)


def view_released(table: Any) -> TableView:
    """Return a table of a release in words; its bars are the totals of all states."""
    content = table.content or {}
    headings, *_ = release_files.table_lines(table.code, content)
    rows = release_files.sorted_rows(content)
    lines = [[release_files.state_name(row["state"]), *row["amounts"]] for row in rows]
    columns = zip(content["columns"], headings[1:], lines[-1][1:], strict=True)
    bars = [(name, amount) for column, name, amount in columns if column and amount != 0]
    if len(headings) == 3 and all(line[1] == line[2] for line in lines):  # alone, so in all too
        headings, lines = headings[:2], [line[:2] for line in lines]
    title = release_files.table_name(table.code)
    is_wide = len(headings) > MAX_UPRIGHT
    return TableView(table.code, title, headings, lines, True, bars, is_wide)


def view_sections(view: AnnualReportView) -> list[SectionView]:
    """Return the sections of a report in the reader's language."""
    tables = {code: view_table(code, content) for code, content in view.tables.items()}
    by_section: dict[str, list[TableView]] = {section: [] for section in SECTIONS}
    for code, table in tables.items():
        by_section[TABLES_BY_CODE[code].section].append(table)
    for released in view.release.tables if view.release else ():
        if released.content and released.content["rows"]:
            section = by_section[SECTION_BY_RELEASED_TABLE[released.code]]
            section.append(view_released(released))
    return [
        SectionView(section, section_title(section), *words_of(view, section), by_section[section])
        for section in SECTIONS
    ]


def words_of(view: AnnualReportView, section: str) -> tuple[str, str | None]:
    """Return the words of a section in the reader's language, else in English or another; which."""
    texts = view.words.get(section, {})
    code = next((code for code in (language.get(), "en", *texts) if code in texts), None)
    return (texts[code], code) if code else ("", None)


def signed_text(view: AnnualReportView) -> str:
    """Return when a report was signed, or that it is a draft."""
    if view.signed_at is None:
        return translate(message("Draft"))
    return translate(message("Signed {on}", on=format_day(view.signed_at.date())))


def key_figures(view: AnnualReportView) -> list[tuple[str, str]]:
    """Return what a report answers in numbers: label and number."""
    figures = [
        (section_title("seizures"), number(view.share.recovered)),
        (translate(SHARE_NAME), share_text(view.share)),
    ]
    if view.release:
        counted = number(len(view.release.coverage["counted"]))
        figures.append((translate(message("States with figures")), counted))
    given = [name for name in NUMBERS if name in view.numbers]
    return figures + [(number_title(name), number(view.numbers[name])) for name in given]


def share_text(share: Any) -> str:
    """Return the indicator as a share with numerator and denominator."""
    if share.percent is None:
        return "–"
    part = {"part": number(share.established), "whole": number(share.recovered)}
    percent = format_decimal(share.percent, "0.0", locale=language.get())
    return f"{percent} % ({translate(message('{part} of {whole}', **part))})"


def number(value: int) -> str:
    """Return a number as the reader's language groups its digits."""
    return str(format_decimal(value, locale=language.get()))


def draw_table(table: TableView) -> str | None:
    """Return a drawing of the largest values of a table, all others last; None without any."""
    others = translate(message("All others"))
    bars = sorted(table.bars, key=lambda bar: (bar[0] == others, bar[1] is None, -(bar[1] or 0)))
    is_known = any(amount for _, amount in bars)
    return draw_bars(bars[:MAX_BARS], table.title) if is_known else None


def draw_section(view: AnnualReportView, section: str) -> tuple[str, str] | None:
    """Return title and map of a section: what states recovered, or where a state's guns were made."""
    if view.release and section == "seizures":
        title = translate(message("Firearms seized, found and surrendered, by state"))
        released = (each.content for each in view.release.tables if each.code == "seizures")
        content = next(released, None)
    elif view.state and section == "flows":
        title = table_title("manufacture")
        content = view.tables["manufacture"]
    else:
        return None
    if not content or "" not in content["columns"]:
        return None
    total = content["columns"].index("")
    amounts = {row.get("state", row.get("code")): row["amounts"][total] for row in content["rows"]}
    missing = [state for state in names.participants() if view.release and state not in amounts]
    by_state = {
        state: amounts.get(state, 0) for state in names.participants() if state not in missing
    }
    return title, draw_map(by_state, missing, title)


def gap_lines(view: AnnualReportView) -> Iterator[tuple[str, str]]:
    """Yield what is missing, with its number or its registers, months and fields."""
    for gap in view.gaps:
        match gap.code:
            case "registers_undeclared" | "registers_empty":
                items = [names.label("register", each, language.get()) for each in gap.items]
            case "words_missing":
                items = [section_title(each) for each in gap.items]
            case "numbers_missing":
                items = [number_title(each) for each in gap.items]
            case _:
                items = [*gap.items]
        yield gap_name(gap.code), ", ".join(items) or number(gap.amount)


def list_changes(view: AnnualReportView) -> Iterator[tuple[str, str]]:
    """Yield what a report changes of the one before: what, and how."""
    for each in view.changes:
        if each["table"] == "words":
            yield (section_title(each["row"]), f"{translate(message('Words'))} ({each['column']})")
        elif each["table"] == "numbers":
            yield number_title(each["row"]), _change(each)
        else:
            content = {"columns": [each["column"]], "rows": [{"code": each["row"], "amounts": [0]}]}
            table = view_table(each["table"], content)
            yield f"{table.title}: {table.lines[0][0]}, {table.headings[1]}", _change(each)


def _change(change: Mapping[str, Any]) -> str:
    amounts = (change["before"], change["after"])
    before, after = ("–" if each is None else number(each) for each in amounts)
    return f"{before} → {after}"


def flat_rows(tables: Mapping[str, Content]) -> list[dict[str, Any]]:
    """Return the cells of tables as rows of a file; an empty row or column has totals."""
    return [
        {"table": code, "row": row["code"], "column": column, "amount": amount}
        for code, content in tables.items()
        for row in content["rows"]
        for column, amount in zip(content["columns"], row["amounts"], strict=True)
    ]


def write_questionnaires(filled: FilledTables) -> bytes:
    """Return tables as a workbook: notes, then a sheet for each."""
    views = [view_table(code, content) for code, content in filled.tables.items()]
    notes: list[Sequence[Any]] = [
        [names.label("state", filled.state, language.get()), str(filled.year)],
        [translate(SHARE_NAME), share_text(filled.share)],
        *([translate(note)] for note in NOTES),
        [],
        *([view.code, view.title] for view in views),
    ]
    sheets = {view.code: [[view.title], [], view.headings, *view.lines] for view in views}
    return write_workbook({translate(message("Notes")): notes} | sheets, width=40)


LABEL_WIDTH, BAR_WIDTH, ROW_HEIGHT = 350, 340, 34
MAX_LABEL: Final = 38
NUMBER_WIDTH: Final = 80
BAR_COLOUR, LINE_COLOUR = "#1f4e79", "#5a5a5a"
SHADES: Final = ("#fff", "#d6e4f0", "#a3c4e0", "#6fa0cb", "#3c74a8", "#1b456f")
"""None, then from few to many; also in grey each is darker than the one before."""
NO_FIGURES: Final = "url(#no-figures)"


def draw_bars(bars: Sequence[tuple[str, int | None]], title: str) -> str:
    """Return horizontal bars with their names and amounts; a withheld one (None) has no bar."""
    most = max((amount or 0 for _, amount in bars), default=0) or 1
    parts = []
    for at, (name, amount) in enumerate(bars):
        y = at * ROW_HEIGHT
        wide = round(BAR_WIDTH * (amount or 0) / most)
        label = name if len(name) <= MAX_LABEL else f"{name[: MAX_LABEL - 1]}…"
        value = (
            translate(message("withheld"))
            if amount is None
            else str(format_decimal(amount, locale=language.get()))
        )
        parts.append(
            f'<text x="{LABEL_WIDTH - 10}" y="{y + 22}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{LABEL_WIDTH}" y="{y + 6}" width="{wide}" height="{ROW_HEIGHT - 12}"'
            f' fill="{BAR_COLOUR}"/>'
            f'<text x="{LABEL_WIDTH + wide + 8}" y="{y + 22}">{value}</text>'
        )
    width, height = LABEL_WIDTH + BAR_WIDTH + NUMBER_WIDTH, ROW_HEIGHT * len(bars)
    return _svg(width, height, title, 18, "".join(parts))


def draw_map(amounts: Mapping[str, int], missing: Collection[str], title: str) -> str:
    """Return the hemisphere: states by their amounts, those with `missing` figures hatched."""
    drawing = draw_shaded_map([*amounts, *missing], amounts, lambda state: (state, None))
    thin = 1 / float(drawing.transform.removeprefix("matrix(").split()[0])
    shapes, labels = [], []
    for state in drawing.states:
        fill = NO_FIGURES if state.shade is None else SHADES[state.shade]
        shapes.append(
            f'<path d="{state.path}" transform="{drawing.transform}" fill="{fill}"'
            f' stroke="{LINE_COLOUR}" stroke-width="{thin:.1f}"/>'
            if state.path
            else f'<circle cx="{state.x}" cy="{state.y}" r="7" fill="{fill}"'
            f' stroke="{LINE_COLOUR}"/>'
        )
        if state.text:
            place = f'<text x="{state.x}" y="{state.y + 6}" text-anchor="middle"'
            halo = f'{place} stroke="#fff" stroke-width="4">{state.text}</text>'
            labels.append(f"{halo}{place}>{state.text}</text>")
    firsts = [1, *(step + 1 for step in drawing.steps)]
    ranges = zip(SHADES[1:], firsts, drawing.steps, strict=False)
    legend = [
        (fill, f"{first}–{last}" if first < last else f"{last}") for fill, first, last in ranges
    ]
    legend.insert(0, (SHADES[0], "0"))
    if missing:
        legend.append((NO_FIGURES, translate(message("No guns recorded"))))
    top = drawing.height - 40 - 38 * len(legend)
    keys = [
        f'<rect x="24" y="{top + 38 * at}" width="34" height="24" fill="{fill}"'
        f' stroke="{LINE_COLOUR}"/><text x="70" y="{top + 19 + 38 * at}">{escape(text)}</text>'
        for at, (fill, text) in enumerate(legend)
    ]
    hatch = (
        '<defs><pattern id="no-figures" width="8" height="8" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect width="8" height="8" fill="#fff"/>'
        f'<line x1="0" y1="0" x2="0" y2="8" stroke="{LINE_COLOUR}" stroke-width="3"/>'
        "</pattern></defs>"
    )
    land = (
        f'<path d="{drawing.land}" transform="{drawing.transform}" fill="#eee"'
        f' stroke="{LINE_COLOUR}" stroke-width="{thin / 2:.1f}"/>'
    )
    content = hatch + land + "".join([*shapes, *labels, *keys])
    return _svg(drawing.width, drawing.height, title, 20, content)


def _svg(width: int, height: int, title: str, size: int, content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' font-size="{size}" font-family="Libertinus Serif, serif" fill="#1a1a1a">'
        f"<title>{escape(title)}</title>{content}</svg>"
    )
