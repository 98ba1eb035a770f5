"""Boards of posts over a history that grows tenfold."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from flask import Flask
from sqlalchemy import select

from benchmarks import harness
from benchmarks.harness import Client, database_pids, make_client, select_one
from salsa_ext.database.session import db
from salsa_ext.reference.models import Post

POST_COUNT: Final = 12
"""Of so many posts the boards are read, by both of their sides in turn."""
FIRST_BOARD_SCRIPT: Final = """
import sys, time
from api.app import create_app
from benchmarks.boards.cost import read_page
from salsa_ext.core.config import Config
app = create_app(Config.from_env())
with app.app_context():
    began, used = time.perf_counter(), time.process_time()
    read_page(app.test_client(), sys.argv[1], sys.argv[2])
    print(time.perf_counter() - began, time.process_time() - used)
"""


def measure(app: Flask, records: int, rounds: int) -> tuple[list[harness.Figure], Any]:
    """Return the figures of boards over so many records, and seconds of a process's first board."""
    readers = board_readers(app)
    return _figures(readers, records, rounds), _time_first_board(readers[0])


def write_results(
    measured: Mapping[int, tuple[list[harness.Figure], tuple[float, float]]], path: Path
) -> None:
    """Print and write the figures by number of records: few, and ten times as many."""
    figures = [figure for figures, _ in measured.values() for figure in figures]
    path.parent.mkdir(parents=True, exist_ok=True)
    counts = " and ".join(f"{count:,}" for count in measured)
    harness.write_figures(f"Boards of border posts, {counts} records", figures, path)
    few, many = (
        next(figure for figure in figures if figure.name == _figure_name("page", count))
        for count in measured
    )
    grown = (many.cpu_us + many.database_cpu_us) / (few.cpu_us + few.database_cpu_us)
    firsts = {count: first for count, (_, first) in measured.items()}
    for count, (wall, used) in firsts.items():
        print(
            f"the first board of a new process over {count:,} records: {wall:.2f} s, of which"
            f" {used:.2f} s are its processor time"
        )
    print(
        f"a board over ten times the records costs {grown:.2f} times as much, the database's part"
        f" {many.database_cpu_us / few.database_cpu_us:.2f} times"
    )
    stored = json.loads(path.read_text())
    path.write_text(json.dumps(stored | {"first_seconds": firsts, "grown": grown}, indent=1))


def read_page(client: Any, token: str, post: str) -> str:
    """Return the page of a board."""
    client.set_cookie("salsa_session", token)
    answer = client.get(f"/posts/{post}/board", headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.get_data(as_text=True))


def board_readers(app: Flask) -> list[tuple[Client, str]]:
    """Return officers and their posts."""
    posts = db.session.scalars(
        select(Post).where(Post.state_b.is_not(None)).order_by(Post.code).limit(POST_COUNT)
    ).all()
    sides = [(state, post.code) for post in posts for state in (post.state_a, post.state_b)]
    db.session.remove()
    officers = {state: make_client(app, state, "border_officer", "border") for state, _ in sides}
    return [(officers[state], code) for state, code in sides]


def _time_first_board(reader: tuple[Client, str]) -> tuple[float, float]:
    """Return wall and processor seconds of a new process's first board."""
    caller_, post = reader
    url = db.engine.url.render_as_string(hide_password=False)
    process = subprocess.run(  # noqa: S603 - this very program
        [sys.executable, "-c", FIRST_BOARD_SCRIPT, caller_.session, post],
        check=True,
        capture_output=True,
        text=True,
        env={
            "SALSA_DATABASE_URL": url.replace("+psycopg2", ""),
            "SALSA_HOME": str(Path.cwd() / "var"),
        },
    )
    wall, used = process.stdout.split()
    return float(wall), float(used)


def _figures(
    readers: Sequence[tuple[Client, str]], count: int, rounds: int
) -> list[harness.Figure]:
    """Measure page and API."""
    turn = {"page": 0, "interface": 0}

    def reader(state: str) -> tuple[Client, str]:
        turn[state] += 1
        return readers[turn[state] % len(readers)]

    def drawn() -> None:
        officer, post = reader("page")
        read_page(officer.client, officer.session, post)

    def given() -> None:
        officer, post = reader("interface")
        officer.get(f"/posts/{post}/board")

    ways = {
        "SELECT 1": select_one,
        _figure_name("page", count): drawn,
        _figure_name("interface", count): given,
    }
    drawn()
    return harness.measure_prepared(
        {name: partial(lambda way: way, way) for name, way in ways.items()},
        database_pids,
        rounds,
        len(readers),
    )


def _figure_name(way: str, count: int) -> str:
    return f"{way}, {count:,} records"
