"""A check of an exact serial over HTTP, beside a bare view that does the least that it must do."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flask import Flask, jsonify, request
from sqlalchemy import text

from benchmarks import measure
from benchmarks.callers import caller, select_one
from benchmarks.marks import Gun
from salsa_ext.db import db
from salsa_ext.matching import marks
from salsa_ext.readmodels import names
from salsa_ext.readmodels.marks import EXACT
from salsa_ext.services import authentication
from salsa_ext.values.ids import new_id

SAMPLE = 50_000


def run(app: Flask, held: Sequence[Gun], rounds: int, path: Path) -> None:
    """Check marks of those that are held, by one agency that is new, and show."""
    asked = [_body(gun) for gun in held[:SAMPLE]]
    asking = caller(app, "BRA", "police_officer", "police")
    _add_bare_view(app)
    choose = random.Random(1).choice
    ways: dict[str, Callable[[], Any]] = {
        "bare view: key, SELECT, INSERT": lambda: asking.send("POST", "/api/bare", choose(asked)),
        "POST /checks": lambda: asking.post("/checks", choose(asked)),
        "SELECT 1": select_one,
    }
    figures = measure.in_turns(ways, backends, rounds, 100)
    measure.show(f"Check of an exact serial, {len(held):,} marks, in one process", figures, path)


def _body(gun: Gun) -> dict[str, str]:
    named = {"make": gun.make, "calibre": gun.calibre}
    words = {kind: names.labels(kind, "en").get(code, code) for kind, code in named.items()}
    return {"serial": gun.serial, "purpose": "street", "incident": "1"} | words


def _add_bare_view(app: Flask) -> None:
    """Add a view that looks the key up, runs the SELECT, inserts one row and commits."""

    def bare() -> Any:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        key = marks.key(request.get_json()["serial"])
        assert key is not None
        raw = db.engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute("SELECT * FROM salsa_key(%s)", (authentication.digest(token),))
            cursor.fetchone()
            cursor.execute(EXACT, {"keys": [key.value], "asker": "BRA", "most": 61})
            rows = cursor.fetchall()
            cursor.execute("INSERT INTO rollup_delta VALUES (%s, 'bench', 'BRA', '', '', '2020-01-01', 1)",
                           (str(new_id()),))  # fmt: skip
            raw.commit()
        finally:
            raw.close()
        return jsonify([[str(row[0]), row[1], row[2], row[5], row[7]] for row in rows])

    app.view_functions["bare"] = bare
    app.url_map.add(app.url_rule_class("/api/bare", endpoint="bare", methods=["POST"]))


def backends() -> list[int]:
    """Return the ids of the database's processes that serve this one."""
    found = text(
        "SELECT pid FROM pg_stat_activity"
        " WHERE usename = current_user AND datname = current_database()"
    )
    pids = list(db.session.scalars(found))
    db.session.rollback()
    return pids
