"""Flask application: configuration, routes, pages, middleware."""

from __future__ import annotations

import os
import secrets
from http import HTTPStatus

from flask import Flask
from flask_smorest import Api
from werkzeug.routing import BaseConverter

from api import web
from api.http import concurrency, error_handlers, middleware, monitoring
from api.http.context import core_app
from api.http.error_handlers import PROBLEM_TYPE
from api.http.errors import ProblemSchema
from api.http.json import JSONProvider
from api.routes import BLUEPRINTS, health
from api.server import process
from api.web import live
from salsa_ext.core.clock import SYSTEM_CLOCK, Clock
from salsa_ext.core.config import Config

VERSION = "0.1.0"


class Slug(BaseConverter):
    """A code in an address: lower case, digits, hyphens."""

    regex = "[a-z0-9][a-z0-9_-]{0,79}"


class SalsaApi(Api):  # type: ignore[misc]
    """OpenAPI document and its routes; errors are handled by `error_handlers`."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Do nothing: `api.http.error_handlers` handles all errors."""

    def _register_responses(self) -> None:
        """Document every error status as a problem (RFC 9457)."""
        content = {"content": {PROBLEM_TYPE: {"schema": ProblemSchema}}}
        for status in HTTPStatus:
            body = content if status >= 400 else {}
            described = {"description": status.phrase} | body
            self.spec.components.response(status.name, described, lazy=True)
        described = {"description": "A problem (RFC 9457)."} | content
        self.spec.components.response(self.DEFAULT_ERROR_RESPONSE_NAME, described, lazy=True)


def create_app(config: Config, clock: Clock = SYSTEM_CLOCK) -> Flask:
    """Create the WSGI application.

    `config.database_url` has to be set.
    """
    app = core_app(config, clock)
    app.json = JSONProvider(app)
    app.config.update(
        MAX_CONTENT_LENGTH=config.max_body,
        MAX_FORM_MEMORY_SIZE=100_000,
        SECURE_COOKIES=config.secure_cookies,
        TICKETS=os.environ.get(process.TICKET_VARIABLE) or secrets.token_hex(32),
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
    middleware.register_request_hooks(app)
    error_handlers.register(app)
    monitoring.register_metrics(app)
    app.url_map.converters["slug"] = Slug
    documented = SalsaApi(app)
    documented.register_converter(Slug, lambda _: {"type": "string", "pattern": f"^{Slug.regex}$"})
    for blueprint in BLUEPRINTS:
        documented.register_blueprint(blueprint)
    app.register_blueprint(health.blueprint)
    web.register(app)
    middleware.register_compression(app)
    concurrency.register(app, config.threads)
    live.register_live_views(app)
    return app
