"""Back up the database, and restore it as it was at a time."""

import logging
import shutil
import signal
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import click
from sqlalchemy import make_url

from api import jobs
from api.cli.context import explained, require_schema
from api.cli.db import owner_url
from api.cli.printing import echo_table
from api.http import monitoring
from api.http.context import current_vault
from api.server import embedded_database
from api.server.embedded_database import DATABASE_NAME
from salsa_ext.access.rules import operator
from salsa_ext.administration import migrations
from salsa_ext.background import JOBS
from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.core.config import Config
from salsa_ext.core.errors import NotConfigured, message
from salsa_ext.database.postgres import restore as restoring
from salsa_ext.database.postgres.backup import Backup, BackupFolder, count_rows
from salsa_ext.database.postgres.server import EmbeddedServer
from salsa_ext.database.session import NO_STATE, transaction
from salsa_ext.sealed_log import row_comparison as sealed_losses
from salsa_ext.sealed_log.row_comparison import CheckpointFile, Loss

MIB = 1024 * 1024
log = logging.getLogger("salsa.backup")


@click.group(invoke_without_command=True)
@click.pass_context
@explained
def backup(context: click.Context) -> None:
    """Take a base backup, encrypted, restore a copy to verify it, and remove old ones.

    \b
    Examples:
      salsa backup
      salsa backup follow
      salsa backup list
    """
    if context.invoked_subcommand is None:
        with embedded_database.running_database(Config.from_env()) as config:
            require_schema(config)
            base, rows = take_verified(config)
            pruned = open_folder(config).prune(config.backup_days)
        verified = f"restored and compared, {rows:,} audit entries" if rows else "not verified"
        click.echo(f"{base.path}: {base.size / MIB:,.1f} MiB, {verified}. {pruned} old removed.")
        if config.store_url:
            click.echo(f"The files in {config.store_url} are not in it: back them up as well.")


def take_verified(config: Config) -> tuple[Backup, int]:
    """Take a base backup and verify it; return it and its audit entries, 0 without a secret key.

    Raises PostgresUnavailable if the backup fails, or restores to something else.
    """
    folder, owner = open_folder(config), owner_url(config)
    least = count_rows(owner)
    passwords = config.home / "postgres" / "secrets.json"
    base = folder.create(backup_url(config), passwords if passwords.exists() else None)
    most = count_rows(owner)
    CheckpointFile(folder.folder).update(owner)
    if not folder.key.identities:
        return base, 0
    expected = {table: range(least[table], most[table] + 1) for table in least}
    database = make_url(owner).database or DATABASE_NAME
    return base, restoring.verify(folder, base, config.home, database, expected)["audit_entry"]


def open_folder(config: Config) -> BackupFolder:
    """Return the backups of an installation."""
    return BackupFolder(config.backups, config.backup_key)


def backup_url(config: Config) -> str:
    """Return the URL of a role that may copy the server; raises NotConfigured."""
    if config.backup_url is not None:
        return config.backup_url
    if Config.from_env().database_url is not None:
        raise NotConfigured(
            message(
                "SALSA_BACKUP_URL names the role that copies the server, with REPLICATION. Set it with"
                " SALSA_DATABASE_URL."
            )
        )
    return EmbeddedServer(config.home).url("superuser", "postgres")


@backup.command("follow")
@click.option(
    "--every", default=10.0, show_default=True, type=click.FloatRange(0.1), help="Seconds between."
)
@explained
def follow(every: float) -> None:
    """Store what is written as it is written, encrypted, until Ctrl-C or SIGTERM.

    \b
    Example:
      salsa backup follow
    """
    monitoring.start_logging()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with embedded_database.running_database(Config.from_env()) as config:
        require_schema(config)
        folder, owner = open_folder(config), owner_url(config)
        checkpoints = CheckpointFile(folder.folder)

        def store_checkpoints() -> None:
            for loss in checkpoints.update(owner):
                log.error("%s", loss)

        folder.follow(backup_url(config), config.home / "wal", stop, every, store_checkpoints)


