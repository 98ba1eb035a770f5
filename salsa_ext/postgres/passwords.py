"""The passwords of the server's roles, in a file that only the calling user can read."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Literal

from salsa_ext.errors import say
from salsa_ext.postgres.errors import PostgresUnavailable
from salsa_ext.postgres.files import read_json, write_json

Role = Literal["superuser", "owner", "service"]

NAMES: dict[Role, str] = {
    "superuser": "postgres",
    "owner": "salsa_owner",
    "service": "salsa_service",
}


def read(path: Path) -> dict[str, str]:
    """The passwords by kind of role; raises PostgresUnavailable if some are missing."""
    known = read_json(path)
    if known is None or not set(NAMES) <= set(known):
        raise PostgresUnavailable(
            say(
                "The passwords of the database are not in {path}. Put the file back; without it "
                "nobody can sign in to the database.",
                path=path,
            )
        )
    return known


def make(path: Path) -> None:
    """Write new passwords unless there are some already; raises OSError."""
    if not path.exists():
        write_json(path, {kind: secrets.token_urlsafe(32) for kind in NAMES})
