"""Begin an installation, serve it, work behind it, and check what it needs."""

import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import click

from api import jobs
from api.cli.context import Line, explained, own_state_option, require_schema
from api.cli.db import owner_url
from api.http import monitoring
from api.http.context import core_app
from api.server import embedded_database, worker_process
from api.server import serve as server_serve
from salsa_ext.access.rules import operator
from salsa_ext.administration import accounts, agencies, migrations
from salsa_ext.administration.accounts import AccountData
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.administration.content_store import open_store
from salsa_ext.core.actor import NO_VAULT
from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.core.config import Config
from salsa_ext.core.errors import Conflict, SalsaError, Unavailable, message
from salsa_ext.database.postgres import programs
from salsa_ext.database.postgres.backup import BackupFolder, is_followed
from salsa_ext.database.postgres.server import EmbeddedServer
from salsa_ext.database.session import transaction
from salsa_ext.reference.names import require_participant
from salsa_ext.sealed_log.row_comparison import CheckpointFile

host_option = click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen."
)
port_option = click.option(
    "--port", default=8000, show_default=True, envvar="PORT", type=click.IntRange(1, 65535)
)


@click.command()
@host_option
@port_option
@explained
def serve(host: str, port: int) -> None:
    """Answer requests until Ctrl-C or SIGTERM.

    \b
    Example:
      salsa serve --port 8000
    """
    server_serve.require_free_port(host, port)
    with embedded_database.running_database(Config.from_env()) as config:
        require_schema(config)
        jobs.require_worker(config)
        open_store(config, NO_VAULT)
        click.echo(f"Listening on {server_serve.page_address(host, port)}  (documentation: /docs)")
        server_serve.serve(config, host, port)


@click.command()
@click.option("--once", is_flag=True, help="Do what there is to do, and end.")
@click.option("--retry", is_flag=True, help="Try again what was set aside, and end.")
@explained
def worker(once: bool, retry: bool) -> None:
    """Match records, deliver envelopes, count figures, watch shipments and permits; `salsa serve` does it too.

    \b
    Example:
      salsa worker --once
    """
    worker_process.end_with_parent()
    monitoring.start_logging()
    with embedded_database.running_database(Config.from_env()) as config:
        require_schema(config)
        if retry:
            worked, failed = jobs.retry_set_aside(jobs.worker_app(config))
            click.echo(f"{worked + failed} tried again, {failed} failed again.")
            return
        if once:
            done = jobs.run_all_once(jobs.worker_app(config))
            work = ", ".join(f"{count} {name}" for name, count in (+done).items())
            click.echo(work or "Nothing was waiting.")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        jobs.run_worker(config, stop)


@dataclass(frozen=True)
class Opened:
    """An account that was just opened."""

    username: str
    password: str


@click.command()
@own_state_option
@click.option(
    "--zone", default="UTC", show_default=True, type=Line(100), help="IANA zone of the capital."
)
@explained
def init(state: str, zone: str) -> None:
    """Make the database and the first two administrators of a state.

    Two, so that neither can act unseen. Their passwords are shown once.

    \b
    Example:
      salsa init --state PRY --zone America/Asuncion
    """
    with embedded_database.running_database(Config.from_env()) as config:
        migrations.upgrade_schema(owner_url(config))
        with core_app(config).app_context():
            opened = _begin(state, zone)
    click.echo(f"Ready for {state}. Note these passwords; they are not shown again.\n")
    for account in opened:
        click.echo(f"  {account.username:<28} {account.password}")
    click.echo("\nNext: salsa serve, then open http://localhost:8000/")


def _begin(state: str, zone: str) -> list[Opened]:
    actor = operator(state)
    with transaction(actor):
        require_participant(state)
        if accounts.list_accounts(actor, {}, 1, None).items:
            raise Conflict(
                message(
                    "{state} is begun already; salsa account list --state {state} shows its"
                    " accounts.",
                    state=state,
                )
            )
        migrations.declare_real(actor=actor)
        code = f"{state}-ADMINISTRATION"
        agencies.register_agency(actor=actor, data=AgencyData(code, "licensing", code, zone))
        return [_administrator(state, code, number) for number in (1, 2)]


def _administrator(state: str, agency: str, number: int) -> Opened:
    username = f"{state.lower()}.administrator.{number}"
    data = AccountData(username, "state_administrator", agency)
    _, password = accounts.open_account(actor=operator(state), data=data)
    return Opened(username, password)


ENOUGH = 1024**3


@dataclass(frozen=True)
class Finding:
    """One check; `remedy` is what to do if it failed."""

    what: str
    is_right: bool
    remedy: str = ""


