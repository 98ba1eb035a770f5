"""Web pages, rendered on the server."""

from importlib import import_module
from pkgutil import walk_packages

from flask import Flask


def register(app: Flask) -> None:
    """Register pages, template globals and the check of forms."""
    from api.web import choices, formatting, lists, pages, record_pages, security

    for module in walk_packages(pages.__path__, f"{pages.__name__}."):
        import_module(module.name)
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
    for blueprint in pages.AREAS:
        app.register_blueprint(blueprint)
