"""Database of an installation: configured or started here."""

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace

from salsa_ext.core.config import Config
from salsa_ext.core.errors import PostgresUnavailable
from salsa_ext.database.postgres.provision import provision_database
from salsa_ext.database.postgres.server import EmbeddedServer

DATABASE_NAME = "salsa"
WATCH_SECONDS = 1.0
MAX_WATCH_SECONDS = 60.0
STOP_SECONDS = 10.0
log = logging.getLogger("salsa.database")


@contextmanager
def running_database(config: Config) -> Iterator[Config]:
    """Give a configuration whose database runs within the block."""
    with ExitStack() as stack:
        yield start_database(config, stack)


@contextmanager
def _watched(server: EmbeddedServer) -> Iterator[None]:
    """Start the server again whenever it ends within the block."""
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(server, stop), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join(STOP_SECONDS)


def _watch(server: EmbeddedServer, stop: threading.Event) -> None:
    """Look each second; after each failure twice as seldom, until it runs."""
    seconds = WATCH_SECONDS
    while not stop.wait(seconds):
        try:
            if not server.is_running():
                log.warning("The database server ended; it is started again.")
                server.start()
            seconds = WATCH_SECONDS
        except Exception as error:  # whatever it is, the next look may find the server well
            seconds = min(seconds * 2, MAX_WATCH_SECONDS)
            is_known = isinstance(error, PostgresUnavailable)
            log.warning("%s", error, exc_info=not is_known)


def start_database(config: Config, stack: ExitStack) -> Config:
    """Return a configuration whose database runs until `stack` is closed."""
    if config.database_url is not None:
        return config
    server = stack.enter_context(EmbeddedServer(config.home))
    stack.enter_context(_watched(server))
    with closing(server.admin()) as admin:
        provision_database(
            admin,
            database=DATABASE_NAME,
            owner_password=server.password("owner"),
            service_password=server.password("service"),
            worker_password=server.password("worker"),
        )
    return replace(
        config,
        database_url=server.url("service", DATABASE_NAME),
        worker_url=server.url("worker", DATABASE_NAME),
        migration_url=server.url("owner", DATABASE_NAME),
    )
