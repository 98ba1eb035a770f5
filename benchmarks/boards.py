"""The board of a post over a history that grows tenfold: the first one of a process, and those after it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from flask import Flask
from sqlalchemy import select

from benchmarks import measure
from benchmarks.callers import Caller, caller, select_one
from benchmarks.checks import backends
from salsa_ext.db import db
from salsa_ext.models import Post

SIDES: Final = 12
"""Of so many posts the boards are read, by both of their sides in turn."""
FIRST: Final = """
import sys, time
from api.app import create_app
from benchmarks.boards import page
from salsa_ext.config import Config
app = create_app(Config.from_env())
with app.app_context():
    began, used = time.perf_counter(), time.process_time()
    page(app.test_client(), sys.argv[1], sys.argv[2])
    print(time.perf_counter() - began, time.process_time() - used)
"""


def run(
    app: Flask, records: int, hold: Callable[[int], None], rounds: int, path: Path
) -> list[Any]:
    """Measure boards over a tenth of the records, then over all of them, and show how they grew."""
    figures, firsts = [], {}
    for count in (records // 10, records):
        hold(count)
        readers = _readers(app)
        firsts[count] = _first(readers[0])
        figures += _figures(readers, count, rounds)
    path.parent.mkdir(parents=True, exist_ok=True)
    measure.show(
        f"Boards of border posts, {records // 10:,} and {records:,} records", figures, path
    )
    few, many = (
        next(one for one in figures if one.name == _name("page", count)) for count in firsts
    )
    grown = (many.cpu_us + many.database_cpu_us) / (few.cpu_us + few.database_cpu_us)
    for count, first in firsts.items():
        print(f"the first board of a new process over {count:,} records: {first[0]:.2f} s, of which"
              f" {first[1]:.2f} s are its processor time")  # fmt: skip
    print(f"a board over ten times the records costs {grown:.2f} times as much, the database's part"
          f" {many.database_cpu_us / few.database_cpu_us:.2f} times")  # fmt: skip
    kept = json.loads(path.read_text())
    path.write_text(json.dumps(kept | {"first_seconds": firsts, "grown": grown}, indent=1))
    return figures


def page(client: Any, token: str, post: str) -> str:
    """Return the page of a board, drawn anew."""
    client.set_cookie("salsa_session", token)
    answer = client.get(f"/posts/{post}/board", headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.get_data(as_text=True))


def _readers(app: Flask) -> list[tuple[Caller, str]]:
    """Return officers with the posts of which their states are a side."""
    posts = db.session.scalars(select(Post).order_by(Post.code).limit(SIDES)).all()
    sides = [(state, post.code) for post in posts for state in (post.state_a, post.state_b)]
    db.session.remove()
    officers = {state: caller(app, state, "border_officer", "border") for state, _ in sides}
    return [(officers[state], code) for state, code in sides]


def _first(reader: tuple[Caller, str]) -> tuple[float, float]:
    """Return the wall and the processor seconds of the first board of a process that has just begun."""
    caller_, post = reader
    url = db.engine.url.render_as_string(hide_password=False)
    made = subprocess.run(  # noqa: S603 - this very program
        [sys.executable, "-c", FIRST, _token(caller_), post], check=True, capture_output=True, text=True,
        env={"SALSA_DATABASE_URL": url.replace("+psycopg2", ""), "SALSA_HOME": str(Path.cwd() / "var")},
    )  # fmt: skip
    wall, used = made.stdout.split()
    return float(wall), float(used)


def _token(reader: Caller) -> str:
    return reader.headers["Authorization"].removeprefix("Bearer ")


def _figures(
    readers: Sequence[tuple[Caller, str]], count: int, rounds: int
) -> list[measure.Figure]:
    """Measure the page and the interface; memory of what was drawn is left out."""
    turn = {"page": 0, "interface": 0}

    def reader(of: str) -> tuple[Caller, str]:
        turn[of] += 1
        return readers[turn[of] % len(readers)]

    def drawn() -> None:
        officer, post = reader("page")
        officer.client.application.testing = True  # draws each time
        page(officer.client, _token(officer), post)

    def given() -> None:
        officer, post = reader("interface")
        officer.get(f"/posts/{post}/board")

    ways = {"SELECT 1": select_one, _name("page", count): drawn, _name("interface", count): given}
    drawn()
    return measure.prepared_in_turns(
        {name: partial(_as_it_is, way) for name, way in ways.items()},
        backends,
        rounds,
        len(readers),
    )


def _as_it_is(way: Callable[[], Any]) -> Callable[[], Any]:
    return way


def _name(way: str, count: int) -> str:
    return f"{way}, {count:,} records"
