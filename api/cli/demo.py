"""The demo region: made once, then served."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy import make_url

from api import jobs
from api.cli.context import explained
from api.cli.db import owner_url
from api.cli.service import host_option, port_option
from api.http.context import current_vault
from api.jobs import worker_app
from api.server import embedded_database, serve
from salsa_ext.access.rules import operator
from salsa_ext.administration import migrations
from salsa_ext.core.config import Config
from salsa_ext.database.session import transaction
from salsa_ext.demo import accounts, creation

SEED = 7
DEMO = "demo"
PATIENCE = 5
"""Seconds that Ctrl-C waits for requests under way: nobody loses anything by a demo."""


@click.command()
@host_option
@port_option
@click.option("--seed", default=SEED, show_default=True, help="Another seed, another region.")
@click.option("--no-serve", is_flag=True, help="Only make the region.")
@explained
def demo(host: str, port: int, seed: int, no_serve: bool) -> None:
    """Make a region of 34 states with made-up records, and serve it.

    Refuses a database that holds real records. A second start serves what is there; where the
    file of the accounts is missing, they get new passwords and tokens.

    \b
    Example:
      salsa demo --port 8000
    """
    port_lock = nullcontext() if no_serve else serve.reserve_port(host, port)
    with ExitStack() as stack:
        with port_lock:
            config = embedded_database.start_database(Config.from_env(), stack)
            path = config.home / "demo" / "credentials.json"
            with migrations.demo_lock(owner_url(config)):
                migrations.require_demo_database(owner_url(config))
                migrations.upgrade_schema(owner_url(config))
                worker = worker_app(_without_waiting(config))
                with worker.app_context():
                    _make(worker, owner_url(config), seed, f"http://{host}:{port}", path)
        _welcome(host, port, path)
        if not no_serve:
            serve.serve(config, host, port, grace_seconds=PATIENCE)


def _without_waiting(config: Config) -> Config:
    """Return a configuration whose commits do not wait for the disk.

    A region that a crash cuts short is incomplete, and made again.
    """
    jobs.require_worker(config)
    url = make_url(str(config.worker_url))
    options = f"{url.query.get('options', '')} -c synchronous_commit=off"
    changed = url.update_query_dict({"options": options}).render_as_string(hide_password=False)
    return replace(config, worker_url=changed)


def _make(worker: Flask, owner: str, seed: int, base_url: str, path: Path) -> None:
    """Make the region unless it is complete; an unfinished one is made again."""
    current = _current_region()
    if current == (DEMO, True):
        _write_accounts(path, base_url)
        return
    if current == (DEMO, False):
        migrations.clear_schema(owner)
        migrations.upgrade_schema(owner)
    migrations.open_clock(owner)
    today = datetime.now(UTC).date()
    with Bar() as bar:
        creation.create_region(
            current_vault(),
            seed=seed,
            anchor=today,
            progress=bar.show,
            run_jobs=partial(jobs.run_to_idle, worker),
            store_accounts=lambda opened: accounts.write_credentials(path, base_url, opened),
        )


def _write_accounts(path: Path, base_url: str) -> None:
    """Write the region's accounts and its current address to the file.

    Only the file has the keys. If it is lost the accounts are renewed, and not the region
    made again, since someone may have recorded something in it.
    """
    known = accounts.read_credentials(path)
    if known is None or not accounts.has_valid_token(known):
        click.echo(
            f"{path} is missing, or belongs to another region, or its tokens have expired:"
            " all accounts get new passwords and tokens."
        )
        known = accounts.renew_accounts()
    accounts.write_credentials(path, base_url, known)


def _current_region() -> tuple[str, bool] | None:
    with transaction(operator(None)):
        current = migrations.get_installation()
        return (current.kind, current.is_complete) if current else None


class Bar:
    """One progress bar a step; a line a step where nobody watches."""

    def __init__(self) -> None:
        self.step = ""
        self.bar: Any = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def show(self, step: str, done: int, total: int) -> None:
        """Show that `done` of `total` are done in this step."""
        if step != self.step:
            self._end()
            self.step = step
            self.bar = click.progressbar(length=total, label=f"{step:<28}", width=30)
            self.bar.__enter__()
        self.bar.update(done - self.bar.pos)

    def _end(self) -> None:
        if self.bar is not None:
            self.bar.__exit__(None, None, None)


def _welcome(host: str, port: int, path: Path) -> None:
    address = serve.page_address(host, port)
    click.echo(f"""
The demo region is ready.
  Pages          {address}
  Documentation  {address}docs
  Accounts       {path}  (user name, password and token of every role)
  Sign in as     bra.border_officer, and open the board of a post
""")
