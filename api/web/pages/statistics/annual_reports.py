"""Annual reports and questionnaires: what is missing, words, signature; signed ones for anybody."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import Response, abort, g, redirect, render_template, request, url_for

from api.http import files, tables
from api.http.auth import authenticate_page
from api.http.context import transaction
from api.papers import report_views as report_texts
from api.papers.annual_report import render_annual_report
from api.schemas.figures import releases as release_files
from api.schemas.figures.annual_reports import (
    MAX_WORDS,
    AnnualReportTextRequest,
    NewAnnualReportRequest,
    QuestionnaireFilters,
    number_title,
    section_title,
)
from api.web import formatting, lists
from api.web.access import current_path, login_required, prepare_frame
from api.web.document_actions import Action, Subject, available_actions
from api.web.forms import Field, Form
from api.web.pages import account_pages
from api.web.record_pages import HOME, DocumentPages, render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import visitor
from salsa_ext.annual_reports import annual_reports
from salsa_ext.annual_reports.annual_reports import AnnualReportView
from salsa_ext.annual_reports.report_tables import NUMBERS, SECTIONS, fill_tables
from salsa_ext.core import codes
from salsa_ext.core.actor import Actor
from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.core.errors import Message, NotFound, message
from salsa_ext.reference.calendars import reader_zone
from salsa_ext.releases import releases

MAX_LISTED: Final = 200
GAP_PAGES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "registers_undeclared": ("account.participation_form", {}),
    "registers_empty": ("account.import_list", {}),
    "months_without": ("account.import_list", {}),
    "traces_pending": ("tracing.trace_list", {"status": "in_progress"}),
    "requests_waiting": ("tracing.request_list", {}),
    "discrepancies_open": ("licensing.discrepancy_list", {"status": "open"}),
}
"""Where a gap is mended, with filters of the list; others are of the year's seizures."""


@account_pages.get("/annual-reports")
def annual_report_list() -> str:
    """List annual reports, newest first: the signed hemispheric ones for anybody."""
    g.actor = authenticate_page()
    with transaction(g.actor or visitor()):
        prepare_frame(g.actor)
        rows = (
            annual_reports.list_annual_reports(g.actor, {}, MAX_LISTED, None).items
            if _is_reader()
            else annual_reports.list_published()
        )
        return render_template(
            "account/annual_report_list.html",
            trail=PAGES.parents,
            rows=rows,
            texts=report_texts,
            may_write=_may_write(g.actor),
        )


@account_pages.get("/annual-reports/<uuid:annual_report_id>")
def annual_report_page(annual_report_id: UUID) -> Any:
    """Show a report with what is missing, its words, drawings and tables, or return its PDF."""
    g.actor = authenticate_page()
    with transaction(g.actor or visitor()):
        prepare_frame(g.actor)
        try:
            view = (
                annual_reports.get_annual_report(g.actor, annual_report_id)
                if _is_reader()
                else annual_reports.read_published(annual_report_id)
            )
        except NotFound:
            if g.actor:
                raise
            return redirect(url_for("account.sign_in_form", next=current_path()))
        if request.args.get("format") == "pdf":
            return _send_paper(view)
        subject = PAGES.find(g.actor, annual_report_id) if _is_reader() else None
        return render_template(
            "account/annual_report.html",
            trail=PAGES.trail,
            view=view,
            subject=subject,
            actions=available_actions(ACTIONS, g.actor, subject) if subject else [],
            success=PAGES.messages.get(request.args.get("done", "")),
            zone=reader_zone(g.actor) if g.actor else "UTC",
            texts=report_texts,
            coverage=release_files.COVERAGE,
            release_title=release_files.release_title,
            sort_states=release_files.sort_states,
            is_own=subject is not None and subject.owner == g.actor.state,
            gap_addresses={gap.code: _gap_address(gap.code, view.year) for gap in view.gaps},
        )


@account_pages.get("/questionnaires")
@login_required
def questionnaire_page(actor: Actor) -> Any:
    """Show tables of the own state for a year by questionnaires, or a file of them."""
    listed = lists.read_filters(QuestionnaireFilters)
    year = listed.filters.get("year", actor.now().year - 1)
    filled = fill_tables(actor, year, listed.filters.get("questionnaire"))
    if listed.format == "xlsx":
        body = report_texts.write_questionnaires(filled)
        return files.send_attachment(body, tables.XLSX_TYPE, f"tables-{year}.xlsx")
    if listed.format == "csv":
        return tables.table_response(report_texts.flat_rows(filled.tables), "csv", f"tables-{year}")
    views = [report_texts.view_table(code, each) for code, each in filled.tables.items()]
    page = render_page(
        "account/questionnaires.html",
        actor,
        trail=(HOME, (f"account.{PAGES.noun}_list", PAGES.title)),
        form=listed.form,
        filled=filled,
        views=views,
        texts=report_texts,
        questionnaires=[
            (code, formatting.label("questionnaire", code)) for code in codes.QUESTIONNAIRES
        ],
    )
    return page, listed.form.status


