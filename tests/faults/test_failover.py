"""The primary is killed amid writes: its synchronous standby has all that was acknowledged."""

from api.app import create_app
from benchmarks.faults import failover
from benchmarks.faults.acts import open_accounts
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
