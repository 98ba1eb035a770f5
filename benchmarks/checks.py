"""Check of an exact serial over HTTP, compared with a minimal view."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask, jsonify, request

from benchmarks import harness
from benchmarks.harness import make_client, select_one
from benchmarks.marks import Gun
from salsa_ext.access import authentication
from salsa_ext.checks import checks
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import send_rows
from salsa_ext.database.session import db
from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.search.mark_lookup import EXACT_SQL
from salsa_ext.lookups.budgets import Lookups
from salsa_ext.reference import names

SAMPLE_SIZE = 50_000


def run(app: Flask, guns: Sequence[Gun], rounds: int, path: Path) -> None:
    """Check known marks with a new agency and write the figures."""
    bodies = [_body(gun) for gun in guns[:SAMPLE_SIZE]]
    asking = make_client(app, "BRA", "police_officer", "police")
    _add_bare_view(app)
    choose = random.Random(1).choice

    def check_alone() -> None:
        with _without_log_and_budgets():
            asking.post("/checks", choose(bodies))

    ways: dict[str, Callable[[], Any]] = {
        "bare view: key, SELECT, INSERT": lambda: asking.send("POST", "/api/bare", choose(bodies)),
        "POST /checks": lambda: asking.post("/checks", choose(bodies)),
        "without log and budgets": check_alone,
        "SELECT 1": select_one,
    }
    figures = harness.measure_in_turns(ways, harness.database_pids, rounds, 100)
    harness.write_figures(
        f"Check of an exact serial, {len(guns):,} marks, in one process", figures, path
    )


@contextmanager
def _without_log_and_budgets() -> Iterator[None]:
    """Let checks count no look-ups and write their own row alone."""
    names = vars(checks)
    both = {name: names[name] for name in ("open_lookups", "append_with_rows")}
    names["open_lookups"] = lambda *_: Lookups({})
    names["append_with_rows"] = lambda _actor, _events, rows, _count: send_rows(rows)
    try:
        yield
    finally:
        names.update(both)


def _body(gun: Gun) -> dict[str, str]:
    named = {"make": gun.make, "calibre": gun.calibre}
    words = {kind: names.labels(kind, "en").get(code, code) for kind, code in named.items()}
    return {"serial": gun.serial, "purpose": "street", "incident": "1"} | words


def _add_bare_view(app: Flask) -> None:
    """Add a minimal view: key lookup, SELECT, INSERT, commit."""

    def bare() -> Any:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        key = keys.whole_key(request.get_json()["serial"])
        assert key is not None
        raw = db.engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute("SELECT * FROM salsa_api_key(%s)", (authentication.token_digest(token),))
            cursor.fetchone()
            cursor.execute(EXACT_SQL, {"keys": [key.value], "asker": "BRA", "most": 61})
            rows = cursor.fetchall()
            cursor.execute(
                "INSERT INTO sign_in_attempt VALUES (%s, 1, now(), now())", (new_id().bytes,)
            )
            raw.commit()
        finally:
            raw.close()
        return jsonify([[str(row[0]), row[1], row[2], row[5], row[7]] for row in rows])

    app.view_functions["bare"] = bare
    app.url_map.add(app.url_rule_class("/api/bare", endpoint="bare", methods=["POST"]))
