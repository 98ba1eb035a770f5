"""Application core: database, clock, vault and transactions, without routes."""

from contextlib import AbstractContextManager
from typing import cast

from flask import Flask, current_app, request

from salsa_ext.access.vault import Vault
from salsa_ext.administration.content_store import ContentStore, open_store
from salsa_ext.core.clock import SYSTEM_CLOCK, Clock
from salsa_ext.core.config import Config
from salsa_ext.database.encrypted_columns import set_vault
from salsa_ext.database.session import db, engine_options, transaction
from salsa_ext.disclosure import envelope_handlers as consent_envelope_handlers
from salsa_ext.exchange import conversations
from salsa_ext.exchange.webhook_sending import allow_networks
from salsa_ext.tracing.requests import envelope_handlers as request_envelope_handlers
from salsa_ext.tracing.traces import commands as trace_commands
from salsa_ext.tracing.traces import envelope_handlers as trace_envelope_handlers

__all__ = ["transaction"]
REGISTERED = (
    trace_envelope_handlers,
    request_envelope_handlers,
    consent_envelope_handlers,
    conversations,
    trace_commands,
)
"""Modules that register handlers of envelopes, and hooks of seizures, when they are imported."""


def core_app(config: Config, clock: Clock = SYSTEM_CLOCK) -> Flask:
    """Create a Flask application without routes, for commands and the worker."""
    if config.database_url is None:
        raise AssertionError("the database is started before the application is made")
    allow_networks(config.webhook_networks)
    vault = Vault.from_config(config)
    store = open_store(config, vault)
    app = Flask("api", static_folder="web/static", template_folder="web/templates")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(config),
        LISTEN_URL=config.listen_url or config.database_url,
        CLOCK=clock,
        CONTENT_STORE=store,
        IMPORT_STORE=store or ContentStore(vault, config.home),
        IMPORT_DAYS=config.import_days,
        VAULT=vault,
    )
    db.init_app(app)
    with app.app_context():
        set_vault(db.engine, vault)
    return app


def current_vault() -> Vault:
    """Return the vault of the running application."""
    vault = current_app.config["VAULT"]
    assert isinstance(vault, Vault)
    return vault


def current_store() -> ContentStore | None:
    """Return the store of attachments; None where the database holds them."""
    return cast(ContentStore | None, current_app.config["CONTENT_STORE"])


def without_turn() -> AbstractContextManager[None]:
    """Return a block in which the request holds no slot: it hashes, or another process works."""
    block: AbstractContextManager[None] = request.environ["wsgi.input"].without_turn()
    return block


def with_turn() -> AbstractContextManager[None]:
    """Return a block within the former in which the request holds a slot again."""
    block: AbstractContextManager[None] = request.environ["wsgi.input"].with_turn()
    return block
