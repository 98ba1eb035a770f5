"""OpenAPI document: errors, headers, and what each property means."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from flask_smorest import Api
from marshmallow import Schema, fields
from werkzeug.routing import BaseConverter

from api.http.auth import CASE_PATTERN, OFFICER_PATTERN
from api.http.error_handlers import PROBLEM_TYPE
from api.http.errors import ProblemSchema
from api.http.idempotency import IDEMPOTENCY_KEY
from api.http.resource import IF_MATCH
from salsa_ext.core.codes import PURPOSES

VERSION: Final = "0.1.0"
SETTINGS: Final = {
    "API_TITLE": "salsa-ext",
    "API_VERSION": VERSION,
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/api/v1",
    "OPENAPI_JSON_PATH": "openapi.json",
    "API_SPEC_OPTIONS": {
        "info": {
            "description": "Records and tracing of firearms between states.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The service that gave this document."}],
        "security": [{"key": []}],
    },
}
REQUEST_HEADERS: Final[dict[str, tuple[str, str, dict[str, Any]]]] = {
    "officer": (
        "Salsa-Officer",
        "The officer's own number in the agency, never a name.",
        {"pattern": f"^{OFFICER_PATTERN.pattern}$"},
    ),
    "purpose": (
        "Salsa-Purpose",
        "Why another state's record is read; see the purposes of a check.",
        {"enum": list(PURPOSES)},
    ),
    "case": ("Salsa-Case", "The case number.", {"pattern": f"^{CASE_PATTERN.pattern}$"}),
    "key": (
        "Idempotency-Key",
        "Repeated with the same body, the first answer is returned again.",
        {"pattern": f"^{IDEMPOTENCY_KEY.pattern}$"},
    ),
    "match": (
        "If-Match",
        "The ETag of what was read; needed for an action. Only the version, before the first point,"
        " is compared: language and view of the reading do not matter.",
        {"pattern": f"^{IF_MATCH.pattern}$"},
    ),
}
RESPONSE_HEADERS: Final = {
    "ETag": "Version, language and digest of the answer; an action needs it as If-Match.",
    "Location": "The address of the new object.",
    "Link": 'The next page, as <address>; rel="next"; none on the last.',
}


EXAMPLES: Final = {
    "boolean": True,
    "integer": 1,
    "number": 1.5,
    "uuid": "0199f2c0-5d1e-7a31-8c5e-2f9d0b6a7c11",
    "date": "2026-03-09",
    "date-time": "2026-03-09T14:30:00-03:00",
    "^[A-Z]{3}$": "PRY",
}
"""Examples by type, format or pattern."""


@cache
def load_properties() -> dict[str, Any]:
    """Return descriptions and examples by property, and by schema and property."""
    return tomllib.loads(Path(__file__).with_name("properties.toml").read_text("utf-8"))


def _describe_property(field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    """Return description and examples of a property (apispec attribute function)."""
    if not isinstance(field.parent, Schema):
        return {}
    properties, name = load_properties(), field.data_key or field.name
    names = [re.sub("(Response|Schema)$", "", cls.__name__) for cls in type(field.parent).__mro__]
    tables = [properties[each] for each in names if each in properties]
    entry = next((each[name] for each in tables if name in each), properties.get(str(name)))
    if entry is None or isinstance(entry, dict):
        label = field.metadata.get("label")
        entry = [f"{label}.", label] if isinstance(field, fields.String) else label
    if entry is None:
        return {}
    description, *examples = [entry] if isinstance(entry, str) else entry
    return {"description": description} | ({"examples": examples} if examples else {})


def _add_example(field: fields.Field[Any], ret: Mapping[str, Any]) -> dict[str, Any]:
    """Return the example of a value whose type, format, pattern or list has one."""
    if "enum" in ret:
        return {"examples": ret["enum"][:1]}
    if "examples" in ret or not isinstance(field.parent, Schema):
        return {}
    kinds = ret.get("type", ())
    kind = kinds if isinstance(kinds, str) else next(iter(kinds), None)
    if kind in ("integer", "number"):
        low, high = ret.get("minimum", 0), ret.get("maximum", 1)
        return {"examples": [low if low > 0 or high < 1 else EXAMPLES[kind]]}
    for key in (ret.get("format"), ret.get("pattern"), kind):
        if key in EXAMPLES:
            return {"examples": [EXAMPLES[key]]}
    return {}


class Slug(BaseConverter):
    """A code in an address: lower case, digits, hyphens."""

    regex = "[a-z0-9][a-z0-9_-]{0,79}"


class SalsaApi(Api):  # type: ignore[misc]  # flask-smorest has no types
    """OpenAPI document and its routes; errors are handled by `error_handlers`."""

    ERROR_SCHEMA = ProblemSchema

    def init_app(self, app: Any, **options: Any) -> None:
        """Register the headers and the types of path parameters."""
        super().init_app(app, **options)
        app.url_map.converters["slug"] = Slug
        self.register_converter(Slug, lambda _: {"type": "string", "pattern": f"^{Slug.regex}$"})
        components = self.spec.components
        components.security_scheme("key", {"type": "http", "scheme": "bearer"})
        for key, (name, text, schema) in REQUEST_HEADERS.items():
            header = {"name": name, "description": text, "schema": {"type": "string"} | schema}
            components.parameter(key, "header", header)
        for name, text in RESPONSE_HEADERS.items():
            components.header(name, {"description": text, "schema": {"type": "string"}})

    def _register_error_handlers(self) -> None:
        """Do nothing: `api.http.error_handlers` handles all errors."""

    def _register_responses(self) -> None:
        """Document every error status as a problem (RFC 9457), and what properties mean."""
        functions = self.ma_plugin.converter.attribute_functions
        functions.insert(1, _describe_property)
        functions.append(_add_example)
        content = {"content": {PROBLEM_TYPE: {"schema": ProblemSchema}}}
        for status in HTTPStatus:
            body = content if status >= 400 else {}
            described = {"description": status.phrase} | body
            self.spec.components.response(status.name, described, lazy=True)
        described = {"description": "A problem (RFC 9457)."} | content
        self.spec.components.response(self.DEFAULT_ERROR_RESPONSE_NAME, described, lazy=True)
