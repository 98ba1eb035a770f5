"""`salsa bench`: benchmarks, each measured against a named peer in one run."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy import create_engine

from api import jobs
from api.app import create_app
from api.cli.context import explained
from api.cli.db import owner_url
from api.server import embedded_database
from benchmarks.marks import MarkDatabase, fill_marks, vacuum
from salsa_ext.administration import distribution, migrations
from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.core.config import Config
from salsa_ext.database.postgres.provision import DatabaseRole
from salsa_ext.figures import JOB as COUNT_JOB
from salsa_ext.leads.jobs import JOBS as LEAD_JOBS
from salsa_ext.matches.jobs import MATCH_CRIME, MATCH_TRADE


@click.group()
def bench() -> None:
    """Measure, as ratios in one run on a database of its own."""


def _number(
    flag: str, default: int, least: int, text: str, name: str | None = None
) -> Callable[[Any], Any]:
    """Return an option for a whole number."""
    return click.option(
        flag,
        name or flag.strip("-"),
        default=default,
        show_default=True,
        type=click.IntRange(least),
        help=text,
    )


_FOLDER = click.option(
    "--keep",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where the filled database stays, for the next benchmark of as many marks.",
)


@bench.command()
@_number("--marks", 100_000, 1_000, "How many marks are stored.")
@_number("--rounds", 20, 1, "Rounds of 100 operations each.")
@_FOLDER
@explained
def checks(marks: int, rounds: int, folder: Path | None) -> None:
    """Check an exact serial over HTTP, compared with a bare view.

    \b
    Example:
      salsa bench checks --marks 1000000
    """
    from benchmarks import checks as benchmark

    with _app_with_marks(marks, folder) as (app, _, filled):
        benchmark.run(app, filled.guns, rounds, _result("checks"))


@bench.command()
@_number("--marks", 1_000_000, 1_000, "How many marks are stored.")
@_number("--queries", 2_600, 13, "How many queries; half of them have no true record.")
@click.option(
    "--families",
    type=click.IntRange(1),
    help="So many families for each maker, which fill up, in place of growing ones.",
)
@click.option("--alone", is_flag=True, help="Without the others: in much less memory.")
@_FOLDER
@explained
def search(
    marks: int, queries: int, families: int | None, alone: bool, folder: Path | None
) -> None:
    """Search misread marks, compared with trigrams, distances, a full-text index, an oracle.

    \b
    Example:
      salsa bench search --marks 10000000
    """
    try:
        from benchmarks import search as benchmark
    except ImportError as error:
        raise click.ClickException(
            f"{error}: install what the tests need, it is measured against"
        ) from error

    with _app_with_marks(marks, folder, families) as (_, owner, filled):
        path = _result("search")
        benchmark.run(owner, filled, queries, path, families, is_alone=alone)


@bench.command()
@_number("--marks", 100_000, 1_000, "How many marks are stored.")
@_number("--rounds", 20, 1, "Rounds of ten seizures each.")
@_FOLDER
@explained
def seizures(marks: int, rounds: int, folder: Path | None) -> None:
    """Record and match seizures, compared with bare inserts of the same rows.

    \b
    Example:
      salsa bench seizures --marks 1000000
    """
    from benchmarks import seizures as benchmark

    with _app_with_marks(marks, folder) as (app, owner, filled):
        vacuum(owner, "ANALYZE")
        benchmark.run(app, filled.guns, rounds, 10, _result("seizures"))


@bench.command()
@click.option(
    "--rows",
    "sizes",
    default=[1_000, 10_000, 100_000],
    show_default=True,
    multiple=True,
    type=click.IntRange(20),
    help="Rows of a file; several for files of several sizes, one after the other.",
)
@explained
def imports(sizes: tuple[int, ...]) -> None:
    """Import files of sales, compared with a bare COPY of the same rows.

    \b
    Example:
      salsa bench imports --rows 20000 --rows 20000
    """
    from api.schemas.imports import read_imported
    from benchmarks import imports as benchmark

    with _temporary_app() as (app, owner, home), _second_database() as twin:
        config = replace(Config.from_env(), home=home, worker_url=app.config["WORKER_URL"])
        worker = jobs.worker_app(config)
        benchmark.run(
            owner,
            twin,
            sizes,
            _result("imports"),
            read_imported,
            lambda: jobs.run_to_idle(worker, SYSTEM_CLOCK),
        )


@bench.command()
@_number("--records", 1_000_000, 500, "How many records are stored.")
@_number("--rounds", 20, 1, "Rounds of ten traces each.")
@_FOLDER
@explained
def traces(records: int, rounds: int, folder: Path | None) -> None:
    """Trace guns that every state answers at once, compared with the bare statements.

    \b
    Example:
      salsa bench traces --records 100000
    """
    from benchmarks import traces as benchmark
    from benchmarks import trade_data as trades

    with _temporary_app(folder) as (app, owner, home):
        with click.progressbar(length=records, label="filling") as bar:
            trade = trades.fill_trade(records, bar.update, home / "trades.json", owner)
        worker = replace(Config.from_env(), worker_url=app.config["WORKER_URL"])
        jobs.run_to_idle(jobs.worker_app(worker), SYSTEM_CLOCK, [COUNT_JOB])
        benchmark.run(app, trade, owner, rounds, 10, _result("traces"))


@bench.command()
@click.option(
    "--data",
    required=True,
    metavar="FOLDER",
    help="The register of sales and its cleaned twin.",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@_number("--examples", 4, 0, "Examples of each class.")
@explained
def names(data: Path, examples: int) -> None:
    """Read the makes and calibres of a published register, compared with the right ones.

    \b
    Example:
      salsa bench names --data us_handgun_sales
    """
    from benchmarks import names as benchmark

    with _temporary_app():
        benchmark.run(data, examples)


@bench.command()
@_number(
    "--records", 100_000, 10_000, "How many records are stored; a tenth of them is measured first."
)
@_number("--rounds", 5, 1, "Rounds, over all the boards that are read or all ways of telling.")
@_number(
    "--open",
    0,
    0,
    "How many boards are open and follow changes; none: what a board costs.",
    name="opened",
)
@_number("--seconds", 20, 2, "How long each way of telling is measured in each round.")
@_FOLDER
@explained
def boards(records: int, rounds: int, opened: int, seconds: int, folder: Path | None) -> None:
    """Draw boards over ten times the history, or send changes to many open ones.

    \b
    Examples:
      salsa bench boards --records 1000000
      salsa bench boards --open 500
    """
    from benchmarks.boards import border_data, open_boards
    from benchmarks.boards import cost as benchmark

    @contextmanager
    def filled(count: int) -> Iterator[tuple[Flask, Path]]:
        """Give an application over so many records, each number in a database of its own."""
        with _temporary_app(folder and folder / f"boards-{count}") as (app, owner, home):
            with click.progressbar(length=count, label=f"filling {count:,}") as bar:
                border_data.fill_border(count, bar.update, home / "crossings.json", owner)
            yield app, home

    if opened:
        with filled(records) as (app, home):
            open_boards.run(app, home, opened, rounds, seconds, _result("watchers"))
        return
    measured = {}
    for count in (records // 10, records):
        with filled(count) as (app, _):
            measured[count] = benchmark.measure(app, count, rounds)
    benchmark.write_results(measured, _result("boards"))


@bench.command()
@click.option(
    "--records",
    "sizes",
    default=[100_000, 1_000_000],
    show_default=True,
    multiple=True,
    type=click.IntRange(1_000),
    help="Records; several for databases of several sizes, one after the other.",
)
@_number("--rounds", 10, 1, "Rounds of five readings of each table.")
@explained
def figures(sizes: tuple[int, ...], rounds: int) -> None:
    """Read figures of a state, compared with DuckDB counting the same records.

    \b
    Example:
      salsa bench figures --records 100000 --records 10000000
    """
    try:
        from benchmarks import figures as benchmark
    except ImportError as error:
        raise click.ClickException(
            f"{error}: install what the tests need, it is measured against"
        ) from error

    for size in sizes:
        with _temporary_app() as (app, owner, _):
            benchmark.run(app, owner, size, rounds, _result(f"figures-{size}"))


@bench.command()
@_number(
    "--guns", 100_000, 100, "How many seizures the registers hold; some are measured on the way."
)
@_number("--seed", 1, 0, "Which registers.")
@explained
def registers(guns: int, seed: int) -> None:
    """Match registers of seized guns whose truth is known: how many proposals and leads are right.

    \b
    Example:
      salsa bench registers --guns 10000 --seed 2
    """
    from benchmarks import matching as benchmark

    with _temporary_app() as (app, owner, _):
        worker = jobs.worker_app(replace(Config.from_env(), worker_url=app.config["WORKER_URL"]))

        def match() -> None:
            jobs.run_to_idle(worker, SYSTEM_CLOCK, [COUNT_JOB, MATCH_CRIME, MATCH_TRADE])
            jobs.run_to_idle(worker, SYSTEM_CLOCK, LEAD_JOBS)

        benchmark.run(owner, match, guns, seed, _result(f"registers-{seed}"))


@bench.command()
@_number("--guns", 100_000, 1_000, "How many guns were sold.")
@_number("--traces", 300, 7, "Traces of guns that are recorded, and as many of guns that are not.")
@_number("--queries", 3_000, 7, "Searches of each, to judge what is called strong.")
@explained
def outcomes(guns: int, traces: int, queries: int) -> None:
    """Trace guns that a register has and that none has, and count the false holders.

    \b
    Example:
      salsa bench outcomes --guns 10000
    """
    from benchmarks import outcomes as benchmark

    with _temporary_app() as (app, owner, _):
        benchmark.run(owner, app.config["VAULT"], guns, traces, queries, _result("outcomes"))


@bench.command()
@click.option("--server", required=True, metavar="URL", help="A superuser at the coordinator.")
@_number("--records", 20_000, 500, "How many records each of both has.")
@_number("--rounds", 20, 1, "Turns of each work.")
@explained
def cluster(server: str, records: int, rounds: int) -> None:
    """Do the same work on a cluster of Citus and on one server.

    The roles and tables are made in the database that the URL names.

    \b
    Example:
      salsa bench cluster --server postgresql://postgres@db0/salsa_bench
    """
    from benchmarks import cluster as benchmark
    from benchmarks import trade_data as trades
    from salsa_ext.database.postgres.server import EmbeddedServer

    with ExitStack() as stack:
        app, owner, home = stack.enter_context(_temporary_app())
        embedded = EmbeddedServer(home)
        benchmark.set_durability_of(server, embedded)
        roles: tuple[DatabaseRole, ...] = ("owner", "service", "worker")
        urls = benchmark.provision(server, {role: embedded.password(role) for role in roles})
        migrations.upgrade_schema(urls["owner"])
        with create_engine(urls["owner"]).begin() as connection:
            distribution.distribute(connection, distribution.plan_tables(connection))
        config = replace(Config.from_env(), home=home, database_url=urls["service"])
        apps = {"one server": app, "cluster": create_app(config)}
        empty = benchmark.bytes_by_place(owner)
        for each, (name, app) in zip((owner, urls["owner"]), apps.items(), strict=True):
            with app.app_context(), click.progressbar(length=records, label=name) as bar:
                trades.fill_trade(records, bar.update, home / f"{name}.json", each)
        for place, size in (benchmark.bytes_by_place(owner) - empty).items():
            print(f"bytes of a record, {place}: {size // records:,}")
        benchmark.run(apps, records, rounds, _result("cluster"))


@bench.command()
@_number("--seeds", 14, 0, "How many faults.")
@_number("--first", 0, 0, "First seed.")
@_number(
    "--failovers", 1, 0, "How often the primary is killed, and its synchronous standby promoted."
)
@_number(
    "--automatic",
    0,
    0,
    "How often it is killed behind pg_auto_failover, which has to be installed.",
)
@explained
def faults(seeds: int, first: int, failovers: int, automatic: int) -> None:
    """Kill processes, lose connections and fill the disk amid writes; exit with 1 on a broken promise.

    \b
    Example:
      salsa bench faults --seeds 200
    """
    from benchmarks.faults import acts, automatic_failover, failover
    from benchmarks.faults import seeds as benchmark
    from benchmarks.trade_data import declare_registers

    with ExitStack() as stack:
        with _temporary_app(_temporary_folder(stack)) as (app, owner, folder):
            declare_registers(owner)
            keys = acts.open_accounts(app)
        broken = benchmark.run(app, folder, keys, range(first, first + seeds))
        for number in range(first, first + failovers):  # the promoted one is the next primary
            other = _temporary_folder(stack)
            broken += failover.run(folder, other, keys, number, create_app)
            folder = other
        if automatic:
            three = (folder, _temporary_folder(stack), _temporary_folder(stack))
            broken += automatic_failover.run(three, keys, automatic, create_app)
    if broken:
        raise click.ClickException("\n".join(broken))


@bench.command()
@_number("--rounds", 6, 1, "Turns of each way.")
@explained
def attacks(rounds: int) -> None:
    """Measure what others wait amid attacks; exit with 1 if it is more than twice as long.

    \b
    Example:
      salsa bench attacks --rounds 10
    """
    from benchmarks import attacks as benchmark
    from benchmarks.faults.acts import open_accounts
    from benchmarks.harness import Service, database_urls
    from salsa_ext.database.postgres.server import EmbeddedServer

    with _temporary_app() as (app, _, home):
        urls = database_urls(EmbeddedServer(home))
        service = Service(home, {}, SALSA_PROXIES="1", **urls)
        keys = open_accounts(app)
        try:
            service.start()
            costly = benchmark.run(service, keys, rounds)
        finally:
            service.stop()
    if costly:
        raise click.ClickException("\n".join(costly))


def _result(name: str) -> Path:
    return Config.from_env().home / "bench" / f"{name}.json"


@contextmanager
def _app_with_marks(
    marks: int, folder: Path | None, families: int | None = None
) -> Iterator[tuple[Flask, str, MarkDatabase]]:
    """Give an application whose database holds `marks`, the owner's URL of it, and what it holds."""
    with _temporary_app(folder) as (app, owner, home):
        with click.progressbar(length=marks, label="filling") as bar:
            filled = fill_marks(owner, marks, bar.update, home / "filled.json", families)
        yield app, owner, filled


