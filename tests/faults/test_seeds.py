"""Processes are killed and connections lost amid writes: nothing is lost, nothing happens twice."""

import pytest

from benchmarks.faults import seeds
from benchmarks.faults.acts import open_accounts
from salsa_ext.database.postgres.server import EmbeddedServer
from tests.faults.conftest import copied, make_app
from tests.support.sizes import sized

SEEDS = sized(5, 200)


@pytest.fixture(scope="module")
def world(installed):
    """An application, the home of its stopped database, and keys of officers."""
    with copied(installed) as home:
        with EmbeddedServer(home) as embedded, make_app(home, embedded) as application:
            keys = open_accounts(application)
        yield application, home, keys


def test_no_fault_breaks_a_promise(world):
    assert seeds.run(*world, range(SEEDS)) == []
