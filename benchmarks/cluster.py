"""The same work on a cluster of Citus and on one server, in turns of one run."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any, Final

import psycopg2
from flask import Flask
from sqlalchemy import NullPool, create_engine, make_url, text

from benchmarks.boards.cost import board_readers
from benchmarks.harness import make_client
from benchmarks.marks import CORRUPTIONS, SEED, Gun, make_guns
from benchmarks.seizures import seizure_body
from benchmarks.trade_data import describe_gun
from salsa_ext.access.rules import operator
from salsa_ext.administration.distribution import (
    CLOSE_FUNCTION,
    DISTRIBUTED,
    OPEN_FUNCTIONS,
    PLACEMENTS,
)
from salsa_ext.database.postgres.provision import provision_database
from salsa_ext.database.session import db, transaction
from salsa_ext.documents import transfers
from salsa_ext.documents.values import TransferData

NODES: Final = "SELECT nodename FROM pg_dist_node ORDER BY groupid"
ON_THIS_NODE: Final = "-c citus.enable_ddl_propagation=off"
SIZES: Final = """SELECT relname = ANY(:moved), sum(pg_total_relation_size(oid))::bigint FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace GROUP BY 1"""
DURABILITY: Final = ("fsync", "full_page_writes", "synchronous_commit")
IMPORTED: Final = 500
"""Sales that are imported at once."""
Work = Mapping[str, Callable[[], Any]]


def provision(coordinator: str, passwords: Mapping[str, str]) -> dict[str, str]:
    """Make the roles in a database of each node of a cluster; return their URLs."""
    url = make_url(coordinator).set(drivername="postgresql")
    for host in _ask(coordinator, NODES):
        node = url.update_query_dict({"host": host, "options": ON_THIS_NODE})
        address = node.render_as_string(hide_password=False).replace("-c+", "-c%20")
        with closing(psycopg2.connect(address)) as admin, admin.cursor() as cursor:
            admin.autocommit = True
            named = {f"{role}_password": passwords[role] for role in passwords}
            provision_database(admin, database=str(url.database), **named)
            cursor.execute(OPEN_FUNCTIONS)
            for (function,) in cursor.fetchall():
                cursor.execute(CLOSE_FUNCTION.format(function))
    return {
        role: url.set(
            drivername="postgresql+psycopg2", username=f"salsa_{role}", password=password
        ).render_as_string(hide_password=False)
        for role, password in passwords.items()
    }


def set_durability_of(coordinator: str, one: Any) -> None:
    """Let one server write to the disk as carefully as the coordinator does."""
    with closing(one.admin()) as admin, admin.cursor() as cursor:
        for name in DURABILITY:
            [value] = _ask(coordinator, f"SHOW {name}")
            cursor.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        cursor.execute("SELECT pg_reload_conf()")


def bytes_by_place(owner_url: str) -> Counter[str]:
    """Return the bytes of tables that a cluster moves to workers, and of all others."""
    moved = [name for name, (kind, *_) in PLACEMENTS.items() if kind == DISTRIBUTED]
    engine = create_engine(owner_url, poolclass=NullPool)
    with engine.connect() as connection:
        sizes = connection.execute(text(SIZES), {"moved": moved}).tuples()
        return Counter({"workers" if is_moved else "coordinator": size for is_moved, size in sizes})


def _ask(url: str, query: str) -> list[str]:
    with closing(psycopg2.connect(url)) as opened, opened.cursor() as cursor:
        cursor.execute(query)
        return [value for (value,) in cursor.fetchall()]


def run(apps: Mapping[str, Flask], known: int, rounds: int, path: Path) -> None:
    """Do each work on each application in turns, over so many known guns, and write the medians."""
    guns = make_guns(known, random.Random(SEED))
    works = {}
    for name, app in apps.items():
        with app.app_context():
            works[name] = _work(app, guns)
    spent: dict[tuple[str, str], list[float]] = {}
    for turn in range(rounds + 1):
        for name, app in apps.items():
            for kind, work in works[name].items():
                with app.app_context():
                    began = time.perf_counter()
                    work()
                    if turn:  # the first loads what a process loads once
                        spent.setdefault((kind, name), []).append(time.perf_counter() - began)
    first, second = apps
    print(f"{'median ms':<26}{first:>12}{second:>12}{'ratio':>8}")
    rows = {}
    for kind in works[first]:
        one, many = (median(spent[kind, name]) * 1_000 for name in apps)
        rows[kind] = {first: round(one, 1), second: round(many, 1), "ratio": round(many / one, 2)}
        print(f"{kind:<26}{one:>12.1f}{many:>12.1f}{many / one:>8.2f}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=1))


def _work(app: Flask, guns: Sequence[Gun]) -> Work:
    """Return what an officer, an importer and a board do, by its name."""
    draw = random.Random(SEED + 1)
    police = make_client(app, "BRA", "police_officer", "police")
    border, post = board_readers(app)[0]
    new = iter(make_guns(200_000, random.Random(SEED + 2)))
    misread = CORRUPTIONS["substitution"]

    def check(gun: Gun, **more: Any) -> None:
        police.post("/checks", {"serial": gun.serial, "purpose": "street", "incident": "1"} | more)

    def search() -> None:
        gun = draw.choice(guns)
        check(gun._replace(serial=misread(gun.serial, draw) or gun.serial), near=True)

    return {
        "check": lambda: check(draw.choice(guns)),
        "search of a misread mark": search,
        "seizure": lambda: police.post("/seizures", seizure_body(draw.choice(guns))),
        f"import of {IMPORTED} sales": lambda: _import_sales([*_some(new, draw)]),
        "board": lambda: border.get(f"/posts/{post}/board"),
        "figures": lambda: police.get("/statistics/seizures?state=BRA&by=class&grain=year"),
    }


def _some(guns: Iterator[Gun], draw: random.Random) -> Iterator[TransferData]:
    for _, gun in zip(range(IMPORTED), guns, strict=False):
        day = operator("BRA").now().date().replace(day=1, year=draw.randint(2010, 2025))
        yield TransferData(day, kind="domestic_sale", firearm=describe_gun(gun))


def _import_sales(sales: Sequence[TransferData]) -> None:
    actor = operator("BRA")
    with transaction(actor):
        transfers.record_many(actor=actor, batch=sales)
    db.session.remove()
