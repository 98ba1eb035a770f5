"""Flask application: configuration, routes, pages, middleware."""

from datetime import timedelta

from flask import Flask

from api import web
from api.http import error_handlers, middleware, monitoring, openapi, request_limits
from api.http.context import core_app
from api.http.json import JSONProvider
from api.routes import BLUEPRINTS
from api.web import live_views
from salsa_ext.administration.directory import load_directory
from salsa_ext.core.clock import SYSTEM_CLOCK, Clock
from salsa_ext.core.config import Config
from salsa_ext.database.postgres.backup import BackupFolder


def create_app(config: Config, clock: Clock = SYSTEM_CLOCK) -> Flask:
    """Create the WSGI application. `config.database_url` has to be set."""
    app = core_app(config, clock)
    app.json = JSONProvider(app)
    app.config.update(
        MAX_CONTENT_LENGTH=config.max_body,
        MAX_FORM_MEMORY_SIZE=100_000,
        MAX_FORM_PARTS=2_000,  # of a seizure of a hundred guns
        SESSION_IDLE=timedelta(minutes=config.session_idle),
        FIRST_PASSWORD=timedelta(days=config.first_password_days),
        SECURE_COOKIES=config.secure_cookies,
        ORIGIN=config.origin,
        DIRECTORY=load_directory(config.directory_file) if config.directory_file else None,
        BACKUPS=BackupFolder(config.backups, config.backup_key),
        TRUSTED_HOSTS=[*config.hosts] or None,
        **openapi.SETTINGS,
    )
    middleware.register_request_hooks(app)
    error_handlers.register(app)
    monitoring.register_metrics(app)
    documented = openapi.SalsaApi(app)
    for blueprint in BLUEPRINTS:
        documented.register_blueprint(blueprint)
    app.register_blueprint(monitoring.blueprint)
    web.register(app)
    middleware.register_compression(app)
    request_limits.register(app, config.threads, config.proxies)
    live_views.register_live_views(app)
    return app
