"""The primary is killed amid writes: its synchronous standby has all that was acknowledged."""

import shutil

import pytest

from api.app import create_app
from benchmarks.faults import automatic_failover, failover
from benchmarks.faults.acts import open_accounts
from salsa_ext.database.postgres import programs
from salsa_ext.database.postgres.server import EmbeddedServer
from tests.faults.conftest import copied, make_app
from tests.support.folders import open_folder
from tests.support.sizes import sized


def test_no_acknowledged_write_is_lost_by_a_failover(installed):
    for seed in range(sized(1, 10)):
        with copied(installed) as home, open_folder() as other:
            with EmbeddedServer(home) as embedded, make_app(home, embedded) as application:
                keys = open_accounts(application)
            assert failover.run(home, other, keys, seed, create_app) == []


def test_pg_auto_failover_promotes_by_itself_and_loses_nothing(installed):
    library = programs.find_programs().parent / "lib/pgautofailover.so"
    if not (shutil.which(automatic_failover.PROGRAM) and library.exists()):
        pytest.skip("needs pg_auto_failover, and PG_BIN with its extension")
    with copied(installed) as home, open_folder() as other, open_folder() as third:
        with EmbeddedServer(home) as embedded, make_app(home, embedded) as application:
            keys = open_accounts(application)
        assert automatic_failover.run((home, other, third), keys, sized(1, 20), create_app) == []
