"""Database of an installation: configured or started here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace

from salsa_ext.core.config import Config
from salsa_ext.database.postgres.provision import provision_database
from salsa_ext.database.postgres.server import EmbeddedServer

DATABASE_NAME = "salsa"


@contextmanager
def running_database(config: Config) -> Iterator[Config]:
    """Give a configuration whose database runs within the block."""
    with ExitStack() as stack:
        yield start_database(config, stack)


def start_database(config: Config, stack: ExitStack) -> Config:
    """Return a configuration whose database runs until `stack` is closed."""
    if config.database_url is not None:
        return config
    server = stack.enter_context(EmbeddedServer(config.home))
    with closing(server.admin()) as admin:
        provision_database(
            admin,
            database=DATABASE_NAME,
            owner_password=server.password("owner"),
            service_password=server.password("service"),
        )
    return replace(
        config,
        database_url=server.url("service", DATABASE_NAME),
        migration_url=server.url("owner", DATABASE_NAME),
    )
