"""What can be told about the server without touching it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from salsa_ext.postgres import binaries, location, processes
from salsa_ext.postgres.errors import PostgresUnavailable
from salsa_ext.postgres.location import PORT, Location
from salsa_ext.postgres.logs import Log
from salsa_ext.postgres.processes import Postmaster


@dataclass(frozen=True)
class Status:
    """Whether and where the server runs; `version` is that of the programs, None without any."""

    running: bool
    pid: int | None
    data: Path
    sockets: Path
    version: str | None
    log: Path


def look(place: Path, log: Log) -> Status:
    """How the server is whose folder `place` is; raises OSError where another user hides it."""
    planned = location.recorded(place)
    found = processes.running(planned.data)
    return Status(
        running=found is not None,
        pid=found.pid if found else None,
        data=planned.data,
        sockets=_socket_folder(planned, found),
        version=_version(),
        log=log.path,
    )


def find_sockets(place: Path) -> Path | None:
    """The folder to connect through, None if no server runs; raises OSError likewise."""
    planned = location.recorded(place)
    found = processes.running(planned.data)
    return _socket_folder(planned, found) if found else None


def _socket_folder(planned: Location, found: Postmaster | None) -> Path:
    # The server names the folder that it was started with, which may since have been renamed.
    if found is None or (planned.sockets / f".s.PGSQL.{PORT}").exists():
        return planned.sockets
    return found.sockets


def _version() -> str | None:
    try:
        return binaries.version(binaries.find())
    except PostgresUnavailable:
        return None
