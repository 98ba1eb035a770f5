"""Requests and answers about annual reports and questionnaires, and their tables in words."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, fields, post_load, pre_dump

from api.http.fields.scalars import Code, QueryWhole, StateCode, Text, Whole
from api.http.fields.schemas import Items, RequestSchema
from api.http.pagination import FORMATS, ListQuery
from api.i18n.messages import language
from api.schemas.figures.statistics import OriginShareResponse
from salsa_ext.annual_reports.annual_reports import AnnualReportData, AnnualReportView, TextData
from salsa_ext.annual_reports.report_tables import NUMBERS, SECTIONS, TABLES_BY_CODE, Content
from salsa_ext.core import codes
from salsa_ext.reference import names

MAX_WORDS: Final = 8000


class NewAnnualReportRequest(RequestSchema):
    """New report of an ended year."""

    value = AnnualReportData
    year = Whole(least=2000, most=2100, required=True)


class AnnualReportTextRequest(
    RequestSchema.from_dict(  # type: ignore[misc]
        {section: Text(most=MAX_WORDS) for section in SECTIONS}
        | {name: Whole(least=0, most=10**9) for name in NUMBERS},
        name="AnnualReportFields",
    )
):
    """Words of sections in a language, and numbers; `remove` names those to take away."""

    language = Code(codes.LANGUAGES, required=True)
    remove = Items(Code((*SECTIONS, *NUMBERS)), most=len(SECTIONS) + len(NUMBERS))

    @post_load
    def gather(self, data: Mapping[str, Any], **_: Any) -> TextData:
        """Return words and numbers apart."""
        written = {**data, **dict.fromkeys(data.get("remove", ()))}
        words = {name: written[name] for name in SECTIONS if name in written}
        numbers = {name: written[name] for name in NUMBERS if name in written}
        return TextData(data["language"], words, numbers)


class AnnualReportQuery(ListQuery):
    """Filter of annual reports."""

    year = QueryWhole(least=2000, most=2100)
    state = StateCode()
    status = Code(codes.ANNUAL_REPORT_STATUSES)


class QuestionnaireFilters(RequestSchema):
    """Which tables a page shows: of which year, by which questionnaire."""

    year = QueryWhole(least=2000, most=2100)
    questionnaire = Code(codes.QUESTIONNAIRES)
    format = Code(FORMATS)


class QuestionnaireQuery(QuestionnaireFilters):
    """Of which year the tables are, by which questionnaire."""

    year = QueryWhole(least=2000, most=2100, required=True)


class ReportPaperQuery(RequestSchema):
    """Language of the paper; by default the reader's."""

    language = Code(codes.LANGUAGES)


class ReportRowResponse(Schema):
    """Amounts of a row by column; the total has an empty `code`."""

    code = fields.String(required=True)
    amounts = fields.List(fields.Integer(), required=True)


class ReportTableResponse(Schema):
    """Table by the categories of a questionnaire."""

    code = Code(tuple(TABLES_BY_CODE), required=True)
    name = fields.String(required=True)
    section = Code(tuple(SECTIONS), required=True)
    questionnaire = Code(codes.QUESTIONNAIRES, required=True)
    columns = fields.List(fields.String(), required=True)
    rows = fields.List(fields.Nested(ReportRowResponse), required=True)


class QuestionnaireResponse(Schema):
    """Tables of a year, and indicator 16.4.2 with numerator and denominator."""

    year = fields.Integer(required=True)
    tables = fields.List(fields.Nested(ReportTableResponse), required=True)
    share = fields.Nested(OriginShareResponse, required=True)


class AnnualReportItemResponse(Schema):
    """Annual report; that of all states has no `state`."""

    id = fields.UUID(required=True)
    state = StateCode(required=True, allow_none=True)
    year = fields.Integer(required=True)
    number = fields.Integer(required=True)
    version = fields.Integer(required=True)
    status = Code(codes.ANNUAL_REPORT_STATUSES, required=True)
    release = fields.UUID(attribute="release_id", required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    signed_at = fields.DateTime(required=True, allow_none=True)


class GapResponse(Schema):
    """Something that is missing, with its registers, months or fields, and the page to mend it."""

    code = Code(codes.ANNUAL_REPORT_GAPS, required=True)
    name = fields.Function(lambda gap: gap_name(gap.code), required=True)
    amount = fields.Integer(required=True)
    items = fields.List(fields.String(), required=True)


class AnnualReportChangeResponse(Schema):
    """What differs from the report before: a cell, a number, or the words of a section."""

    table = fields.String(required=True)
    row = fields.String(required=True)
    column = fields.String(required=True)
    before = fields.Integer(required=True, allow_none=True)
    after = fields.Integer(required=True, allow_none=True)


class AnnualReportResponse(AnnualReportItemResponse):
    """Annual report with words, numbers, tables, gaps, changes and signature."""

    words = fields.Dict(keys=fields.String(), values=fields.Dict(), required=True)
    numbers = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    tables = fields.List(fields.Nested(ReportTableResponse), required=True)
    share = fields.Nested(OriginShareResponse, required=True)
    gaps = fields.List(fields.Nested(GapResponse), required=True)
    changes = fields.List(fields.Nested(AnnualReportChangeResponse), required=True)
    release_signature = fields.String(required=True, allow_none=True)
    digest = fields.String(required=True, allow_none=True)
    token = fields.String(required=True, allow_none=True)

    @pre_dump
    def _present(self, view: AnnualReportView, **_: Any) -> dict[str, Any]:
        given = {field.attribute or name for name, field in self.dump_fields.items()}
        own = {
            "tables": present_tables(view.tables),
            "release_signature": view.release.signature if view.release else None,
        }
        return {name: getattr(view, name) for name in given - own.keys()} | own


class AnnualReportTextResponse(Schema):
    """Version of the words and numbers of a report."""

    version = fields.Integer(required=True)
    written_at = fields.DateTime(required=True)
    words = fields.Dict(keys=fields.String(), values=fields.Dict(), required=True)
    numbers = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class AnnualReportTextsResponse(Schema):
    """Versions of the words and numbers of a report, the newest first."""

    items = fields.List(fields.Nested(AnnualReportTextResponse), required=True)


def present_tables(tables: Mapping[str, Content]) -> list[dict[str, Any]]:
    """Return filled tables as responses."""
    return [
        {
            **content,
            "code": code,
            "name": table_title(code),
            "section": TABLES_BY_CODE[code].section,
            "questionnaire": TABLES_BY_CODE[code].questionnaire,
        }
        for code, content in tables.items()
        if code in TABLES_BY_CODE
    ]


def table_title(code: str) -> str:
    """Return the title of a table in the reader's language."""
    return names.label("report_table", code, language.get())


def section_title(code: str) -> str:
    """Return the title of a section in the reader's language."""
    return names.label("report_section", code, language.get())


def number_title(code: str) -> str:
    """Return what a number answers in the reader's language."""
    return names.label("report_number", code, language.get())


def gap_name(code: str) -> str:
    """Return what is missing in the reader's language."""
    return names.label("annual_report_gap", code, language.get())
