"""Trace that is sent to every state, compared with its bare statements; answers come after it."""

import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from flask import Flask

from benchmarks import harness, replayed_statements
from benchmarks.harness import Client, database_pids, make_client, select_one
from benchmarks.marks import Gun, vacuum
from benchmarks.trade_data import TradeData, describe_gun
from salsa_ext.access.rules import service
from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.core.ids import new_id
from salsa_ext.exchange import processing

ASKING_STATE: Final = "URY"
"""The state that traces; it has part in no way."""
WARM_UP_TRACES: Final = 100
"""How many guns are traced before anything is measured."""


@dataclass(frozen=True)
class Tracer:
    """Client of the tracing state, and its guns in turn."""

    caller: Client
    guns: Iterator[tuple[Gun, tuple[str, ...]]]

    def trace(self) -> dict[str, Any]:
        """Trace the next gun over HTTP."""
        gun, _ = next(self.guns)
        answer = self.caller.post("/traces", _trace_body(gun))
        assert answer["status"] == "sent", answer["status"]
        return answer


def run(
    app: Flask, trade: TradeData, owner_url: str, rounds: int, each: int, path: Path
) -> list[harness.Figure]:
    """Trace guns with complete chains and write the figures."""
    guns = list(trade.traced)
    random.Random(5).shuffle(guns)
    asking = Tracer(make_client(app, ASKING_STATE, "trace_analyst", "police"), cycle(guns))
    _check_chains(asking, app)
    _warm_up(asking, owner_url)
    capture = partial(_capture_trace, asking)
    ways: dict[str, harness.Prepared] = {
        "bare SELECTs and INSERTs": lambda: _bare_operation(capture()),
        "bare SELECTs": lambda: partial(_run_selects, capture()),
        "POST /traces": lambda: asking.trace,
        "SELECT 1": lambda: select_one,
    }
    figures = harness.measure_prepared(ways, database_pids, rounds, each)
    replayed_statements.make_twins(owner_url, _capture_way(asking, app).writes)
    whole: dict[str, harness.Prepared] = {
        "bare, to the last answer": lambda: _bare_way(_capture_way(asking, app)),
        "trace to its last answer": lambda: partial(_trace_to_the_end, asking, app),
    }
    figures += harness.measure_prepared(whole, database_pids, rounds, each)
    about = f"{trade.records:,} records, {len(guns):,} guns with their whole way"
    harness.write_figures(f"Trace that is sent, {about}", figures, path)
    print(_statement_counts(capture()))
    return figures


def _check_chains(asking: Tracer, app: Flask) -> None:
    """Trace one gun of each route and check its chain."""
    routes: set[tuple[str, ...]] = set()
    while len(routes) < 2:
        gun, way = next(asking.guns)
        if way not in routes:
            routes.add(way)
            trace = asking.caller.post("/traces", _trace_body(gun))
            _deliver(app, {ASKING_STATE, *way})
            result = asking.caller.get(f"/traces/{trace['id']}/result")
            events = [event["event"] for event in result["chain"]]
            moves = ["export", "import"] * (1 if "ARG" in way else 2)
            assert events == ["manufacture", *moves, "domestic_sale", "domestic_sale"], events


def _trace_to_the_end(asking: Tracer, app: Flask) -> None:
    """Trace the next gun, and deliver until every state answered."""
    trace = asking.trace()
    _deliver(app, {ASKING_STATE, *(leg["state"] for leg in trace["legs"])})
    legs = asking.caller.get(f"/traces/{trace['id']}")["legs"]
    assert {leg["status"] for leg in legs} <= {"answered", "no_record"}, legs


def _capture_way(asking: Tracer, app: Flask) -> replayed_statements.CapturedStatements:
    """Return the statements of the next trace and of all its answers."""
    with replayed_statements.record_statements(ASKING_STATE) as captured:
        _trace_to_the_end(asking, app)
    return captured


def _bare_way(captured: replayed_statements.CapturedStatements) -> Callable[[], None]:
    """Return the search, and the INSERTs of all states into twins of the tables."""
    inserts = captured.inserts()

    def bare() -> None:
        with replayed_statements.open_cursor() as cursor:
            _search(cursor, captured)
            cursor.execute(f"SET LOCAL search_path = {replayed_statements.TWINS}, public")
            replayed_statements.execute_statements(cursor, inserts)

    return bare


def _deliver(app: Flask, states: Collection[str]) -> None:
    """Deliver and apply what the states say to each other."""
    with app.app_context():
        actors = [service(state, SYSTEM_CLOCK, app.config["VAULT"]) for state in sorted(states)]
        while sum(processing.run_steps(actor=actor) for actor in actors):
            pass


def _warm_up(asking: Tracer, owner_url: str) -> None:
    """Trace some guns, then update the planner's statistics."""
    for _ in range(WARM_UP_TRACES):
        asking.trace()
    vacuum(owner_url)


def _trace_body(gun: Gun) -> dict[str, Any]:
    description = describe_gun(gun)
    names = ("type", "make", "serial", "calibre", "country_of_manufacture", "marking")
    found_on = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    return {
        "firearm": {"line": 1} | {name: getattr(description, name) for name in names},
        "found_on": found_on,
        "case_number": f"C-{new_id()}",
        "priority": "routine",
        "legal_basis": "Law 1",
        "illicit_reason": "used_in_crime",
        "circumstances": "Found in a vehicle",
        "intended_use": "intelligence",
    }


def _run_selects(captured: replayed_statements.CapturedStatements) -> None:
    with replayed_statements.open_cursor() as cursor:
        _search(cursor, captured)


def _search(cursor: Any, captured: replayed_statements.CapturedStatements) -> None:
    """Run the search statement, and read what it finds."""
    replayed_statements.execute_statements(cursor, captured.searches[:1])
    assert cursor.fetchall()


def _capture_trace(asking: Tracer) -> replayed_statements.CapturedStatements:
    """Return the statements of the next trace, rolled back."""
    gun, _ = next(asking.guns)
    with replayed_statements.capture_statements(ASKING_STATE) as captured:
        asking.caller.post("/traces", _trace_body(gun))
    return captured


def _bare_operation(captured: replayed_statements.CapturedStatements) -> harness.Operation:
    inserts, others = captured.inserts(), captured.others()

    def bare() -> None:
        with replayed_statements.open_cursor() as cursor:
            _search(cursor, captured)
            replayed_statements.execute_statements(cursor, inserts)

    return harness.Operation(bare, lambda: replayed_statements.run_statements(others))


def _statement_counts(captured: replayed_statements.CapturedStatements) -> str:
    return (
        f"a trace asks {len(captured.asked)} statements, of which {len(captured.writes)} write;"
        f" barely {len(captured.inserts())} INSERTs hold its rows"
    )
