"""Configuration of one installation, read once from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from salsa_ext.core.errors import NotConfigured, message

MIB = 1024 * 1024


@dataclass(frozen=True)
class Config:
    """All options of an operator; sizes in bytes, times in seconds.

    `database_url` (service role), `worker_url` (worker role) and `migration_url` (owner role) are
    None when the service runs its own PostgreSQL in `home`. `listen_url` leads past a pooler, to the
    server itself; None where `database_url` does. `master_key_file` is None when the
    master key is stored in `home`.
    `proxies` is 1 behind a proxy, whose X-Forwarded-For then names the sender. The service answers
    to the names in `hosts`; () means any. A session ends after `session_idle` minutes without use,
    a password that another person set after `first_password_days`.
    `origin` is the address of the pages, to which passkeys are bound; `directory_file` describes the
    directory of the state (OpenID Connect).
    Webhooks go to public addresses, and to those in `webhook_networks`.
    Backups of `backup_url` (None: of the own PostgreSQL) go to `backups` for `backup_days` days.
    An uploaded file that nobody loads is deleted after `import_days` days.
    Attachments and uploaded files go to the store of `store_url`; None for database and `home`.
    """

    home: Path
    database_url: str | None = None
    worker_url: str | None = None
    migration_url: str | None = None
    listen_url: str | None = None
    workers: int = 2
    threads: int = 2
    pool_timeout: int = 5
    statement_timeout: int = 30
    max_body: int = 16 * MIB
    secure_cookies: bool = False
    session_idle: int = 120
    first_password_days: int = 7
    origin: str | None = None
    directory_file: Path | None = None
    proxies: int = 0
    hosts: tuple[str, ...] = ()
    webhook_networks: tuple[str, ...] = ()
    master_key_file: Path | None = None
    backup_url: str | None = None
    backup_folder: Path | None = None
    backup_key_file: Path | None = None
    backup_days: int = 30
    import_days: int = 30
    store_url: str | None = None

    @property
    def backups(self) -> Path:
        """Return the folder of the backups."""
        return self.backup_folder or self.home / "backups"

    @property
    def backup_key(self) -> Path:
        """Return the file of the key of the backups."""
        return self.backup_key_file or self.home / "backup.key"

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Config:
        """Read the `SALSA_*` variables, empty ones as unset; raises NotConfigured."""
        return cls(
            home=Path(env.get("SALSA_HOME") or "var").absolute(),
            database_url=_database_url(env, "SALSA_DATABASE_URL"),
            worker_url=_database_url(env, "SALSA_WORKER_URL"),
            migration_url=_database_url(env, "SALSA_MIGRATION_URL"),
            listen_url=_database_url(env, "SALSA_LISTEN_URL"),
            workers=_positive_number(env, "SALSA_WORKERS", cls.workers),
            threads=_positive_number(env, "SALSA_THREADS", cls.threads),
            statement_timeout=_positive_number(
                env, "SALSA_STATEMENT_TIMEOUT", cls.statement_timeout
            ),
            max_body=_positive_number(env, "SALSA_MAX_BODY", cls.max_body),
            secure_cookies=env.get("SALSA_SECURE_COOKIES", "") == "1",
            session_idle=_positive_number(env, "SALSA_SESSION_IDLE", cls.session_idle),
            first_password_days=_positive_number(
                env, "SALSA_FIRST_PASSWORD_DAYS", cls.first_password_days
            ),
            origin=_origin(env),
            directory_file=_file_path(env, "SALSA_DIRECTORY_FILE"),
            proxies=int(env.get("SALSA_PROXIES", "") == "1"),
            hosts=tuple(env.get("SALSA_HOSTS", "").split()),
            webhook_networks=_networks(env, "SALSA_WEBHOOK_NETWORKS"),
            master_key_file=_file_path(env, "SALSA_MASTER_KEY_FILE"),
            backup_url=_database_url(env, "SALSA_BACKUP_URL"),
            backup_folder=_file_path(env, "SALSA_BACKUPS"),
            backup_key_file=_file_path(env, "SALSA_BACKUP_KEY_FILE"),
            backup_days=_positive_number(env, "SALSA_BACKUP_DAYS", cls.backup_days),
            import_days=_positive_number(env, "SALSA_IMPORT_DAYS", cls.import_days),
            store_url=env.get("SALSA_STORE_URL") or None,
        )


def _database_url(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name)
    if not value:
        return None
    if not value.startswith(("postgresql://", "postgresql+psycopg2://")):
        raise NotConfigured(message("{name} must begin with postgresql://.", name=name))
    try:
        make_url(value)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise NotConfigured(
            message(
                "{name} is no address of a database; one is written"
                " postgresql://name:password@host:5432/database.",
                name=name,
            )
        ) from None
    return value.replace("postgresql://", "postgresql+psycopg2://", 1)


def _origin(env: Mapping[str, str]) -> str | None:
    origin = env.get("SALSA_ORIGIN")
    if origin and not re.fullmatch(r"https://[a-z0-9.-]+(:\d+)?|http://localhost(:\d+)?", origin):
        raise NotConfigured(
            message(
                "SALSA_ORIGIN is the address of the pages without a path, such as"
                " https://salsa.example."
            )
        )
    return origin or None


def _networks(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    networks = env.get(name, "").split()
    try:
        return tuple(str(ip_network(each)) for each in networks)
    except ValueError:
        text = message("{name} has ranges of addresses, such as 10.1.0.0/16.", name=name)
        raise NotConfigured(text) from None


def _file_path(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]).absolute() if env.get(name) else None


def _positive_number(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name) or str(default)
    if not value.isdigit() or int(value) < 1:
        raise NotConfigured(message("{name} must be a whole number above zero.", name=name))
    return int(value)
