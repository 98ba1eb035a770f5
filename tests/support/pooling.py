"""PgBouncer before a server: `python -m tests.support.pooling COMMAND …` runs both for a command.

The command gets SALSA_TEST_SERVER.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import dedent
from typing import Final

from sqlalchemy import make_url

from salsa_ext.database.postgres import folders, programs, provision
from salsa_ext.database.postgres.server import EmbeddedServer
from tests.support.folders import open_folder
from tests.support.source import ROOT

PROGRAM: Final = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
DOCUMENT: Final = (ROOT / "docs/cluster.md").read_text()
SETTINGS: Final = dedent(DOCUMENT.partition("    [pgbouncer]\n")[2].partition("\n\n")[0])
ACT_AS_SERVICE: Final = (
    "DO $$ BEGIN IF session_user = 'salsa_worker' AND current_database() <> 'postgres'"
    " THEN SET ROLE salsa_service; END IF; END $$"
)
"""As `as_service` asks by its URL, of which PgBouncer takes no role."""


@contextmanager
def pooled(server: EmbeddedServer, begin: str = "SELECT", **more: str) -> Iterator[str]:
    """Give the folder of PgBouncer's socket, which is set up as documented but for what is `more`.

    `begin` is a statement for each session of the server.
    """
    assert PROGRAM
    account = programs.choose_os_user(server.status().data)
    with open_folder() as folder:
        account.own(folder)
        users = "".join(
            f'"{name}" "{server.password(role)}"\n' for role, name in provision.ROLE_NAMES.items()
        )
        (folder / "users").write_text(users)
        own = {"listen_addr": "", "unix_socket_dir": folder, "auth_file": folder / "users"}
        own |= {"pidfile": folder / "pid", "logfile": folder / "log", **more}
        lines = [
            "[databases]",
            f"* = host={server.status().sockets} port={folders.PORT} connect_query='{begin}'",
            "[pgbouncer]",
            SETTINGS,
            *(f"{name} = {value}" for name, value in own.items()),
        ]
        (folder / "ini").write_text("\n".join(lines))
        done = account.run(PROGRAM, "-d", folder / "ini")
        assert done.returncode == 0, done.stdout
        try:
            yield str(folder)
        finally:
            os.kill(int((folder / "pid").read_text()), signal.SIGKILL)


def through(url: str, folder: str) -> str:
    """Return a URL of the server that leads through PgBouncer."""
    pooled_url = make_url(url).update_query_dict({"host": folder, "port": "6432"})
    return pooled_url.render_as_string(hide_password=False)


def main(command: list[str]) -> int:
    """Run a command beside a server behind PgBouncer; return its code."""
    with open_folder() as home:
        hba = home / "pg_hba.conf"
        hba.write_text("local all all trust\n")
        settings = {"fsync": "off", "autovacuum": "off", "hba_file": str(hba)}
        begin = ACT_AS_SERVICE.replace("'", "''")
        own = {"auth_type": "trust", "server_idle_timeout": "1"}  # or no database could be copied
        ignored = f"{SETTINGS.rpartition('= ')[2]},role"
        with (
            EmbeddedServer(home, settings=settings) as server,
            pooled(server, begin, **own, ignore_startup_parameters=ignored) as folder,
        ):
            url = through(server.url("superuser", "postgres"), folder).replace("+psycopg2", "")
            environment = os.environ | {"SALSA_TEST_SERVER": url}
            return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
