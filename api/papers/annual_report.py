"""Annual report as PDF: sections with words, charts and tables; wide tables at the end."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from api.i18n.messages import translate, use_language
from api.papers import report_views as texts
from api.papers.sheets import Part, SheetBuilder, build_sheet, print_footer, render_sheet
from api.schemas.figures import releases as release_files
from salsa_ext.annual_reports.annual_reports import AnnualReportView
from salsa_ext.core.errors import message

WITHHELD_SIGN: Final = "c"
WITHHELD_NOTE: Final = message(
    "In the tables {sign} is a figure that is withheld.", sign=WITHHELD_SIGN
)
DRAFT: Final = message("Draft")
CORRECTED: Final = message("Corrected by a later report")
FOOT: Final = message("Draft of {moment} UTC. It is not signed, and may change.")


def render_annual_report(view: AnnualReportView, language: str, at: datetime) -> bytes:
    """Return the PDF of a report in a language; a draft is marked as such."""
    words = SheetBuilder(language, is_alone=True)
    with use_language(language):
        status = DRAFT if view.status == "draft" else CORRECTED if view.is_corrected else None
        footer = (
            print_footer(at) if view.token else message(FOOT.text, moment=f"{at:%Y-%m-%d %H:%M}")
        )
        sheet = build_sheet(
            words,
            {"a": texts.report_title(view), "b": None},
            _issuer(view, words),
            f"{view.year}-{view.number}",
            [*_report_parts(view)],
            footer,
            basis=_basis(view),
            token=view.token,
            status=words.pair(status) if status else None,
        )
    return render_sheet(sheet, at)


def _basis(view: AnnualReportView) -> str:
    """Return the line below the title: when it was signed, and by which release."""
    parts = [texts.signed_text(view)]
    if view.release:
        parts.append(release_files.release_title(view.release))
    return " · ".join(parts)


def _issuer(view: AnnualReportView, words: SheetBuilder) -> str:
    if view.state is None:
        return str(words.code("role", "secretariat"))
    return str(words.state(view.state))


def _report_parts(view: AnnualReportView) -> Iterator[Part]:
    """Yield the parts of the paper: sections, notes, then tables by state."""
    sections = texts.view_sections(view)
    for section in sections:
        yield from _section_parts(view, section)
    yield from _closing_parts(view)
    if view.release:
        yield _chapter(translate(message("Tables by state")))
        yield {"kind": "text", "paragraphs": [translate(WITHHELD_NOTE)]}
        yield from (_table_part(table) for section in sections for table in section.tables)


def _section_parts(view: AnnualReportView, section: texts.SectionView) -> Iterator[Part]:
    figures = texts.key_figures(view) if section.code == "introduction" else []
    if not (section.words or section.tables or figures):
        return
    yield _chapter(section.title)
    if figures:
        yield _list_part("", [{"label": label, "value": value} for label, value in figures])
    if section.words:
        yield {"kind": "text", "paragraphs": section.words.splitlines()}
    if drawn := texts.draw_section(view, section.code):
        yield _picture(*drawn, width=125)
    for table in section.tables:
        drawing = texts.draw_table(table)
        if not view.release:
            yield _table_part(table, drawing)
        elif drawing:
            yield _picture(table.title, drawing, width=125)


def _closing_parts(view: AnnualReportView) -> Iterator[Part]:
    """Yield coverage, what is missing, changes, and notes."""
    yield _chapter(translate(message("Coverage, notes and definitions")))
    if view.release:
        coverage = [
            {"label": translate(name), "value": _join_states(view.release.coverage.get(code, ()))}
            for code, name in release_files.COVERAGE.items()
        ]
        yield _list_part(translate(message("Coverage")), coverage)
    if gaps := [{"label": text, "value": value} for text, value in texts.gap_lines(view)]:
        yield _list_part(translate(message("What is missing in the records")), gaps)
    if changes := [{"label": what, "value": how} for what, how in texts.list_changes(view)]:
        yield _list_part(translate(message("Changes from the report before")), changes)
    notes = [*(release_files.NOTES if view.release else texts.NOTES)]
    if view.release:
        notes.append(WITHHELD_NOTE)
    listed = [{"label": translate(note), "value": ""} for note in notes]
    yield _list_part(translate(message("Notes")), listed)


def _join_states(states: Iterable[str]) -> str:
    return ", ".join(map(release_files.state_name, release_files.sort_states(states))) or "–"


def _chapter(title: str) -> Part:
    return {"kind": "chapter", "title": _title(title)}


def _title(text: str) -> Part:
    return {"a": text, "b": None}


def _picture(title: str, svg: str, width: int) -> Part:
    return {"kind": "picture", "title": _title(title), "svg": svg, "width": width}


def _list_part(title: str, items: Sequence[dict[str, str]]) -> Part:
    return {"kind": "list", "title": _title(title), "items": [*items]}


def _table_part(table: texts.TableView, svg: str | None = None) -> Part:
    if table.is_empty:
        nothing = {"label": translate(message("Nothing was recorded.")), "value": ""}
        return _list_part(table.title, [nothing])
    rows = [
        [line[0], *(WITHHELD_SIGN if cell is None else texts.number(cell) for cell in line[1:])]
        for line in table.lines
    ]
    return {
        "kind": "figures",
        "title": _title(table.title),
        "is_wide": table.is_wide,
        "has_total": table.has_total,
        "svg": svg,
        "columns": [*table.headings],
        "rows": rows,
    }
