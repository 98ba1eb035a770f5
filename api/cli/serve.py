"""Serve the application, and do the work behind it."""

from __future__ import annotations

import signal
import threading

import click

from api import jobs
from api.cli.context import explained, require_schema
from api.http import monitoring
from api.http.context import core_app
from api.server import database, process
from api.server import serve as server_serve
from salsa_ext.core.config import Config

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
    """Answer requests until told to end (Ctrl-C or SIGTERM).

    \b
    Example:
      salsa serve --port 8000
    """
    server_serve.require_free_port(host, port)
    with database.running_database(Config.from_env()) as config:
        require_schema(config)
        click.echo(f"Listening on http://{host}:{port}/  (documentation: /docs)")
        server_serve.serve(config, host, port)


@click.command()
@click.option("--once", is_flag=True, help="Do what there is to do, and end.")
@explained
def worker(once: bool) -> None:
    """Match records, deliver envelopes, fold figures, watch shipments and permits; `salsa serve` does it too.

    \b
    Example:
      salsa worker --once
    """
    process.end_with_parent()
    monitoring.start_logging()
    with database.running_database(Config.from_env()) as config:
        require_schema(config)
        if once:
            done = jobs.run_all_once(core_app(config))
            click.echo(", ".join(f"{count} {name}" for name, count in done.items()))
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        jobs.run_worker(config, stop)
