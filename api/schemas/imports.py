"""Requests and answers of imports; bodies of imported documents."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from marshmallow import Schema, ValidationError

from api.http.errors import as_error_messages
from api.http.fields.declared import request_schema
from api.i18n.messages import load_catalogue
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.core.errors import Invalid


@cache
def _schema_of(cls: type) -> Schema:
    schema: Schema = request_schema(cls)()
    return schema


def field_labels() -> dict[str, list[str]]:
    """Return the translations of all labels, by their English text."""
    catalogues = [load_catalogue(language) for language in LANGUAGES if language != "en"]
    every = {text for catalogue in catalogues for text in catalogue}
    return {text: [catalogue.get(text, text) for catalogue in catalogues] for text in every}


def read_imported(cls: type, body: Mapping[str, Any]) -> Any:
    """Return the value of a body as a request of its kind has it; raises Invalid."""
    try:
        return _schema_of(cls).load(body)
    except ValidationError as error:
        raise Invalid(as_error_messages(error.messages)) from None
