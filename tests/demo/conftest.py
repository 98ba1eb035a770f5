"""A small demo region on a database of its own, for all that read it."""

import secrets
from datetime import UTC, datetime

import pytest

from api import jobs
from api.app import create_app
from benchmarks.marks import vacuum
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db
from tests.conftest import cheap_passwords
from tests.support.small import ANCHOR, Small, digest, make


@pytest.fixture(scope="session")
def small(server, template, tmp_path_factory):
    name = f"salsa_{secrets.token_hex(6)}"
    server.make(name, template)
    config = server.config(name, tmp_path_factory.mktemp("home"))
    noon = datetime(ANCHOR.year, ANCHOR.month, ANCHOR.day, 12, tzinfo=UTC)
    app = create_app(config, FixedClock(noon))
    with app.app_context():
        with cheap_passwords():
            made = make(config)
        # as the worker does, once the region is served
        jobs.run_to_idle(jobs.worker_app(config), FixedClock(noon))
        vacuum(config.migration_url, "ANALYZE")  # as the database does by itself after a while
        standing = Small(app, made, digest())
    yield standing
    with app.app_context():
        db.engine.dispose()
    server.drop(name)