@contextmanager
def _second_database() -> Iterator[str]:
    """Give the owner's URL of another database, as empty as that of `_temporary_app`."""
    with ExitStack() as stack:
        config = replace(
            Config.from_env(),
            home=_temporary_folder(stack),
            database_url=None,
            worker_url=None,
            migration_url=None,
        )
        with embedded_database.running_database(config) as started:
            migrations.upgrade_schema(owner_url(started))
            yield owner_url(started)


@contextmanager
def _temporary_app(folder: Path | None = None) -> Iterator[tuple[Flask, str, Path]]:
    """Give an application with a database of its own, the owner's URL, and the folder it is in.

    The database is empty, or as an earlier benchmark left it in `folder`.
    """
    config = Config.from_env()
    with ExitStack() as stack:
        home = folder or _temporary_folder(stack)
        config = replace(
            config, home=home.resolve(), database_url=None, worker_url=None, migration_url=None
        )
        started = stack.enter_context(embedded_database.running_database(config))
        migrations.upgrade_schema(owner_url(started))
        app = create_app(started)
        app.config["WORKER_URL"] = started.worker_url  # for services that a benchmark starts
        with app.app_context():
            yield app, owner_url(started), config.home


def _temporary_folder(stack: ExitStack) -> Path:
    """Return a folder that the server's user may enter; it goes with the stack."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="salsa-bench-")))
    folder.chmod(0o755)  # else the data would be in a folder elsewhere, which stays
    return folder.resolve()
