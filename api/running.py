"""The database of an installation: the one that is named, or one that is started here."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace

from salsa_ext.config import Config
from salsa_ext.postgres import EmbeddedServer, provision

DATABASE = "salsa"
BELONGS = "SALSA_WORKER"
"""Set in the processes that the serving process starts."""


def belong() -> None:
    """Let this process end with the serving process, if that started it, and with nothing else.

    A terminal's Ctrl-C reaches a whole group: the serving process alone takes it and ends the others.
    Where that is killed, Linux ends them (PR_SET_PDEATHSIG is 1).
    """
    if BELONGS not in os.environ:
        return
    os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


@contextmanager
def database(config: Config) -> Iterator[Config]:
    """Give a configuration whose database runs while the block does."""
    with ExitStack() as stack:
        yield start(config, stack)


def start(config: Config, stack: ExitStack) -> Config:
    """Return a configuration whose database runs until `stack` is closed."""
    if config.database_url is not None:
        return config
    server = stack.enter_context(EmbeddedServer(config.home))
    with closing(server.admin()) as admin:
        provision(admin, database=DATABASE, owner_password=server.password("owner"),
                  service_password=server.password("service"))  # fmt: skip
    return replace(
        config,
        database_url=server.url("service", DATABASE),
        migration_url=server.url("owner", DATABASE),
    )
