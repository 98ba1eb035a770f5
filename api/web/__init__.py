"""Web pages, rendered on the server."""

from __future__ import annotations

from flask import Flask

from api.web import formatting, security
from api.web.blueprints import border_pages, investigation_pages, licensing_pages, tracing_pages
from api.web.pages import border, investigation, licensing, tracing
from api.web.pages.account import (
    blank_forms,
    documentation,
    home,
    notifications,
    post_assignment,
    signin,
    verification,
)
from api.web.pages.border import board, walls

AREAS = (border, investigation, licensing, tracing)
"""Imported so that their routes are registered on the blueprints."""
BLUEPRINTS = (
    home.blueprint,
    signin.blueprint,
    board.blueprint,
    border_pages,
    licensing_pages,
    investigation_pages,
    tracing_pages,
    notifications.blueprint,
    documentation.blueprint,
    verification.blueprint,
    blank_forms.blueprint,
    walls.blueprint,
    post_assignment.blueprint,
)


def register(app: Flask) -> None:
    """Register pages, template globals and the check of forms."""
    app.jinja_env.globals.update(formatting.TEMPLATE_GLOBALS, csrf_token=security.csrf_token)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.before_request(security.check_csrf)
    app.after_request(security.set_csrf_cookie)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
