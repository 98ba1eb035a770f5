"""The service's own database server, killed under it: the service starts it again."""

import os
import signal
import time

from salsa_ext.database.postgres.server import EmbeddedServer
from tests.faults.conftest import copied, key_of, make_app
from tests.faults.served import Service


def test_a_killed_database_is_started_again(installed):
    """Before: 503 until the service was started again. Measured: 1.4 s."""
    with copied(installed) as home:
        with EmbeddedServer(home) as embedded, make_app(home, embedded) as application:
            key = key_of(application)
        service = Service(home, key, SALSA_WORKERS="1")
        service.start()
        try:
            begun = time.monotonic()
            os.kill(EmbeddedServer(home).status().pid, signal.SIGKILL)
            time.sleep(0.5)
            while not service.is_ready():
                assert time.monotonic() - begun < 60
                time.sleep(0.1)
            assert service.request("GET", "/api/v1/permits")[0] == 200
        finally:
            service.stop()
