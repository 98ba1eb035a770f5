"""Web pages, rendered on the server."""

from __future__ import annotations

from flask import Flask

from api.web import choices, formatting, lists, other_fields, security
from api.web.pages import (
    AREAS,
    account,
    border,
    imports,
    investigation,
    licensing,
    statistics,
    tracing,
)

# Importing the packages registers their routes on the blueprints.
PACKAGES = (account, border, imports, investigation, licensing, statistics, tracing)


def register(app: Flask) -> None:
    """Register pages, template globals and the check of forms."""
    app.jinja_env.globals.update(
        formatting.TEMPLATE_GLOBALS,
        choices=choices,
        address_with=lists.address_with,
        sort_link=lists.sort_link,
        csrf_token=security.csrf_token,
        other_fields=other_fields.other_fields,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.before_request(security.check_csrf)
    app.after_request(security.set_csrf_cookie)
    for blueprint in AREAS:
        app.register_blueprint(blueprint)