@backup.command("list")
@explained
def list_backups() -> None:
    """List the base backups, oldest first, and say up to when the log of writes is stored.

    \b
    Example:
      salsa backup list
    """
    folder = open_folder(Config.from_env())
    echo_table(
        (
            each.path.name,
            f"{each.ended_at:%Y-%m-%d %H:%M:%S}",
            f"{each.size / MIB:,.1f} MiB",
            f"verified {each.verified_at:%Y-%m-%d %H:%M}" if each.verified_at else "not verified",
        )
        for each in folder.list()
    )
    last = folder.last_write()
    click.echo(f"Writes are stored up to {last:%Y-%m-%d %H:%M:%S} UTC." if last else "No writes.")


@click.command()
@click.option(
    "--to",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M"]),
    help="In UTC; left out, all that is stored.",
)
@click.option("--without-master-key", "keyless", is_flag=True, help="It is lost, or never was.")
@click.option(
    "--replay/--no-replay", default=True, help="With what was written after the base backup."
)
@explained
def restore(to: datetime | None, keyless: bool, replay: bool) -> None:
    """Restore the database into a SALSA_HOME without one; say which acts are missing, and record it.

    \b
    Example:
      salsa restore --to 2026-03-09T14:30:00
    """
    config = Config.from_env()
    if config.database_url is not None:
        raise NotConfigured(
            message(
                "SALSA_DATABASE_URL names a server of yours. Leave it out to restore into SALSA_HOME,"
                " or see docs/operating.md."
            )
        )
    master_key = config.master_key_file or config.home / "master.key"
    if not keyless and not master_key.exists():
        raise NotConfigured(
            message(
                "The master key is not in {path}. Put your copy there, or give --without-master-key.",
                path=master_key,
            )
        )
    to = to.replace(tzinfo=UTC) if to else None
    folder, spool = open_folder(config), config.home / "wal"
    if spool.exists():
        folder.store_wal(spool)
    chosen = folder.choose(to)
    restoring.restore(folder, chosen, config.home, to, replay=replay).stop()
    for path in spool.glob("*"):  # of the database as it was; its log goes on differently
        path.unlink()
    click.echo(f"Restored from {chosen.path.name}.")
    record_losses([])
    click.echo("Next: salsa backup, then salsa serve and salsa backup follow.")


@explained
def record_losses(notes: Sequence[str]) -> None:
    """Compare the logs with checkpoints, record what is missing in the audits, and print it."""
    with embedded_database.running_database(Config.from_env()) as config:
        require_schema(config)
        entries = count_rows(owner_url(config))["audit_entry"]
        losses = _record_losses(config, notes)
    click.echo(f"The database has {entries:,} audit entries.")
    click.echo("\n".join(map(str, losses)) or "No act is missing that a checkpoint knows of.")


def _record_losses(config: Config, notes: Sequence[str]) -> list[Loss]:
    checkpoints, owner = CheckpointFile(config.backups), owner_url(config)
    seal(config)
    losses = [*checkpoints.losses(owner), *sealed_losses.find_losses(owner, notes)]
    worst = {loss.state: loss for loss in sorted(losses, key=lambda loss: loss.sealed)}
    app = jobs.worker_app(config)
    with app.app_context():
        for state, loss in worst.items():
            actor = operator(None if state == NO_STATE else state, vault=current_vault())
            with transaction(actor):
                sealed_losses.record_loss(actor, loss)
    seal(config)
    checkpoints.begin_anew(owner)
    return [*worst.values()]


def seal(config: Config) -> None:
    """Seal the audit entries that wait."""
    sealing = [job for job in JOBS if job.code == "sealing"]
    jobs.run_to_idle(jobs.worker_app(config), SYSTEM_CLOCK, sealing)


@click.command()
@explained
def upgrade() -> None:
    """Bring a stopped installation to this version: back up, migrate all or nothing.

    \b
    Example:
      salsa upgrade
    """
    with embedded_database.running_database(Config.from_env()) as config:
        owner = owner_url(config)
        before, _ = migrations.schema_revisions(owner)
        if before is None:
            raise NotConfigured(
                message("The database is empty. Begin with salsa init or salsa demo.")
            )
        migrations.require_quiet(owner, shutil.disk_usage(config.home).free)
        base, rows = take_verified(config)
        click.echo(f"{base.path}: {'restored and compared' if rows else 'not verified'}.")
        try:
            migrations.upgrade_schema(owner)
        except Exception as error:
            reason = str(error).splitlines()[0]
            raise click.ClickException(
                f"The database is as before, at {before}: all was rolled back. {reason}"
            ) from error
        click.echo(f"The schema is at {migrations.required_revision()}, and was at {before}.")
