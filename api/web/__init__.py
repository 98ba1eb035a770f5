"""Pages that the server renders: for people without a program of their own."""

from __future__ import annotations

from flask import Flask

from api.web import (
    boards,
    console,
    csrf,
    desk,
    docs,
    forms,
    guns,
    notifications,
    pages,
    placing,
    post_desk,
    shown,
    signin,
    verification,
    walls,
)

MODULES = (
    pages, signin, boards, post_desk, desk, guns, console, notifications, docs, verification, forms,
    walls, placing,
)  # fmt: skip
BLUEPRINTS = tuple(module.blueprint for module in MODULES)


def register(app: Flask) -> None:
    """Add the pages, what their templates call, and the check that guards every form."""
    app.jinja_env.globals.update(shown.GLOBALS, csrf_token=csrf.token)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.before_request(csrf.check)
    app.after_request(csrf.keep)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
