"""Who makes releases, and a release that is made."""

import pytest

from salsa_ext.releases.release_tables import TABLES_BY_CODE
from tests.support import jobs


@pytest.fixture
def secretariat(as_actor):
    return as_actor(None, "secretariat")


@pytest.fixture
def make_release(secretariat, app):
    """Return a function that makes a release of 2025, and returns it as the secretariat reads it."""

    def make(**changes):
        made = secretariat.post("/releases", {"year": 2025} | changes).json
        assert made["status"] == "preparing"
        assert jobs.run_due(app, "releases") >= len(TABLES_BY_CODE)
        return secretariat.get(f"/releases/{made['id']}").json

    return make
