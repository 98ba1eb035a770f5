"""The application: configuration, blueprints, and what every answer gets."""

from __future__ import annotations

import os
import secrets
from http import HTTPStatus

from flask import Flask
from flask_smorest import Api
from werkzeug.routing import BaseConverter

from api import compression, errors, live, metrics, requests, turns, web
from api.bare import bare_app
from api.errors import PROBLEM
from api.json import JSONProvider
from api.problems import ProblemSchema
from api.resources import BLUEPRINTS, health
from salsa_ext.clock import SYSTEM, Clock
from salsa_ext.config import Config

VERSION = "0.1.0"


class Slug(BaseConverter):
    """A code in an address: lower case, digits, hyphens."""

    regex = "[a-z0-9][a-z0-9_-]{0,79}"


class SalsaApi(Api):  # type: ignore[misc]
    """The OpenAPI document and its routes; errors are the application's own."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Leave errors to `api.errors`, which knows all of them."""

    def _register_responses(self) -> None:
        """Describe every error as the problem that it is."""
        content = {"content": {PROBLEM: {"schema": ProblemSchema}}}
        for status in HTTPStatus:
            body = content if status >= 400 else {}
            described = {"description": status.phrase} | body
            self.spec.components.response(status.name, described, lazy=True)
        described = {"description": "A problem (RFC 9457)."} | content
        self.spec.components.response(self.DEFAULT_ERROR_RESPONSE_NAME, described, lazy=True)


def create_app(config: Config, clock: Clock = SYSTEM) -> Flask:
    """Return the WSGI application of an installation whose database `config` names."""
    app = bare_app(config, clock)
    app.json = JSONProvider(app)
    app.config.update(
        MAX_CONTENT_LENGTH=config.max_body,
        MAX_FORM_MEMORY_SIZE=100_000,
        SECURE_COOKIES=config.secure_cookies,
        TICKETS=os.environ.get(live.SECRET) or secrets.token_hex(32),
        API_TITLE="salsa-ext",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": "Records and tracing of firearms between states."},
            "security": [{"key": []}],
            "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        },
    )
    requests.register(app)
    errors.register(app)
    metrics.register(app)
    app.url_map.converters["slug"] = Slug
    documented = SalsaApi(app)
    documented.register_converter(Slug, lambda _: {"type": "string", "pattern": f"^{Slug.regex}$"})
    for blueprint in BLUEPRINTS:
        documented.register_blueprint(blueprint)
    app.register_blueprint(health.blueprint)
    web.register(app)
    compression.register(app)
    turns.register(app, config.threads)
    live.register(app)
    return app
