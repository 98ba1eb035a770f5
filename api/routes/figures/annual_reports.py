"""Routes of annual reports, and of tables by the categories of questionnaires."""

from typing import Any
from uuid import UUID

from flask import Response

from api.http import files, tables
from api.http.resource import Item, Resource
from api.papers import report_views
from api.papers.annual_report import render_annual_report
from api.schemas.figures import annual_reports as schemas
from salsa_ext.access.permissions import Permission
from salsa_ext.annual_reports import annual_reports
from salsa_ext.annual_reports.report_tables import fill_tables
from salsa_ext.core.actor import Actor

REPORT = "/annual-reports/<uuid:annual_report_id>"
READ = Permission.STATISTICS_READ
PDF = ("application/pdf",)

blueprint = Resource(
    "annual-reports",
    "Annual reports: a state's return of a year, and that of all states by a release",
    Item(
        schemas.AnnualReportResponse,
        annual_reports.get_annual_report,
        annual_reports.annual_report_version,
    ),
)
blueprint.listing(
    "/annual-reports",
    schemas.AnnualReportQuery,
    schemas.AnnualReportItemResponse,
    annual_reports.list_annual_reports,
    READ,
)
blueprint.action(
    "/annual-reports",
    schemas.NewAnnualReportRequest,
    annual_reports.create_annual_report,
    Permission.ANNUAL_REPORT_WRITE,
    "Begin the report of an ended year; another one of the year corrects it.",
    name="create_annual_report",
    location="/annual-reports/{id}",
)
blueprint.reading(REPORT, schemas.AnnualReportResponse, annual_reports.get_annual_report, READ)
blueprint.action(
    f"{REPORT}/write",
    schemas.AnnualReportTextRequest,
    annual_reports.write_annual_report,
    Permission.ANNUAL_REPORT_WRITE,
    "Write words of sections in a language, and numbers.",
)
blueprint.action(
    f"{REPORT}/sign",
    None,
    annual_reports.sign_annual_report,
    Permission.ANNUAL_REPORT_WRITE,
    "Freeze the report with the figures of now, and sign it.",
)


def list_texts(actor: Actor, annual_report_id: UUID) -> dict[str, Any]:
    """Return all versions of the words and numbers of a report."""
    return {"items": annual_reports.list_texts(actor, annual_report_id)}


def get_annual_report_paper(
    actor: Actor, annual_report_id: UUID, language: str | None = None
) -> Response:
    """Return the PDF of a report."""
    view = annual_reports.get_annual_report(actor, annual_report_id)
    body = render_annual_report(view, language or actor.language, actor.now())
    return files.send_pdf(body, f"annual-report-{view.owner_state}-{view.year}-{view.number}")


def get_questionnaires(
    actor: Actor, year: int, questionnaire: str | None = None, format: str | None = None
) -> dict[str, Any] | Response:
    """Return tables of the own state for a year, by the categories of international questionnaires."""
    filled = fill_tables(actor, year, questionnaire)
    match tables.requested_format(format):
        case "csv":
            return tables.table_response(
                report_views.flat_rows(filled.tables), "csv", f"tables-{year}"
            )
        case "xlsx":
            body = report_views.write_questionnaires(filled)
            return files.send_attachment(body, tables.XLSX_TYPE, f"tables-{year}.xlsx")
    return {"year": year, "tables": schemas.present_tables(filled.tables), "share": filled.share}


blueprint.reading(f"{REPORT}/texts", schemas.AnnualReportTextsResponse, list_texts, READ)
blueprint.reading(
    f"{REPORT}/paper",
    None,
    get_annual_report_paper,
    READ,
    schemas.ReportPaperQuery,
    media_types=PDF,
)
blueprint.reading(
    "/questionnaires",
    schemas.QuestionnaireResponse,
    get_questionnaires,
    READ,
    schemas.QuestionnaireQuery,
    media_types=("text/csv", tables.XLSX_TYPE),
)
