"""Making the data folder, once, and refusing one that the programs cannot read."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from salsa_ext.errors import say
from salsa_ext.postgres import binaries
from salsa_ext.postgres.accounts import Account
from salsa_ext.postgres.errors import PostgresUnavailable
from salsa_ext.postgres.files import sync_folder, write_private
from salsa_ext.postgres.logs import last_lines

SUPERUSER = "postgres"
UNFINISHED = "data.new-"
PASSWORD = "initdb.password"


def initialise(
    programs: Path, data: Path, account: Account, password: str, *, sync: bool = True
) -> None:
    """Make the data folder whole or not at all; raises PostgresUnavailable.

    What an interrupted attempt left behind is removed first.
    """
    _clear(data.parent)
    # A name of its own: the initdb of a starter that was killed may still be writing.
    fresh = data.with_name(UNFINISHED + secrets.token_hex(4))
    secret = data.with_name(PASSWORD)
    try:
        _hand_over(fresh, secret, account, password)
        _run_initdb(programs, fresh, secret, account, sync=sync)
        fresh.rename(data)
        sync_folder(data.parent)
    finally:
        _clear(data.parent)


def require_version(programs: Path, data: Path) -> None:
    """Raises PostgresUnavailable if the data were made by another major version."""
    ours = binaries.version(programs)
    theirs = (data / "PG_VERSION").read_text().strip()
    if str(binaries.major(ours)) != theirs:
        raise PostgresUnavailable(
            say(
                "The database in {data} belongs to PostgreSQL {theirs}, and the programs in "
                "{programs} are PostgreSQL {ours}. Point PG_BIN at the programs of version {theirs}, "
                "or save the database with them (pg_dump) and restore it into a new one.",
                data=data,
                theirs=theirs,
                programs=programs,
                ours=ours,
            )
        )


def _hand_over(fresh: Path, secret: Path, account: Account, password: str) -> None:
    fresh.mkdir(mode=0o700)
    account.own(fresh)
    write_private(secret, password)
    account.own(secret)


def _run_initdb(programs: Path, fresh: Path, secret: Path, account: Account, *, sync: bool) -> None:
    done = account.run(
        programs / "initdb",
        "-D",
        fresh,
        "-U",
        SUPERUSER,
        "--pwfile",
        secret,
        "--auth",
        "scram-sha-256",
        "--data-checksums",
        "--encoding",
        "UTF8",
        *_locale(binaries.major(binaries.version(programs))),
        *([] if sync else ["--no-sync"]),
    )
    if done.returncode != 0:
        raise PostgresUnavailable(
            say(
                "The database could not be made in {folder}:\n{said}",
                folder=fresh.parent,
                said=last_lines(done.stdout),
            )
        )


def _locale(major: int) -> list[str]:
    # Rules built into the server do not change with the system's C library.
    if major < 17:
        return ["--locale=C"]
    rules = "C.UTF-8" if major == 17 else "PG_UNICODE_FAST"
    return ["--locale=C", "--locale-provider=builtin", f"--builtin-locale={rules}"]


def _clear(folder: Path) -> None:
    (folder / PASSWORD).unlink(missing_ok=True)
    for left in folder.glob(UNFINISHED + "*"):
        shutil.rmtree(left, ignore_errors=True)
