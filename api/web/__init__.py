"""Web pages, rendered on the server."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from flask import Flask

PACKAGES: Final = (
    "account",
    "border",
    "imports",
    "investigation",
    "licensing",
    "statistics",
    "tracing",
)


def register(app: Flask) -> None:
    """Register pages, template globals and the check of forms.

    Pages are imported here: papers, which pages send, draw with modules of this package.
    """
    from api.web import choices, formatting, lists, record_pages, security
    from api.web.pages import AREAS

    for name in PACKAGES:
        import_module(f"api.web.pages.{name}")
    app.jinja_env.globals.update(
        formatting.TEMPLATE_GLOBALS,
        choices=choices,
        address_with=lists.address_with,
        sort_link=lists.sort_link,
        csrf_token=security.csrf_token,
        other_fields=record_pages.other_fields,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.before_request(security.check_csrf)
    app.after_request(security.set_csrf_cookie)
    for blueprint in AREAS:
        app.register_blueprint(blueprint)
