"""What is wrong, in plain words, and what to do about it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

from api.server import database
from salsa_ext.administration import migrations
from salsa_ext.core.config import Config
from salsa_ext.core.errors import SalsaError
from salsa_ext.database.postgres import programs
from salsa_ext.database.postgres.server import EmbeddedServer

ENOUGH = 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` says what to do where it is wrong."""

    what: str
    is_right: bool
    remedy: str = ""


@click.command()
def doctor() -> None:
    """Look at everything that the service needs; exit with 1 where something is wrong.

    \b
    Example:
      salsa doctor
    """
    wrong = 0
    for finding in findings():
        wrong += not finding.is_right
        click.echo(f"{'ok   ' if finding.is_right else 'WRONG'}  {finding.what}")
        if not finding.is_right:
            click.echo(f"       what to do: {finding.remedy}")
    click.echo(f"\n{wrong} to be mended." if wrong else "\nNothing is wrong.")
    raise click.exceptions.Exit(1 if wrong else 0)


def findings() -> Iterator[Finding]:
    """Look at one thing after the other; each names itself, and none changes anything lasting."""
    yield _python()
    try:
        config = Config.from_env()
    except SalsaError as error:
        yield Finding("settings", False, str(error.message))
        return
    yield Finding("settings", True)
    for look in (_home, _space, _server, _schema):
        yield _looked(look, config)


def _looked(look: Callable[[Config], Finding], config: Config) -> Finding:
    try:
        return look(config)
    except SalsaError as error:
        return Finding(look.__name__.strip("_"), False, str(error.message))
    except OSError as error:
        remedy = f"{error.strerror}: let SALSA_HOME name a folder that you may write."
        return Finding(look.__name__.strip("_"), False, remedy)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(f"Python {version}", sys.version_info >= (3, 11), "Use Python 3.11 or newer.")


def _home(config: Config) -> Finding:
    try:
        config.home.mkdir(parents=True, exist_ok=True)
        probe = config.home / ".doctor"
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Finding(
            f"folder {config.home}",
            False,
            f"{error.strerror}: let SALSA_HOME name a folder that you may write.",
        )
    return Finding(f"folder {config.home}", True)


def _space(config: Config) -> Finding:
    free = shutil.disk_usage(config.home).free
    return Finding(f"{free // ENOUGH} GiB free", free > ENOUGH, "Free at least 1 GiB.")


def _server(config: Config) -> Finding:
    if config.database_url is not None:
        return Finding("PostgreSQL as SALSA_DATABASE_URL names it", True)
    folder = programs.find_programs()
    status = EmbeddedServer(config.home).status()
    said = f"running as {status.pid}" if status.running else "not running; commands start it"
    return Finding(f"PostgreSQL {programs.program_version(folder)}, {said}", True)


def _schema(config: Config) -> Finding:
    with database.running_database(config) as started:
        url = started.migration_url or started.database_url or ""
        at, wanted = migrations.schema_revisions(url)
    remedy = "Run salsa db upgrade." if at else "Begin with salsa init or salsa demo."
    return Finding(f"schema at {at or 'nothing'}", at == wanted, remedy)