@click.command()
def doctor() -> None:
    """Check everything that the service needs; exit with 1 if something is wrong.

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
    """Run all checks; none changes anything lasting."""
    yield _python()
    try:
        config = Config.from_env()
    except SalsaError as error:
        yield Finding("settings", False, str(error.message))
        return
    yield Finding("settings", True)
    checks = (
        _home,
        _space,
        _server,
        _schema,
        _rights,
        _clocks,
        _background,
        _backups,
        _log,
        _store,
    )
    for check in checks:
        yield _run_check(check, config)


def _run_check(check: Callable[[Config], Finding], config: Config) -> Finding:
    try:
        return check(config)
    except SalsaError as error:
        return Finding(check.__name__.strip("_"), False, str(error.message))
    except OSError as error:
        remedy = f"{error.strerror}: let SALSA_HOME name a folder that you may write."
        return Finding(check.__name__.strip("_"), False, remedy)


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
    state = f"running as {status.pid}" if status.running else "not running; commands start it"
    return Finding(f"PostgreSQL {programs.program_version(folder)}, {state}", True)


def _schema(config: Config) -> Finding:
    with embedded_database.running_database(config) as started:
        url = started.migration_url or started.database_url or ""
        at, needed = migrations.schema_revisions(url)
    remedy = "Run salsa db upgrade." if at else "Begin with salsa init or salsa demo."
    return Finding(f"schema at {at or 'nothing'}", at == needed, remedy)


def _rights(config: Config) -> Finding:
    """Check that a query of the service cannot change whose rows it sees."""
    with embedded_database.running_database(config) as started:
        functions = migrations.open_functions(started.database_url or "")
    return Finding(
        f"rights of the service, {len(functions)} functions too many",
        not functions,
        f"As a superuser: REVOKE EXECUTE ON FUNCTION {', '.join(functions)} FROM PUBLIC.",
    )


def _clocks(config: Config) -> Finding:
    """Check the clock, since the database refuses entries of another time than its own."""
    with embedded_database.running_database(config) as started:
        seconds = migrations.clock_difference(started.database_url or "")
    remedy = "Let NTP set the clocks of both machines; from 5 minutes on nothing is recorded."
    return Finding(f"clock {seconds:.0f} s from the database's", seconds < MAX_SKEW, remedy)


MAX_SKEW = 30.0


def _background(config: Config) -> Finding:
    """Check what waits for each job; one line of those with work."""
    with embedded_database.running_database(config) as started:
        app = jobs.worker_app(started)
        statuses = jobs.read_status(app)
    now, waiting = SYSTEM_CLOCK.now(), [job for job in statuses if job.depth or job.set_aside]
    lines = [
        f"{job.code}: {job.depth} for {job.age(now):.0f} s, {job.set_aside} set aside"
        for job in waiting
    ]
    aside = any(job.set_aside for job in waiting)
    is_late = any(job.is_late(now) for job in waiting)
    remedies = ["See that salsa serve or salsa worker runs, and wait."] * is_late
    remedies += ["The log says why; then run salsa worker --retry."] * aside
    return Finding(
        f"background work, {'; '.join(lines) or 'nothing waits'}", not remedies, " ".join(remedies)
    )


BACKUP_AGE = timedelta(days=2)


def _backups(config: Config) -> Finding:
    """Check that real records are backed up, and that what is written is stored meanwhile."""
    with embedded_database.running_database(config) as started:
        url = started.migration_url or started.database_url or ""
        is_real, followed = migrations.is_real(url), is_followed(url)
    last = BackupFolder(config.backups, config.backup_key).last_verified()
    is_recent = last is not None and SYSTEM_CLOCK.now() - last < BACKUP_AGE
    verified = f"{last:%Y-%m-%d %H:%M} UTC" if last else "none"
    remedies = ["Run salsa backup each day."] * (is_real and not is_recent)
    remedies += ["Let salsa backup follow run."] * (is_real and not followed)
    writes = "stored as they are written" if followed else "stored with the next one"
    return Finding(
        f"verified backup: {verified}; writes are {writes}", not remedies, " ".join(remedies)
    )


def _log(config: Config) -> Finding:
    """Check that the database did not go back behind checkpoints of its logs."""
    with embedded_database.running_database(config) as started:
        if started.migration_url is None:
            return Finding("sealed logs, compared only where SALSA_MIGRATION_URL is set", True)
        losses = CheckpointFile(config.backups).losses(started.migration_url)
    return Finding(
        "; ".join(map(str, losses)) or "sealed logs, none went back",
        not losses,
        "If the database was brought back to an earlier time, run salsa audit record-loss.",
    )


def _store(config: Config) -> Finding:
    """Check that the store of files takes, returns and deletes one."""
    store = open_store(config, NO_VAULT)
    if store is None:
        return Finding("attachments in the database, files of imports in SALSA_HOME", True)
    try:
        store.check()
    except Unavailable as error:
        remedy = f"{error.__cause__}. Check SALSA_STORE_URL and its AWS_ settings."
        return Finding(f"store {config.store_url}", False, remedy)
    return Finding(f"store {config.store_url}", True)
