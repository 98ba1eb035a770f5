"""A small demo region, made once for all workers; each reads a copy."""

from datetime import UTC, datetime

import pytest

from api import jobs
from api.app import create_app
from benchmarks.marks import vacuum
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db
from tests.conftest import cheap_passwords
from tests.support.small import ANCHOR, Small, digest, make

NOON = FixedClock(datetime(ANCHOR.year, ANCHOR.month, ANCHOR.day, 12, tzinfo=UTC))


def fill(config):
    """Make the region, do its jobs, and return what was made and its digest."""
    with create_app(config, NOON).app_context():
        with cheap_passwords():
            made = make(config)
        # as the worker does, once the region is served
        jobs.run_to_idle(jobs.worker_app(config), NOON)
        vacuum(config.migration_url, "ANALYZE")  # as the database does by itself after a while
        facts = made, digest()
        db.engine.dispose()
    return facts


@pytest.fixture(scope="session")
def small(server, fill_once, tmp_path_factory):
    region, facts = fill_once("small", fill)
    with server.copied(region, tmp_path_factory.mktemp("small")) as config:
        app = create_app(config, NOON)
        app.config["OWNER_URL"] = config.migration_url
        yield Small(app, *facts)
        with app.app_context():
            db.engine.dispose()
