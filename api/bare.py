"""The application without routes: what commands and the background's work need of it."""

from __future__ import annotations

from flask import Flask

from salsa_ext.clock import SYSTEM, Clock
from salsa_ext.config import Config
from salsa_ext.db import db, engine_options
from salsa_ext.services import leg_news, request_arrivals
from salsa_ext.services.sealing import Vault

APPLY = (leg_news, request_arrivals)
"""What applies letters of other states: without these modules every letter would be of an unknown kind."""


def bare_app(config: Config, clock: Clock = SYSTEM) -> Flask:
    """Return an application that reaches the database that `config` names, and answers nothing.

    To make the routes and to describe them takes longer than most commands.
    """
    if config.database_url is None:
        raise AssertionError("the database is started before the application is made")
    app = Flask("api", static_folder="web/static", template_folder="web/templates")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(config),
        CLOCK=clock,
        VAULT=Vault.of(config),
    )
    db.init_app(app)
    return app
