"""Requests and answers of imports; bodies of imported documents."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_dump

from api.http.errors import as_error_messages
from api.http.fields.declared import quick_reader, request_schema
from api.http.fields.scalars import Code, Text
from api.http.fields.schemas import Items, Nested, RequestSchema
from api.http.pagination import ListQuery
from api.i18n.messages import load_catalogue, translate
from salsa_ext.core import codes
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.core.errors import Invalid


@cache
def _schema_of(cls: type) -> tuple[Schema, Callable[[Any], Any]]:
    schema = request_schema(cls)()
    return schema, quick_reader(schema)


def field_labels() -> dict[str, list[str]]:
    """Return the translations of all labels, by their English text."""
    catalogues = [load_catalogue(language) for language in LANGUAGES if language != "en"]
    every = {text for catalogue in catalogues for text in catalogue}
    return {text: [catalogue.get(text, text) for catalogue in catalogues] for text in every}


def read_imported(cls: type, body: Mapping[str, Any]) -> Any:
    """Return the value of a body as a request of its kind has it; raises Invalid."""
    schema, read = _schema_of(cls)
    with suppress(ValidationError, TypeError):
        return read(body)
    try:
        return schema.load(body)
    except ValidationError as error:
        raise Invalid(as_error_messages(error.messages)) from None


class ImportQuery(ListQuery):
    """Filter of imports."""

    status = Code(codes.IMPORT_STATUSES)
    profile = Text(most=60)


class ImportRequest(RequestSchema):
    """Name of a profile of your state, or of one that comes with the program."""

    profile = Text(most=60, required=True)


class ImportProfileRequest(RequestSchema):
    """A profile as JSON; `docs/import-profiles.md` has its fields."""

    definition = fields.Dict(keys=fields.String(), required=True)


class TextMeaning(RequestSchema):
    """What a text means: itself to leave it as it is, `-` for no value, nothing to forget it."""

    kind = Text(most=60, required=True)
    text = Text(most=500, required=True)
    means = Text(most=300)


class ImportMappingRequest(RequestSchema):
    """What texts of a file mean that no list knows."""

    values = Items(Nested(TextMeaning), most=1_000, least=1, required=True)


class ImportProfileResponse(Schema):
    """A profile; `shipped` if it comes with the program."""

    name = fields.String(required=True)
    shipped = fields.Boolean(required=True)
    definition = fields.Dict(keys=fields.String(), required=True)


class ImportProfilesResponse(Schema):
    """All profiles that you may use."""

    items = fields.List(fields.Nested(ImportProfileResponse), required=True)


class ImportResponse(Schema):
    """Import of a file.

    `report`: `counts` of documents and rows, `problems`, texts `unknown` and `known`, `odd_serials`
    with sheet, row and text, rows `skipped` by reason, numbers that have `vanished`, columns that
    are not read, a `preview` while it is judged, and `readings`: an example of each kind of cell.
    """

    id = fields.UUID(required=True)
    profile = fields.String(required=True)
    file_name = fields.String(required=True)
    status = Code(codes.IMPORT_STATUSES, required=True)
    started_at = fields.DateTime(required=True)
    ended_at = fields.DateTime(allow_none=True)
    rows_read = fields.Integer(required=True)
    report = fields.Dict(keys=fields.String(), required=True)

    @pre_dump
    def _translate(self, run: Any, **_: Any) -> Any:
        """Return the run with its problems in the reader's language."""
        report = dict(run.report)
        report["problems"] = [
            {**problem, "text": translate(problem)} for problem in report.get("problems", ())
        ]
        if "odd_serials" in report:
            report["odd_serials"] = [
                {**odd, "text": translate(odd)} for odd in report["odd_serials"]
            ]
        if "reason" in report:
            report["reason"] = translate(report["reason"])
        names = ("id", "profile", "file_name", "status", "started_at", "ended_at", "rows_read")
        return {name: getattr(run, name) for name in names} | {"report": report}
