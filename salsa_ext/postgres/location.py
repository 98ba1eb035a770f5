"""Where the server's data and socket are: in the project if its user can work there.

Otherwise they go to a private folder, which `location.json` in the project names.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from salsa_ext.errors import say
from salsa_ext.postgres.accounts import Account
from salsa_ext.postgres.errors import PostgresUnavailable
from salsa_ext.postgres.files import read_json, write_json
from salsa_ext.postgres.folders import make_private, require_entrance, suits

RECORD = "location.json"
PORT = 5432
# The system allows 107 bytes for a socket's path, macOS 103.
SOCKET_LIMIT = 100
SHORT_FOLDERS = (Path("/tmp"), Path("/var/tmp"))


@dataclass(frozen=True)
class Location:
    """The folder of data and copied programs, and the folder of the socket."""

    folder: Path
    sockets: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.folder / "data"


def recorded(place: Path) -> Location:
    """Where things are, or would be at first: in `place` unless its record says otherwise."""
    record = read_json(place / RECORD) or {}
    folder = Path(record.get("folder", place))
    return Location(folder, Path(record.get("sockets", folder / "run")))


def settle(place: Path, account: Account, private_root: Path | None) -> Location:
    """Decide where things are, make the folders, and write down what is outside `place`.

    Raises PostgresUnavailable if recorded data have vanished or no place suits the account.
    """
    record = read_json(place / RECORD) or {}
    folder = _folder(place, record, account, private_root)
    location = Location(folder, _sockets(folder, record, account))
    _write(place, location, is_initialised(location.data))
    return location


def is_initialised(data: Path) -> bool:
    """Whether a complete database cluster is there."""
    return (data / "PG_VERSION").exists()


def note_initialised(place: Path, location: Location) -> None:
    """Record that data exist, so that their loss is noticed; raises OSError."""
    _write(place, location, True)


def _folder(
    place: Path, record: dict[str, Any], account: Account, private_root: Path | None
) -> Path:
    if "folder" in record:
        return _recorded_folder(place, record, account)
    if is_initialised(place / "data"):
        require_entrance(place, account)
        return place
    if suits(place, account):
        return place
    return _new_folder(place, account, private_root or _persistent_root(account))


def _recorded_folder(place: Path, record: dict[str, Any], account: Account) -> Path:
    folder = Path(record["folder"])
    if record.get("initialised") and not is_initialised(folder / "data"):
        raise PostgresUnavailable(
            say(
                "The database that {record} names is gone from {folder}. Bring the folder back, or "
                "delete {record} to begin with an empty database.",
                folder=folder,
                record=place / RECORD,
            )
        )
    make_private(folder, account)
    return folder


def _new_folder(place: Path, account: Account, root: Path) -> Path:
    folder = root / f"salsa-postgres-{secrets.token_hex(6)}"
    # Written down before it is made, so that a kill in between leaves nothing forgotten.
    write_json(place / RECORD, {"folder": str(folder), "initialised": False})
    make_private(folder, account)
    require_entrance(folder, account)
    return folder


def _persistent_root(account: Account) -> Path:
    # Many systems empty /var/tmp of old files, which would eat a database: the last resort.
    home = Path(os.environ.get("HOME", "/nonexistent"))
    if account.uid is None and os.access(home, os.W_OK):
        return home / ".local" / "share"
    return next(path for path in (Path("/var/lib"), Path("/var/tmp")) if os.access(path, os.W_OK))


def _sockets(folder: Path, record: dict[str, Any], account: Account) -> Path:
    inside = folder / "run"
    if _suits_socket(inside):
        make_private(inside, account)
        return inside
    if "sockets" in record:
        try:
            make_private(Path(record["sockets"]), account)
            return Path(record["sockets"])
        except PostgresUnavailable:
            pass  # another user took the name after a clean-up of /tmp
    return _new_sockets(account)


def _new_sockets(account: Account) -> Path:
    root = next(path for path in SHORT_FOLDERS if os.access(path, os.W_OK))
    sockets = Path(tempfile.mkdtemp(prefix="salsa-postgres-", dir=root))
    account.own(sockets)
    return sockets


def _suits_socket(sockets: Path) -> bool:
    # libpq takes a comma for a list of hosts, and the server a quote for the end of a name.
    size = len(os.fsencode(sockets / f".s.PGSQL.{PORT}"))
    return size <= SOCKET_LIMIT and str(sockets).isprintable() and not set(',"') & set(str(sockets))


def _write(place: Path, location: Location, initialised: bool) -> None:
    record: dict[str, Any] = {}
    if location.folder != place:
        record = {"folder": str(location.folder), "initialised": initialised}
    if location.sockets != location.folder / "run":
        record["sockets"] = str(location.sockets)
    if record != (read_json(place / RECORD) or {}):
        write_json(place / RECORD, record)