def _is_reader() -> bool:
    actor: Actor | None = g.actor
    return actor is not None and Permission.STATISTICS_READ in actor.permissions


def _may_write(actor: Actor | None) -> bool:
    return actor is not None and Permission.ANNUAL_REPORT_WRITE in actor.permissions


def _send_paper(view: AnnualReportView) -> Response:
    """Return the PDF of a report in the language of the address, else of the reader."""
    code = request.args.get("language", g.language)
    if code not in codes.LANGUAGES:
        abort(404)
    at = (g.actor.clock if g.actor else SYSTEM_CLOCK).now()
    name = f"annual-report-{view.state or 'hemisphere'}-{view.year}-{view.number}-{code}"
    return files.send_pdf(render_annual_report(view, code, at), name)


def _gap_address(code: str, year: int) -> str:
    """Return the page on which a gap is mended."""
    if code in ("words_missing", "numbers_missing"):
        return "write"
    missing = {"missing": code} if code in codes.SEIZURE_GAPS else {}
    endpoint, filters = GAP_PAGES.get(code, ("investigation.seizure_list", missing))
    query: dict[str, Any] = dict(filters)
    if endpoint.endswith("_list") and not endpoint.startswith("account."):
        query |= {"from_day": f"{year}-01-01", "to_day": f"{year}-12-31"}
    return url_for(endpoint, **query)


def _find(actor: Actor, annual_report_id: UUID) -> Subject:
    view = annual_reports.get_annual_report(actor, annual_report_id)
    return Subject(view, report_texts.report_title(view), view.state, view.status)


def _initial_values(actor: Actor, view: AnnualReportView) -> dict[str, str]:
    words = {section: texts.get(g.language, "") for section, texts in view.words.items()}
    return words | {name: str(number) for name, number in view.numbers.items()}


def _complete_body(body: dict[str, Any], view: AnnualReportView, form: Form) -> None:
    """Add the language of the page, and remove what was emptied."""
    names = [field.path for field in _fields(view)]
    body["remove"] = [name for name in names if not form.get(name).strip()]
    body["language"] = g.language


def _fields(view: AnnualReportView) -> tuple[Field, ...]:
    """Return the sections, and the numbers that a state answers."""
    words = [(name, section_title(name), "area") for name in SECTIONS]
    numbers = [(name, number_title(name), "number") for name in NUMBERS if view.state]
    return tuple(
        Field(name, Message(title, {}), widget, max_length=MAX_WORDS)
        for name, title, widget in (*words, *numbers)
    )


ACTIONS: Final = (
    Action(
        "write",
        message("Write"),
        message(
            "What records cannot tell, in the language of this page. Where a language has no words,"
            " those in English or another are printed. Each version stays stored."
        ),
        AnnualReportTextRequest,
        annual_reports.write_annual_report,
        Permission.ANNUAL_REPORT_WRITE,
        ("draft",),
        success=message("It is stored."),
        initial_values=_initial_values,
        extra_fields=_fields,
        complete_body=_complete_body,
        is_main=True,
    ),
    Action(
        "sign",
        message("Sign"),
        message("The figures and the words are frozen and signed. A correction is a new report."),
        None,
        annual_reports.sign_annual_report,
        Permission.ANNUAL_REPORT_WRITE,
        ("draft",),
        success=message("It is signed."),
    ),
)
PAGES: Final = DocumentPages(
    account_pages, "annual_report", "/annual-reports", message("Annual reports"), _find, ACTIONS
)


def _show_form(actor: Actor, form: Form | None) -> dict[str, Any]:
    fields = (Field("year", message("Year"), "number", required=True),)
    published = None if actor.state else {str(each.year) for each in releases.list_published()}
    form = form or Form({"year": str(actor.now().year - 1)})
    is_missing = published is not None and form.get("year") not in published
    return {"form": form, "fields": fields, "is_missing": is_missing}


def _create(actor: Actor, form: Form) -> str:
    data = form.load(NewAnnualReportRequest())
    return PAGES.address(annual_reports.create_annual_report(actor=actor, data=data))


PAGES.add_form(Permission.ANNUAL_REPORT_WRITE, _show_form, _create)
