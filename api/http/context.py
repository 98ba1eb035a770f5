"""Application core: database, clock, vault and transactions, without routes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from flask import Flask, current_app, request

from salsa_ext.access.vault import Vault
from salsa_ext.core.actor import Actor
from salsa_ext.core.clock import SYSTEM_CLOCK, Clock
from salsa_ext.core.config import Config
from salsa_ext.database.session import db, engine_options
from salsa_ext.database.session import transaction as _transaction
from salsa_ext.firearms.records import changed_records
from salsa_ext.tracing.requests import envelope_handlers as request_envelope_handlers
from salsa_ext.tracing.traces import commands as trace_commands
from salsa_ext.tracing.traces import envelope_handlers as trace_envelope_handlers
from salsa_ext.tracing.traces import record_corrections

REGISTERED = (trace_envelope_handlers, request_envelope_handlers, trace_commands)
"""Modules that register handlers of envelopes, and hooks of seizures, when they are imported."""


def core_app(config: Config, clock: Clock = SYSTEM_CLOCK) -> Flask:
    """Create a Flask application without routes, for commands and the worker.

    Building routes and OpenAPI takes longer than most commands.
    """
    if config.database_url is None:
        raise AssertionError("the database is started before the application is made")
    app = Flask("api", static_folder="web/static", template_folder="web/templates")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(config),
        CLOCK=clock,
        VAULT=Vault.from_config(config),
    )
    db.init_app(app)
    return app


def current_vault() -> Vault:
    """Return the vault of the running application."""
    vault = current_app.config["VAULT"]
    assert isinstance(vault, Vault)
    return vault


def without_turn() -> AbstractContextManager[None]:
    """Return a block in which the request holds no slot: it hashes, or another process works."""
    block: AbstractContextManager[None] = request.environ["wsgi.input"].without_turn()
    return block


__all__ = ["transaction"]


@contextmanager
def transaction(actor: Actor) -> Iterator[None]:
    """Run a block as one transaction, then send corrected answers."""
    changed_records.discard_changes()
    try:
        with _transaction(actor):
            yield
            record_corrections.send_corrections(replace(actor, vault=current_vault()))
    finally:
        changed_records.discard_changes()
