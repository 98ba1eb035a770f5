"""A check of an exact serial over HTTP, beside a bare view that does the least that it must do."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, jsonify, request
from flask.testing import FlaskClient
from sqlalchemy import text

from benchmarks import measure
from benchmarks.marks import Gun
from salsa_ext.db import db, transaction
from salsa_ext.matching import marks
from salsa_ext.policy.rules import operator
from salsa_ext.readmodels import names
from salsa_ext.readmodels.marks import EXACT
from salsa_ext.services import accounts, agencies, authentication, keys
from salsa_ext.services.accounts import AccountData
from salsa_ext.services.agencies import AgencyData
from salsa_ext.services.keys import KeyData
from salsa_ext.values.ids import new_id

SAMPLE = 50_000


@dataclass(frozen=True)
class Caller:
    """A test client with the headers of its key."""

    client: FlaskClient
    headers: dict[str, str]


def run(app: Flask, held: Sequence[Gun], rounds: int, path: Path) -> None:
    """Check marks of those that are held, by one agency that is new, and show."""
    asked = [_body(gun) for gun in held[:SAMPLE]]
    caller = Caller(app.test_client(), {"Authorization": f"Bearer {_key()}"})
    _add_bare_view(app)
    choose = random.Random(1).choice
    ways: dict[str, Callable[[], None]] = {
        "bare view: key, SELECT, INSERT": lambda: _ask(caller, "/api/bare", choose(asked)),
        "POST /checks": lambda: _ask(caller, "/api/v1/checks", choose(asked)),
        "SELECT 1": _select_one,
    }
    figures = measure.in_turns(ways, backends, rounds, 100)
    measure.show(f"Check of an exact serial, {len(held):,} marks, in one process", figures, path)


def _key() -> str:
    actor = operator("BRA")
    with transaction(actor):
        name, police = f"bra.{new_id()}", AgencyData("BRA-POLICE", "police", "Police", "UTC")
        agencies.register_missing(actor=actor, batch=[police])
        accounts.open_account(actor=actor, data=AccountData(name, "police_officer", police.code))
        _, token = keys.issue(actor=actor, data=KeyData(name, "bench", 1))
    return token


def _body(gun: Gun) -> dict[str, str]:
    named = {"make": gun.make, "calibre": gun.calibre}
    words = {kind: names.labels(kind, "en").get(code, code) for kind, code in named.items()}
    return {"serial": gun.serial, "purpose": "street", "incident": "1"} | words


def _ask(caller: Caller, address: str, body: dict[str, str]) -> None:
    answer = caller.client.post(address, json=body, headers=caller.headers)
    assert answer.status_code in (200, 201), answer.get_data(as_text=True)


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


def _select_one() -> None:
    db.session.scalar(text("SELECT 1"))
    db.session.rollback()


def backends() -> list[int]:
    """Return the ids of the database's processes that serve this one."""
    found = text("SELECT pid FROM pg_stat_activity WHERE usename = current_user")
    pids = list(db.session.scalars(found))
    db.session.rollback()
    return pids
