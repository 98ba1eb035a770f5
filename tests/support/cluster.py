"""Three servers of Citus on one machine: `python -m tests.support.cluster COMMAND …` runs one beside them.

PG_BIN names the programs of a PostgreSQL with Citus. The command gets SALSA_TEST_SERVER.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, make_url, pool

from salsa_ext.administration import distribution
from salsa_ext.database.postgres.server import EmbeddedServer
from tests.support.folders import open_folder

SETTINGS: Final = {
    "shared_preload_libraries": "citus",
    "citus.propagate_set_commands": "local",
    "citus.shard_count": "4",
    "citus.max_cached_conns_per_worker": "4",
    "citus.max_adaptive_executor_pool_size": "1",
    "jit": "off",
    "max_prepared_transactions": "100",
    "max_connections": "200",
    "max_worker_processes": "64",
    "wal_level": "logical",
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
}
WORKERS: Final = 2


@contextmanager
def running_cluster() -> Iterator[list[EmbeddedServer]]:
    """Give a coordinator and its workers, which are stopped at the end."""
    with ExitStack() as stack:
        folder = stack.enter_context(open_folder())
        hba = folder / "pg_hba.conf"
        hba.write_text("local all all trust\n")  # only who may enter the folders of the sockets
        nodes = [
            stack.enter_context(
                EmbeddedServer(_made(folder / name), settings=SETTINGS | {"hba_file": str(hba)})
            )
            for name in ("coordinator", *(f"worker{number + 1}" for number in range(WORKERS)))
        ]
        by_host = {str(node.status().sockets): node for node in nodes}
        join_nodes([*by_host], lambda host: by_host[host].admin())
        yield nodes


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def join_nodes(hosts: list[str], connect: Callable[[str], Any]) -> None:
    """Make a cluster of one database of each node; `connect` opens it as superuser by the host."""
    for host in hosts:
        with closing(connect(host)) as admin, admin.cursor() as cursor:
            cursor.execute("CREATE EXTENSION citus")
            cursor.execute("SELECT FROM pg_roles WHERE rolname = 'salsa_service'")
            if cursor.fetchone() is not None:  # so it is no database of administration
                cursor.execute(distribution.OPEN_FUNCTIONS)
                for (function,) in cursor.fetchall():
                    cursor.execute(distribution.CLOSE_FUNCTION.format(function))
    with closing(connect(hosts[0])) as admin, admin.cursor() as cursor:
        cursor.execute("SELECT citus_set_coordinator_host(%s, 5432)", hosts[:1])
        for host in hosts[1:]:
            cursor.execute("SELECT citus_add_node(%s, 5432)", [host])


def end_sessions(connect: Callable[[str], Any], name: str) -> None:
    """End sessions of a database on a node, those of Citus too, and what they left half committed."""
    with closing(connect("postgres")) as admin, admin.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
            [name],
        )
        cursor.execute("SELECT gid FROM pg_prepared_xacts WHERE database = %s", [name])
        left = cursor.fetchall()
    if left:
        with closing(connect(name)) as inside, inside.cursor() as cursor:
            for gid in left:
                cursor.execute("ROLLBACK PREPARED %s", gid)
        end_sessions(connect, name)


REMEMBER: Final = """DO $$ DECLARE name text; BEGIN
CREATE SCHEMA standing;
CREATE TABLE standing.sequences AS SELECT sequencename, last_value FROM pg_sequences;
FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'label' LOOP
    EXECUTE format('CREATE TABLE standing.%1$I AS TABLE public.%1$I', name);
END LOOP; END $$"""
RESTORE: Final = """DO $$
DECLARE name text; columns text; is_filled boolean; is_local boolean; changed boolean; BEGIN
SET LOCAL session_replication_role = replica;
SET LOCAL lock_timeout = '2s';
PERFORM setval(now.sequencename::regclass, coalesce(was.last_value, 1), was.last_value IS NOT NULL)
FROM standing.sequences AS was JOIN pg_sequences AS now USING (sequencename)
WHERE was.last_value IS DISTINCT FROM now.last_value;
FOR name, is_filled, is_local IN SELECT relname, pg_relation_size(oid) > 0, NOT EXISTS (
    SELECT FROM pg_dist_partition WHERE logicalrelid = relname::regclass AND partmethod = 'h')
FROM pg_class WHERE relnamespace = 'standing'::regnamespace AND relname <> 'sequences' LOOP
    CONTINUE WHEN is_local AND NOT is_filled AND pg_relation_size(name::regclass) = 0;
    changed := true;
    IF is_filled THEN
        EXECUTE format('SELECT (SELECT sum(hashtext(t::text)) FROM public.%1$I AS t) IS DISTINCT FROM
            (SELECT sum(hashtext(t::text)) FROM standing.%1$I AS t)', name) INTO changed;
    END IF;
    CONTINUE WHEN NOT changed;
    EXECUTE format('DELETE FROM public.%I', name);
    CONTINUE WHEN NOT is_filled;
    SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
    WHERE attrelid = name::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    EXECUTE format('INSERT INTO public.%1$I (%2$s) OVERRIDING SYSTEM VALUE
        SELECT %2$s FROM standing.%1$I', name, columns);
END LOOP; END $$"""
"""What copies the rows of a database aside, and what gives it the same rows again."""


def distribute(owner_url: str) -> None:
    """Distribute the tables of a database, as its owner."""
    with create_engine(owner_url, poolclass=pool.NullPool).begin() as connection:
        assert distribution.find_problems(connection) == []
        distribution.distribute(connection, distribution.plan_tables(connection))


def main(command: list[str]) -> int:
    """Run a command beside a cluster; return its code."""
    with running_cluster() as nodes:
        url = make_url(nodes[0].url("superuser", "postgres")).set(drivername="postgresql")
        environment = os.environ | {"SALSA_TEST_SERVER": url.render_as_string(hide_password=False)}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
