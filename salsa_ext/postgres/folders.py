"""Folders for the server: whether its OS user can use one, and making those only it can enter."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from salsa_ext.errors import say
from salsa_ext.postgres.accounts import Account
from salsa_ext.postgres.errors import PostgresUnavailable

PATH_LIMIT = 700  # PostgreSQL allows 1023 bytes for the path of any of its files


def suits(place: Path, account: Account) -> bool:
    """Whether the account can have private folders here: tried, as modes do not tell it all."""
    if len(os.fsencode(place)) > PATH_LIMIT or not str(place).isprintable():
        return False
    probe = Path(tempfile.mkdtemp(dir=place))
    try:
        account.own(probe)
        is_kept_private = stat.S_IMODE(probe.stat().st_mode) == 0o700
        return is_kept_private and account.run("test", "-w", probe).returncode == 0
    except OSError:
        return False
    finally:
        probe.rmdir()


def make_private(folder: Path, account: Account) -> None:
    """Make a folder for the account alone; raises PostgresUnavailable if others own or enter it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    is_ours = found.st_uid in (account.owner, os.geteuid()) and stat.S_ISDIR(found.st_mode)
    if not is_ours or found.st_mode & 0o077:
        raise PostgresUnavailable(
            say(
                "{folder} is not a folder that only user {user} can enter.",
                folder=folder,
                user=account.name,
            )
        )
    if found.st_uid != account.owner:
        account.own(folder)


def require_entrance(folder: Path, account: Account) -> None:
    """Raises PostgresUnavailable if a folder above is closed to the account."""
    if account.run("test", "-x", folder).returncode != 0:
        raise PostgresUnavailable(
            say(
                "User {user}, who runs the database server, cannot enter {folder}. Open the folders "
                "above it (chmod o+x) or move the project.",
                user=account.name,
                folder=folder,
            )
        )
