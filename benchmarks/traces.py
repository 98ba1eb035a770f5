"""Trace answered by every state, compared with its bare statements."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
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
from salsa_ext.core.ids import new_id
from salsa_ext.firearms.marks import keys

ASKING_STATE: Final = "URY"
"""The state that traces; it has part in no way."""
WARM_UP_TRACES: Final = 100
"""How many guns are traced before anything is measured."""
RECORDS: Final = (
    "SELECT r.*, s.visibility, s.handling FROM record r JOIN record_setting s ON s.record_id = r.id"
    " WHERE r.id = ANY(%s::uuid[])"
)
MARKS: Final = "SELECT * FROM mark WHERE record_id = ANY(%s::uuid[])"
PARTIES: Final = "SELECT id, kind, country FROM party WHERE id = ANY(%s::uuid[])"
DOCUMENTS: Final = {
    "transfer": "SELECT id, number FROM transfer WHERE id = ANY(%s::uuid[])",
    "shipment": "SELECT id, number, status FROM shipment WHERE id = ANY(%s::uuid[])",
    "receipt": "SELECT r.id, s.number FROM receipt r JOIN shipment s ON s.id = r.shipment_id"
    " WHERE r.id = ANY(%s::uuid[])",
}
"""What an answer says of each record: it, its marks, who gave and received, and the document's number."""


@dataclass(frozen=True)
class Tracer:
    """Client of the tracing state, and its guns in turn."""

    caller: Client
    guns: Iterator[tuple[Gun, tuple[str, ...]]]

    def trace(self) -> dict[str, Any]:
        """Trace the next gun over HTTP, until every state has answered."""
        gun, _ = next(self.guns)
        answer = self.caller.post("/traces", _trace_body(gun))
        assert answer["status"] == "answered", answer["status"]
        return answer


def run(
    app: Flask, trade: TradeData, owner_url: str, rounds: int, each: int, path: Path
) -> list[harness.Figure]:
    """Trace guns with complete chains and write the figures."""
    guns = list(trade.traced)
    random.Random(5).shuffle(guns)
    asking = Tracer(make_client(app, ASKING_STATE, "trace_analyst", "police"), cycle(guns))
    _check_chains(asking)
    _warm_up(asking, owner_url)
    capture = partial(_capture_trace, asking)
    ways: dict[str, harness.Prepared] = {
        "bare SELECTs and INSERTs": lambda: _bare_operation(capture()),
        "bare SELECTs": lambda: partial(_run_selects, capture()),
        "POST /traces": lambda: asking.trace,
        "SELECT 1": lambda: select_one,
    }
    figures = harness.measure_prepared(ways, database_pids, rounds, each)
    about = f"{trade.records:,} records, {len(guns):,} guns with their whole way"
    harness.write_figures(f"Trace that is answered at once, {about}", figures, path)
    print(_statement_counts(capture()))
    return figures


def _check_chains(asking: Tracer) -> None:
    """Trace one gun of each route and check its chain."""
    routes: set[tuple[str, ...]] = set()
    while len(routes) < 2:
        gun, way = next(asking.guns)
        if way not in routes:
            routes.add(way)
            trace = asking.caller.post("/traces", _trace_body(gun))
            result = asking.caller.get(f"/traces/{trace['id']}/result")
            events = [event["event"] for event in result["chain"]]
            moves = ["export", "import"] * (1 if "ARG" in way else 2)
            assert events == ["manufacture", *moves, "domestic_sale", "domestic_sale"], events


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


def _run_selects(captured_trace: tuple[Gun, replayed_statements.CapturedStatements]) -> None:
    with replayed_statements.open_cursor() as cursor:
        _search_and_read(cursor, *captured_trace)


def _search_and_read(
    cursor: Any, gun: Gun, captured: replayed_statements.CapturedStatements
) -> None:
    """Run the search statement and read each state's records."""
    replayed_statements.execute_statements(cursor, captured.searches[:1])
    by_state: dict[str, set[str]] = {}
    for record_id, state, norm, *_ in cursor.fetchall():
        if norm == keys.normalise(gun.serial):
            by_state.setdefault(state, set()).add(str(record_id))
    assert by_state
    for state, ids in by_state.items():
        cursor.execute(f"SET LOCAL salsa.state = '{state}'")
        _read_records(cursor, ids)


def _read_records(cursor: Any, record_ids: Collection[str]) -> None:
    ids = list(record_ids)
    cursor.execute(RECORDS, (ids,))
    columns = [column.name for column in cursor.description]
    rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    assert len(rows) == len(ids)
    cursor.execute(MARKS, (ids,))
    cursor.fetchall()
    parties = [row[name] for row in rows for name in ("giver_id", "receiver_id") if row[name]]
    cursor.execute(PARTIES, (parties,))
    cursor.fetchall()
    for kind in {row["document_kind"] for row in rows}:
        documents = [row["document_id"] for row in rows if row["document_kind"] == kind]
        cursor.execute(DOCUMENTS[kind], (documents,))
        cursor.fetchall()


def _capture_trace(asking: Tracer) -> tuple[Gun, replayed_statements.CapturedStatements]:
    """Return the next gun and the statements of its trace, rolled back."""
    gun, _ = next(asking.guns)
    with replayed_statements.capture_statements(ASKING_STATE) as captured:
        asking.caller.post("/traces", _trace_body(gun))
    return gun, captured


def _bare_operation(
    captured_trace: tuple[Gun, replayed_statements.CapturedStatements],
) -> harness.Operation:
    gun, captured = captured_trace
    inserts, others = captured.inserts(), captured.others()

    def bare() -> None:
        with replayed_statements.open_cursor() as cursor:
            _search_and_read(cursor, gun, captured)
            replayed_statements.execute_statements(cursor, inserts)

    return harness.Operation(bare, lambda: replayed_statements.run_statements(others))


def _statement_counts(captured_trace: tuple[Gun, replayed_statements.CapturedStatements]) -> str:
    _, captured = captured_trace
    return (
        f"a trace asks {len(captured.asked)} statements, of which {len(captured.writes)} write;"
        f" barely {len(captured.inserts())} INSERTs hold its rows"
    )
